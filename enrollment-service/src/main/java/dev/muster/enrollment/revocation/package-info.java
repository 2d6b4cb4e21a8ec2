/** Takes certificates back, and tells the world: CRLs over HTTP and over MQTT. */
@NullMarked
package dev.muster.enrollment.revocation;

import org.jspecify.annotations.NullMarked;
