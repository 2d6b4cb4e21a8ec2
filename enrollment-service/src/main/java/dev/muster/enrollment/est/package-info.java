/** EST over HTTPS (RFC 7030, RFC 8951, RFC 9908). */
@NullMarked
package dev.muster.enrollment.est;

import org.jspecify.annotations.NullMarked;
