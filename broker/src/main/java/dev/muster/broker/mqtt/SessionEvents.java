/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.events.client.ClientLifecycleEventListener;
import com.hivemq.extension.sdk.api.events.client.parameters.AuthenticationSuccessfulInput;
import com.hivemq.extension.sdk.api.events.client.parameters.ConnectionStartInput;
import com.hivemq.extension.sdk.api.events.client.parameters.DisconnectEventInput;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.Sessions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps our sessions in step with HiveMQ's connections. Called by HiveMQ; does not block. */
final class SessionEvents implements ClientLifecycleEventListener {
  private static final Logger LOG = LoggerFactory.getLogger(SessionEvents.class);

  private final Sessions sessions;
  private final SessionCheck check;
  private final Disconnector disconnector;

  SessionEvents(Sessions sessions, SessionCheck check, Disconnector disconnector) {
    this.sessions = sessions;
    this.check = check;
    this.disconnector = disconnector;
  }

  @Override
  public void onMqttConnectionStart(ConnectionStartInput input) {
    // The authenticator opens the session.
  }

  @Override
  public void onAuthenticationSuccessful(AuthenticationSuccessfulInput input) {
    ConnectionSessions.find(input.getConnectionInformation(), sessions).ifPresent(session -> {
      sessions.markLive(session);
      LOG.info(
          "Client connected client={} subject={} serial={} address={} roles={}",
          session.clientId(),
          session.subject(),
          session.credential().serialText(),
          session.connection().address(),
          session.policy().roles());
      cutIfOver(session);
    });
  }

  /** A CRL may have come between the authentication and now, when the session could not be cut. */
  private void cutIfOver(ClientSession session) {
    SessionCheck.Verdict verdict = check.check(session);
    if (verdict.isFinal()) {
      disconnector.disconnect(session, Disconnector.Reason.NOT_AUTHORIZED, verdict.text());
    }
  }

  @Override
  public void onDisconnect(DisconnectEventInput input) {
    ConnectionSessions.find(input.getConnectionInformation(), sessions).ifPresent(session -> {
      sessions.close(session);
      LOG.info(
          "Client disconnected client={} subject={} reason={}",
          session.clientId(),
          session.subject(),
          input.getReasonCode().map(Enum::name).orElse("none"));
    });
  }
}
