/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.client.parameter.ConnectionInformation;
import com.hivemq.extension.sdk.api.interceptor.connect.ConnectInboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.connect.parameter.ConnectInboundInput;
import com.hivemq.extension.sdk.api.interceptor.connect.parameter.ConnectInboundOutput;
import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.session.ClientSession;

/**
 * Gives each principal client ids of its own. HiveMQ keeps sessions, queues and take-overs by the
 * client id alone; so a client is known to it as principal and id together, and whoever comes with
 * the id of another one neither gets the other's messages nor throws it out.
 *
 * <p>Called by HiveMQ before {@link ConnectGate}, which lets nobody in under any other name; does
 * not block.
 */
final class ClientIdScope implements ConnectInboundInterceptor {
  private static final String ATTRIBUTE = "muster-client-id";

  private final CertificateAuthenticator authenticator;

  ClientIdScope(CertificateAuthenticator authenticator) {
    this.authenticator = authenticator;
  }

  @Override
  public void onConnect(ConnectInboundInput input, ConnectInboundOutput output) {
    String clientId = input.getConnectPacket().getClientId();
    ConnectionInformation connection = input.getConnectionInformation();
    // What is not renamed here has no subject or no usable id, and is refused at the gate.
    if (CertificateAuthenticator.isClientId(clientId)) {
      authenticator
          .subjectOf(ConnectionSessions.chainOf(connection))
          .ifPresent(subject -> rename(connection, subject, clientId, output));
    }
  }

  private static void rename(
      ConnectionInformation connection,
      ClientSubject subject,
      String clientId,
      ConnectInboundOutput output) {
    connection.getConnectionAttributeStore().putAsString(ATTRIBUTE, clientId);
    output.getConnectPacket().setClientId(ClientSession.brokerClientId(subject, clientId));
  }

  /** The session knows it from now on. */
  static void forget(ConnectionInformation connection) {
    connection.getConnectionAttributeStore().remove(ATTRIBUTE);
  }

  /** The client id as the client sent it. @param now the one that HiveMQ knows */
  static String sentBy(ConnectionInformation connection, String now) {
    return connection.getConnectionAttributeStore().getAsString(ATTRIBUTE).orElse(now);
  }
}
