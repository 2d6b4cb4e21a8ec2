/**
 * Gives devices their operational identity: registrar, certificate authority, EST, CRLs, registry.
 */
@NullMarked
package dev.muster.enrollment;

import org.jspecify.annotations.NullMarked;
