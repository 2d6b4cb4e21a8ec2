/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What has to hold at the end of a run, besides that nothing acknowledged is lost. What is null is
 * not looked at.
 *
 * @param undisturbedP99 in each phase that does something to devices or server, the p99 of the
 *     devices left alone, by that of the steady phase before
 * @param longestGap for which a device may be offline, or its message wait
 * @param backOnline after a reconnect storm 99 % are back in so many times the number of devices by
 *     the best rate at which they came online before
 * @param offlineAtEnd devices that are not online when the last phase ends
 * @param heapGrowth of the server after a collection, in MB (10^6 bytes)
 * @param threadGrowth of the server
 * @param fileGrowth of the files and connections that the server has open
 * @param storeGrowth bytes for each message, by those in the phases before
 * @param undone of what the phases were to do to devices or server, so often it was not done
 */
public record Expectations(
    @Nullable Double undisturbedP99,
    @Nullable Duration longestGap,
    @Nullable Double backOnline,
    @Nullable Double offlineAtEnd,
    @Nullable Double heapGrowth,
    @Nullable Double threadGrowth,
    @Nullable Double fileGrowth,
    @Nullable Double storeGrowth,
    @Nullable Double undone) {
  public static final Expectations NONE =
      new Expectations(null, null, null, null, null, null, null, null, null);

  /** Whether the server's process has to be measured, which makes it collect its garbage. */
  public boolean ofTheServer() {
    return heapGrowth != null || threadGrowth != null || fileGrowth != null || storeGrowth != null;
  }
}
