/** What an IDevID says, table by table. */
@NullMarked
package dev.muster.enrollment.idevid;

import org.jspecify.annotations.NullMarked;
