/**
 * The certificate authorities of one installation, their files, and the credentials of its
 * services.
 */
@NullMarked
package dev.muster.enrollment.authority;

import org.jspecify.annotations.NullMarked;
