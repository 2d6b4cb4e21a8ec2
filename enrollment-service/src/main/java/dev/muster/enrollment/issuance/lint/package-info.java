/**
 * Checks what a CA is about to sign, from outside: knows the texts and our profiles, and nothing of
 * how certificates and CRLs are made here.
 */
@NullMarked
package dev.muster.enrollment.issuance.lint;

import org.jspecify.annotations.NullMarked;
