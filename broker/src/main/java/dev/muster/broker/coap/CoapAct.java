/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

/**
 * What a request asks for: read, and not yet done.
 *
 * @param topic where the same is said over MQTT
 * @param says whether the device says something there; or else it wants to be told
 */
record CoapAct(String topic, boolean says, Doing doing) {
  /** Does it. */
  interface Doing {
    /** Returns at once. @param reply takes one response, on any thread */
    void begin(Reply reply);
  }
}
