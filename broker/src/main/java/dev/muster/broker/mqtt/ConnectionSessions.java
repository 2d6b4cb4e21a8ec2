/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.client.parameter.ConnectionInformation;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Sessions;
import java.net.InetAddress;
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

  static String address(ConnectionInformation connection) {
    return connection.getInetAddress().map(InetAddress::getHostAddress).orElse("unknown");
  }
}
