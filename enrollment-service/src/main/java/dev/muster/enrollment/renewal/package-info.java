/** Tells devices when to renew (draft-ietf-lamps-est-renewal-info). */
@NullMarked
package dev.muster.enrollment.renewal;

import org.jspecify.annotations.NullMarked;
