/**
 * Where a request meets the registry: who is asking, what is decided, what is recorded before it
 * leaves.
 */
@NullMarked
package dev.muster.enrollment.desk;

import org.jspecify.annotations.NullMarked;
