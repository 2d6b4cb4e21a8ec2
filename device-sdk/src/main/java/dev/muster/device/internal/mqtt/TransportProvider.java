/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

/**
 * Another way to the broker, from a library that firmware adds if it wants it; found with
 * {@link java.util.ServiceLoader}. Whatever it speaks, here it speaks of topics, windows and reason
 * codes.
 */
public interface TransportProvider {
  /** Of the broker's address: in lower case, without the colon. */
  String scheme();

  /** Connects to nothing yet. */
  MqttTransport open();
}
