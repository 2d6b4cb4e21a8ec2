/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

/** What a device speaks. */
public enum MqttRelease {
  /** No properties: a stored message cannot be told from another one. */
  V3_1_1("3.1.1"),
  V5("5");

  private final String name;

  MqttRelease(String name) {
    this.name = name;
  }

  /** As it is written on the command line. */
  @Override
  public String toString() {
    return name;
  }
}
