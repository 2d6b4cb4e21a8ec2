/** What manufacturers say after their devices have left: CRLs, handed in or fetched. */
@NullMarked
package dev.muster.enrollment.manufacturer;

import org.jspecify.annotations.NullMarked;
