/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

/**
 * What one channel of a sensor says.
 *
 * @param channel names it, the same over restarts of the machine: {@code iio.bmp280.temp}
 * @param unit of SenML (RFC 8428, 12.1): SI, but degrees Celsius
 * @param value meaningful unless it has failed; zero then
 */
public record Reading(String channel, String unit, double value, Quality quality) {
  /** What a value is worth. */
  public enum Quality {
    GOOD,
    /**
     * The driver says that the sensor is faulty, or the value is one that sensors give when they
     * are.
     */
    SUSPECT,
    /** It arrived damaged: a checksum did not fit. */
    DAMAGED,
    /** There is none: the sensor is gone, or does not answer. */
    FAILED
  }

  /** Whether there is a value that may be used. */
  public boolean hasValue() {
    return quality == Quality.GOOD || quality == Quality.SUSPECT;
  }
}
