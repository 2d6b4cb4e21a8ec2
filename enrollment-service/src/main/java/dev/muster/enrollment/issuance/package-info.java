/** Puts decided contents under a signature: certificates and CRLs. */
@NullMarked
package dev.muster.enrollment.issuance;

import org.jspecify.annotations.NullMarked;
