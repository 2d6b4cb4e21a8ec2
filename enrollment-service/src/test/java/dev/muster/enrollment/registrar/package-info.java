@NullMarked
package dev.muster.enrollment.registrar;

import org.jspecify.annotations.NullMarked;
