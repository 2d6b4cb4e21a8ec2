@NullMarked
package dev.muster.enrollment.csr;

import org.jspecify.annotations.NullMarked;
