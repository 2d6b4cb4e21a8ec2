/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.client.parameter.ConnectionInformation;
import com.hivemq.extension.sdk.api.packets.connect.ConnackReasonCode;
import com.hivemq.extension.sdk.api.packets.connect.ConnectPacket;
import com.hivemq.extension.sdk.api.packets.general.MqttVersion;
import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authn.CertificateAuthenticator.Refusal;
import dev.muster.broker.authz.ClientLimits;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.CloneWatch;
import dev.muster.broker.session.Sessions;
import dev.muster.protocol.identity.Quoted;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets clients in. Called by HiveMQ, one CONNECT of a client id at a time; does not block, since
 * whoever claims a client id queues up before its owner.
 */
final class ConnectGate implements SimpleAuthenticator {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectGate.class);

  private final CertificateAuthenticator authenticator;
  private final Sessions sessions;
  private final CloneWatch clones;
  private final BrokerMeters meters;
  private final RefusalNotes refusals;
  private final Clock clock;

  ConnectGate(
      CertificateAuthenticator authenticator,
      Sessions sessions,
      CloneWatch clones,
      BrokerMeters meters,
      RefusalNotes refusals,
      Clock clock) {
    this.authenticator = authenticator;
    this.sessions = sessions;
    this.clones = clones;
    this.meters = meters;
    this.refusals = refusals;
    this.clock = clock;
  }

  @Override
  public void onConnect(SimpleAuthInput input, SimpleAuthOutput output) {
    try {
      decide(input, output);
    } catch (RuntimeException e) {
      LOG.error("Connect failed client={}", Quoted.of(input.getConnectPacket().getClientId()), e);
      output.failAuthentication(ConnackReasonCode.SERVER_UNAVAILABLE, "internal error");
    }
  }

  private void decide(SimpleAuthInput input, SimpleAuthOutput output) {
    ConnectPacket connect = input.getConnectPacket();
    ConnectionInformation connection = input.getConnectionInformation();
    boolean mqtt5 = connect.getMqttVersion() == MqttVersion.V_5;
    List<X509Certificate> chain = ConnectionSessions.chainOf(connection);
    String clientId = ClientIdScope.sentBy(connection, connect.getClientId());
    CertificateAuthenticator.Connect asked =
        new CertificateAuthenticator.Connect(chain, clientId, mqtt5, connect.getKeepAlive());
    Outcome outcome = authenticator.authenticate(asked);
    if (outcome instanceof Outcome.Admitted admitted) {
      admit(input, output, admitted, asked);
    } else if (outcome instanceof Outcome.Refused refused) {
      refuse(input, output, refused);
    } else {
      throw new IllegalStateException("outcome " + outcome);
    }
  }

  private void admit(
      SimpleAuthInput input,
      SimpleAuthOutput output,
      Outcome.Admitted admitted,
      CertificateAuthenticator.Connect asked) {
    ConnectPacket connect = input.getConnectPacket();
    String clientId = asked.clientId();
    ConnectionInformation connection = input.getConnectionInformation();
    String name = ClientSession.brokerClientId(admitted.subject(), clientId);
    if (!connect.getClientId().equals(name)) {
      // Under any other name it would get the session of somebody else.
      LOG.error("Client not known by its principal client={}", Quoted.of(clientId));
      refuse(input, output, new Outcome.Refused(Refusal.UNAVAILABLE, "internal error"));
      return;
    }
    warnOfNamesake(clientId, admitted.subject());
    ClientSession.Credential credential = new ClientSession.Credential(
        admitted.subject(),
        admitted.authority(),
        admitted.certificate().getSerialNumber(),
        admitted.certificate().getNotAfter().toInstant());
    warnOfClone(name, credential, ConnectionSessions.address(connection));
    ClientLimits limits = admitted.policy().limits();
    if (sessions.othersOf(credential, name).size() >= limits.sessions()) {
      refuse(input, output, tooMany(limits));
      return;
    }
    ClientSession session = sessions.open(
        credential,
        new ClientSession.Connection(
            // A device's id is its name: one text for both.
            clientId.equals(admitted.subject().commonName())
                ? admitted.subject().commonName()
                : clientId,
            ConnectionSessions.address(connection),
            asked.mqtt5(),
            authenticator.keepAliveSeconds(asked),
            ConnectionSessions.tls(connection),
            clock.instant().truncatedTo(ChronoUnit.MICROS)),
        admitted.policy());
    ConnectionSessions.attach(connection, session);
    ClientIdScope.forget(connection);
    output
        .getClientSettings()
        .setClientReceiveMaximum(Math.min(connect.getReceiveMaximum(), limits.inFlight()));
    output.authenticateSuccessfully();
  }

  /** Both stay, each with a session of its own; but a name that two share is rarely meant so. */
  private void warnOfNamesake(String clientId, ClientSubject subject) {
    if (subject.isDevice()) {
      return;
    }
    sessions
        .liveOf(clientId)
        .filter(other -> !other.subject().equals(subject))
        .ifPresent(other -> LOG.warn(
            "Client id in use by another principal client={} subject={} other={} otherIssuer={}",
            clientId,
            subject,
            other.subject(),
            other.subject().issuer()));
  }

  /** Both machines stay in the dark: throwing out either might hit the rightful one. */
  private void warnOfClone(String name, ClientSession.Credential certificate, String address) {
    Optional<ClientSession> before = sessions.liveAs(name);
    before.ifPresent(live -> meters.takeOver());
    before
        .flatMap(
            live -> clones.tookOver(live.credential(), live.connection(), certificate, address))
        .ifPresent(alarm -> meters.cloneAlarm());
  }

  private static Outcome.Refused tooMany(ClientLimits limits) {
    return new Outcome.Refused(
        Refusal.QUOTA_EXCEEDED,
        "sessions with one certificate: " + limits.sessions()
            + " are connected (expected: no more than these)");
  }

  private void refuse(SimpleAuthInput input, SimpleAuthOutput output, Outcome.Refused refused) {
    ConnectionInformation connection = input.getConnectionInformation();
    meters.refused("connect", refused.refusal().name());
    authenticator
        .subjectOf(ConnectionSessions.chainOf(connection))
        .ifPresent(
            subject -> refusals.connect(subject, refused.refusal().name(), refused.detail()));
    X509Certificate leaf =
        ConnectionSessions.chainOf(connection).stream().findFirst().orElse(null);
    LOG.warn(
        "Connect refused client={} address={} subject={} serial={} reason={} detail={}",
        Quoted.of(ClientIdScope.sentBy(connection, input.getConnectPacket().getClientId())),
        ConnectionSessions.address(connection),
        leaf == null ? "none" : Quoted.of(leaf.getSubjectX500Principal().getName()),
        leaf == null ? "none" : leaf.getSerialNumber().toString(16),
        refused.refusal(),
        refused.detail());
    output.failAuthentication(code(refused.refusal()), refused.detail());
  }

  private static ConnackReasonCode code(Refusal refusal) {
    return switch (refusal) {
      case NOT_AUTHORIZED -> ConnackReasonCode.NOT_AUTHORIZED;
      case CLIENT_ID_NOT_VALID -> ConnackReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
      case QUOTA_EXCEEDED -> ConnackReasonCode.QUOTA_EXCEEDED;
      case UNAVAILABLE -> ConnackReasonCode.SERVER_UNAVAILABLE;
    };
  }
}
