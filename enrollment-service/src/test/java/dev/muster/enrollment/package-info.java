@NullMarked
package dev.muster.enrollment;

import org.jspecify.annotations.NullMarked;
