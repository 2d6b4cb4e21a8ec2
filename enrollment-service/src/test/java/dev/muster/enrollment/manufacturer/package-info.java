@NullMarked
package dev.muster.enrollment.manufacturer;

import org.jspecify.annotations.NullMarked;
