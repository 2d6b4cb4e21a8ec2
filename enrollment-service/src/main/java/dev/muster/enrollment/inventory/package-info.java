/** The registry: manufacturers, devices and certificates, in a database of our own. */
@NullMarked
package dev.muster.enrollment.inventory;

import org.jspecify.annotations.NullMarked;
