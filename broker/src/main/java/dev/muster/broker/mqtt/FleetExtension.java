/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.client.ClientContext;
import com.hivemq.extension.sdk.api.client.parameter.InitializerInput;
import com.hivemq.extension.sdk.api.client.parameter.Listener;
import com.hivemq.extension.sdk.api.interceptor.connack.parameter.ConnackOutboundInput;
import com.hivemq.extension.sdk.api.interceptor.connack.parameter.ConnackOutboundOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import com.hivemq.extension.sdk.api.services.admin.AdminService;
import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.revocation.Revocations;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.CloneWatch;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.PolicyFollower;
import dev.muster.broker.session.PublishRates;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.session.SessionListener;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.session.Subscriptions;
import dev.muster.broker.telemetry.TelemetrySink;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The extension that HiveMQ starts: it denies everything that it does not allow. */
public final class FleetExtension implements ExtensionMain {
  private static final Logger LOG = LoggerFactory.getLogger(FleetExtension.class);

  /** What the extension asks. */
  public record Parts(
      CertificateAuthenticator authenticator,
      RevocationView revocationView,
      Revocations revocations,
      Sessions sessions,
      CloneWatch clones,
      List<SessionListener> watching,
      PolicyFollower policy,
      Refusals refusals,
      PublishRates rates,
      TelemetrySink sink,
      StateIntake.Parts state,
      Later later,
      String brokerName) {}

  /** A way to disconnect that can be made before the extension runs. */
  public static Disconnector newDisconnector() {
    return new HiveMqDisconnector();
  }

  /** A way to publish that can be made before the extension runs. */
  public static DevicePublisher newPublisher() {
    return new HiveMqPublisher();
  }

  /** Likewise, a way to take subscriptions away. */
  public static Subscriptions newSubscriptions() {
    return new HiveMqSubscriptions();
  }

  private final ClientIdScope scope;
  private final ConnectGate gate;
  private final SubjectAuthorizer authorizer;
  private final SessionEvents events;
  private final InboundPublishes.Shared inbound;
  private final OutboundPublishes.Shared outbound;
  private final Subscribing.Shared subscribing;
  private final CrlIntake crls;
  private final Sessions sessions;
  private final HiveMqDisconnector disconnector;
  private final HiveMqPublisher publisher;
  private final RefusalNotes refusals;
  private final HiveMqSubscriptions subscriptions;
  private volatile @Nullable AdminService admin;

  /**
   * @param disconnector of {@link #newDisconnector}
   * @param subscriptions of {@link #newSubscriptions}
   */
  public FleetExtension(
      Parts parts,
      Disconnector disconnector,
      Subscriptions subscriptions,
      Clock clock,
      MeterRegistry registry) {
    this.sessions = parts.sessions();
    this.disconnector = (HiveMqDisconnector) disconnector;
    StateIntake.Parts state = parts.state();
    this.publisher = (HiveMqPublisher) state.publisher();
    this.subscriptions = (HiveMqSubscriptions) subscriptions;
    BrokerMeters meters = new BrokerMeters(registry, sessions);
    this.refusals = new RefusalNotes(meters, parts.refusals());
    SessionCheck check = new SessionCheck(parts.revocationView(), clock);
    this.scope = new ClientIdScope(parts.authenticator());
    this.gate =
        new ConnectGate(parts.authenticator(), sessions, parts.clones(), meters, refusals, clock);
    this.authorizer = new SubjectAuthorizer(sessions, check, refusals);
    List<SessionListener> listeners = new ArrayList<>(state.listeners());
    listeners.addAll(parts.watching());
    this.events = new SessionEvents(
        sessions, check, disconnector, parts.policy(), this.subscriptions, listeners);
    this.crls = new CrlIntake(parts.revocations(), parts.brokerName(), refusals);
    TelemetryIngest telemetry = new TelemetryIngest(parts.sink(), meters, refusals, clock);
    this.inbound = new InboundPublishes.Shared(
        check,
        telemetry,
        new StateIntake(state, meters, refusals),
        crls,
        parts.rates(),
        parts.later(),
        clock,
        disconnector,
        meters,
        refusals);
    this.outbound = new OutboundPublishes.Shared(check, state.commands(), disconnector, refusals);
    this.subscribing = new Subscribing.Shared(
        events,
        state,
        new PublishRates(System::nanoTime),
        parts.later(),
        disconnector,
        meters,
        refusals);
  }

  @Override
  public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
    // The services are statics that the last extension started in a JVM owns: take them now.
    disconnector.use(Services.clientService());
    subscriptions.use(Services.subscriptionStore());
    crls.use(Services.publishService());
    publisher.use(Services.publishService());
    Services.interceptorRegistry().setConnectInboundInterceptorProvider(provided -> scope);
    Services.securityRegistry().setAuthenticatorProvider(provided -> gate);
    Services.securityRegistry().setAuthorizerProvider(provided -> authorizer);
    Services.initializerRegistry().setClientInitializer(this::initialize);
    Services.eventRegistry().setClientLifecycleEventListener(provided -> events);
    Services.interceptorRegistry()
        .setConnackOutboundInterceptorProvider(provided -> this::acknowledged);
    admin = Services.adminService();
  }

  private void initialize(InitializerInput input, ClientContext context) {
    Optional<ClientSession> session =
        ConnectionSessions.find(input.getConnectionInformation(), sessions);
    if (session.isPresent()) {
      context.addPublishInboundInterceptor(new InboundPublishes(session.get(), inbound));
      context.addPublishOutboundInterceptor(new OutboundPublishes(session.get(), outbound));
      Subscribing subscribing = new Subscribing(session.get(), this.subscribing);
      context.addSubscribeInboundInterceptor(subscribing);
      context.addSubackOutboundInterceptor(subscribing);
      context.addUnsubscribeInboundInterceptor(subscribing);
    } else {
      // The authorizer denies such a client everything.
      LOG.error(
          "Client without a session client={}", input.getClientInformation().getClientId());
    }
  }

  /** Whoever comes back to its session has subscribed already, and may not do so again. */
  private void acknowledged(ConnackOutboundInput input, ConnackOutboundOutput output) {
    if (input.getConnackPacket().getSessionPresent()) {
      ConnectionSessions.find(input.getConnectionInformation(), sessions)
          .ifPresent(events::listening);
    }
  }

  @Override
  public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {
    admin = null;
  }

  /** Whether HiveMQ has started the extension to the end. */
  public boolean isRunning() {
    return admin != null;
  }

  /** The listeners that HiveMQ has; empty before the start. */
  public List<Listener> listeners() {
    AdminService current = admin;
    return current == null
        ? List.of()
        : List.copyOf(current.getServerInformation().getListener());
  }
}
