/** The part of the operator API that belongs to identities. */
@NullMarked
package dev.muster.enrollment.operator;

import org.jspecify.annotations.NullMarked;
