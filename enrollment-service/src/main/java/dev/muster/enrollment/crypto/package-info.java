/** Which implementation does the cryptography: Conscrypt where it runs, else what the JDK has. */
@NullMarked
package dev.muster.enrollment.crypto;

import org.jspecify.annotations.NullMarked;
