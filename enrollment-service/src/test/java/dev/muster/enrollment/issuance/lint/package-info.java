@NullMarked
package dev.muster.enrollment.issuance.lint;

import org.jspecify.annotations.NullMarked;
