/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import java.util.function.Consumer;
import org.eclipse.californium.core.coap.Response;

/**
 * What a request asks for: read, and not yet done.
 *
 * @param topic where the same is said over MQTT
 * @param says whether the device says something there, which the policy is asked about first; what
 *     it wants to be told, it is asked about when that is known
 */
record CoapAct(String topic, boolean says, Doing doing) {
  /** Does it. */
  interface Doing {
    /**
     * Returns at once.
     *
     * @param payload the body, whole
     * @param answer takes one response, on any thread
     */
    void begin(byte[] payload, Consumer<Response> answer);
  }
}
