/**
 * The least that lies between a table's class and JDBC: parameters by name, and statements that are
 * kept.
 */
@NullMarked
package dev.muster.enrollment.sql;

import org.jspecify.annotations.NullMarked;
