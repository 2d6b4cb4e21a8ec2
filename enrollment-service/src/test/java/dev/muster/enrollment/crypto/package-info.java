@NullMarked
package dev.muster.enrollment.crypto;

import org.jspecify.annotations.NullMarked;
