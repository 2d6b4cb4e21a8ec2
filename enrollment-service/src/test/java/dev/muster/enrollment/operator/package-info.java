@NullMarked
package dev.muster.enrollment.operator;

import org.jspecify.annotations.NullMarked;
