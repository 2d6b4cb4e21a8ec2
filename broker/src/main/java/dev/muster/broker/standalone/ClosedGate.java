/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.packets.connect.ConnackReasonCode;

/** Asks everybody to come back later: it is not their certificate that is wrong. */
final class ClosedGate implements SimpleAuthenticator {
  @Override
  public void onConnect(SimpleAuthInput input, SimpleAuthOutput output) {
    output.failAuthentication(ConnackReasonCode.SERVER_UNAVAILABLE, "not ready: try again later");
  }
}
