@NullMarked
package dev.muster.enrollment.issuance;

import org.jspecify.annotations.NullMarked;
