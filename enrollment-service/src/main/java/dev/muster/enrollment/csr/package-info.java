/** Certification requests of strangers: what is read from them, and what is refused. */
@NullMarked
package dev.muster.enrollment.csr;

import org.jspecify.annotations.NullMarked;
