/** What makes an IDevID (IEEE 802.1AR) a device's, and a CA its manufacturer's. Pure. */
@NullMarked
package dev.muster.enrollment.idevid;

import org.jspecify.annotations.NullMarked;
