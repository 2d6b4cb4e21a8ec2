/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.client.parameter.ClientTlsInformation;
import com.hivemq.extension.sdk.api.client.parameter.ConnectionInformation;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/** Finds our session of a HiveMQ connection, by a number that the connection carries. */
final class ConnectionSessions {
  private static final String ATTRIBUTE = "muster-session";

  private ConnectionSessions() {}

  static void attach(ConnectionInformation connection, ClientSession session) {
    connection.getConnectionAttributeStore().putAsString(ATTRIBUTE, Long.toString(session.id()));
  }

  /** Empty for a connection that was not let in by us: such a one may do nothing. */
  static Optional<ClientSession> find(ConnectionInformation connection, Sessions sessions) {
    return connection
        .getConnectionAttributeStore()
        .getAsString(ATTRIBUTE)
        .flatMap(id -> sessions.find(Long.parseLong(id)));
  }

  /** The certificates that the TLS peer sent, leaf first; empty: none. */
  static List<X509Certificate> chainOf(ConnectionInformation connection) {
    return connection
        .getClientTlsInformation()
        .flatMap(ClientTlsInformation::getClientCertificateChain)
        .map(List::of)
        .orElse(List.of());
  }

  static ClientSession.Tls tls(ConnectionInformation connection) {
    return connection
        .getClientTlsInformation()
        .map(tls -> new ClientSession.Tls(tls.getProtocol(), tls.getCipherSuite()))
        .orElse(new ClientSession.Tls("none", "none"));
  }

  static String address(ConnectionInformation connection) {
    return connection.getInetAddress().map(InetAddress::getHostAddress).orElse("unknown");
  }
}
