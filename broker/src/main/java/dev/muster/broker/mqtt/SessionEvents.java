/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.events.client.ClientLifecycleEventListener;
import com.hivemq.extension.sdk.api.events.client.parameters.AuthenticationSuccessfulInput;
import com.hivemq.extension.sdk.api.events.client.parameters.ClientInitiatedDisconnectInput;
import com.hivemq.extension.sdk.api.events.client.parameters.ConnectionLostInput;
import com.hivemq.extension.sdk.api.events.client.parameters.ConnectionStartInput;
import com.hivemq.extension.sdk.api.events.client.parameters.DisconnectEventInput;
import com.hivemq.extension.sdk.api.events.client.parameters.ServerInitiatedDisconnectInput;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.PolicyFollower;
import dev.muster.broker.session.SessionListener;
import dev.muster.broker.session.Sessions;
import java.util.List;
import java.util.Locale;

/** Keeps our sessions in step with HiveMQ's connections. Called by HiveMQ; does not block. */
final class SessionEvents implements ClientLifecycleEventListener {
  private final Sessions sessions;
  private final SessionCheck check;
  private final Disconnector disconnector;
  private final PolicyFollower policy;
  private final HiveMqSubscriptions subscriptions;
  private final List<SessionListener> listeners;

  SessionEvents(
      Sessions sessions,
      SessionCheck check,
      Disconnector disconnector,
      PolicyFollower policy,
      HiveMqSubscriptions subscriptions,
      List<SessionListener> listeners) {
    this.sessions = sessions;
    this.check = check;
    this.disconnector = disconnector;
    this.policy = policy;
    this.subscriptions = subscriptions;
    this.listeners = List.copyOf(listeners);
  }

  @Override
  public void onMqttConnectionStart(ConnectionStartInput input) {
    // The authenticator opens the session.
  }

  @Override
  public void onAuthenticationSuccessful(AuthenticationSuccessfulInput input) {
    ConnectionSessions.find(input.getConnectionInformation(), sessions).ifPresent(session -> {
      sessions.markLive(session);
      listeners.forEach(listener -> listener.live(session));
      cutIfOver(session);
      policy.bringUpToDate(session);
      subscriptions.restore(session);
    });
  }

  /** A client can be sent what there is for it. */
  void listening(ClientSession session) {
    listeners.forEach(listener -> listener.listening(session));
  }

  /** A CRL may have come between the authentication and now, when the session could not be cut. */
  private void cutIfOver(ClientSession session) {
    SessionCheck.Verdict verdict = check.check(session);
    if (verdict != SessionCheck.Verdict.GOOD) {
      disconnector.disconnect(session, verdict.reason(), verdict.text());
    }
  }

  @Override
  public void onDisconnect(DisconnectEventInput input) {
    ended(input, "connection ended" + codeOf(input));
  }

  @Override
  public void onClientInitiatedDisconnect(ClientInitiatedDisconnectInput input) {
    ended(input, "closed by the client" + codeOf(input));
  }

  @Override
  public void onConnectionLost(ConnectionLostInput input) {
    ended(input, "connection lost");
  }

  @Override
  public void onServerInitiatedDisconnect(ServerInitiatedDisconnectInput input) {
    // Our own words; those of a client go nowhere.
    String detail = input.getReasonString().map(text -> ", " + text).orElse("");
    ended(input, "closed by the broker" + codeOf(input) + detail);
  }

  private static String codeOf(DisconnectEventInput input) {
    return input
        .getReasonCode()
        .map(code -> ": " + code.name().toLowerCase(Locale.ROOT).replace('_', ' '))
        .orElse("");
  }

  private void ended(DisconnectEventInput input, String reason) {
    ConnectionSessions.find(input.getConnectionInformation(), sessions).ifPresent(session -> {
      sessions.close(session);
      listeners.forEach(listener -> listener.ended(session, reason));
    });
  }
}
