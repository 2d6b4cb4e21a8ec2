@NullMarked
package dev.muster.enrollment.desk;

import org.jspecify.annotations.NullMarked;
