@NullMarked
package dev.muster.enrollment.authority;

import org.jspecify.annotations.NullMarked;
