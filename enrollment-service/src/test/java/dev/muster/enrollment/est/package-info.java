@NullMarked
package dev.muster.enrollment.est;

import org.jspecify.annotations.NullMarked;
