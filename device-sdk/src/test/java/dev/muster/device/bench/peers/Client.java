/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import java.nio.charset.StandardCharsets;

/** A client of MQTT as a program uses it: over mutual TLS, with QoS 1. */
interface Client {
  int PAYLOAD_BYTES = 200;

  /** Returns when the CONNACK is here. */
  void connect() throws Exception;

  /**
   * Sends a message of {@link #PAYLOAD_BYTES}; {@code acknowledged} runs when its PUBACK is here.
   */
  void publish(Runnable acknowledged) throws Exception;

  /** What the clients that know bytes only send. */
  static byte[] payload() {
    return "x".repeat(PAYLOAD_BYTES).getBytes(StandardCharsets.US_ASCII);
  }
}
