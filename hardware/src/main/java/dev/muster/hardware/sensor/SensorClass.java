/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import dev.muster.hardware.sensor.Reading.Quality;
import java.util.List;
import java.util.function.Supplier;

/** One kind of drivers: finds the channels that are there now. */
interface SensorClass {
  List<Channel> discover();

  /**
   * One value of one sensor.
   *
   * @param driver what is asked: where one channel gets no answer, another of the same gets none
   * @param unit as in {@link Reading}
   * @param read blocks for as long as the driver takes; never throws
   */
  record Channel(String driver, String name, String unit, Supplier<Reading> read) {
    /** What is told in place of a value that did not come. */
    Reading failed() {
      return new Reading(name, unit, 0, Quality.FAILED);
    }
  }
}
