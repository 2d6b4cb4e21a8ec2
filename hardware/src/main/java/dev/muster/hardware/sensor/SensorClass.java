/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import java.util.List;

/** One kind of drivers: finds the channels that are there now. */
interface SensorClass {
  List<Channel> discover();

  /** One value of one sensor. */
  interface Channel {
    /** Blocks for as long as the driver takes; never throws. */
    Reading read();
  }
}
