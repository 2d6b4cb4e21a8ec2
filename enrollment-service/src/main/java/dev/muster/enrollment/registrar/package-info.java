/** Decides who gets a certificate. Pure: values in, values out. */
@NullMarked
package dev.muster.enrollment.registrar;

import org.jspecify.annotations.NullMarked;
