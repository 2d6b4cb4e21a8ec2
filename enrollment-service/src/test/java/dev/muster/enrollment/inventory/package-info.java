@NullMarked
package dev.muster.enrollment.inventory;

import org.jspecify.annotations.NullMarked;
