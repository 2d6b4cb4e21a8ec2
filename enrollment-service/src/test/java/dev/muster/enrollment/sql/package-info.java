@NullMarked
package dev.muster.enrollment.sql;

import org.jspecify.annotations.NullMarked;
