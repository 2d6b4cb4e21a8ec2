/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.InvalidPolicyException;
import dev.muster.broker.authz.Policies;
import dev.muster.broker.coap.CoapRoutes;
import dev.muster.broker.mqtt.FleetExtension;
import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.revocation.Revocations;
import dev.muster.broker.session.CloneWatch;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.PlaceWatch;
import dev.muster.broker.session.PolicyFollower;
import dev.muster.broker.session.PublishRates;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.session.SessionLog;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.session.Subscriptions;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.broker.trust.TrustFiles;
import dev.muster.broker.twin.Twin;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * All of a broker but HiveMQ itself, which it knows by the extension SDK alone: so it is the same
 * whether HiveMQ runs in our process or we run in HiveMQ's. Made before HiveMQ serves, closed after
 * it. Safe for use by several threads.
 */
public final class BrokerCore implements AutoCloseable {
  private static final int QUERY_THREADS = 2;
  private static final int COAP_READERS = 2;
  private static final int COAP_WAITING = 1_000;
  private static final int DISCONNECT_SECONDS = 10;

  private final Opened opened = new Opened();
  private final Sessions sessions = new Sessions();
  private final Disconnector disconnector = FleetExtension.newDisconnector();
  private final Subscriptions subscriptions = FleetExtension.newSubscriptions();
  private final Refusals refusals;
  private final Policies policies;
  private final TrustFiles issuers;
  private final IssuingAuthorities authorities;
  private final RevocationView view;
  private final Telemetry telemetry;
  private final WorkerExecutor queries;
  private final DeviceState devices;
  private final SummaryRoute summary;
  private final Revocations revocations;
  private final PolicyFollower policy;
  private final FleetExtension extension;
  private final CertificateAuthenticator authenticator;
  private final PlaceWatch places;
  private final SessionLog log = opened.add(new SessionLog());
  private final PublishRates rates = new PublishRates(System::nanoTime);

  /**
   * Opens the store and reads what is trusted and granted; blocks.
   *
   * @throws StartFailedException if any of it cannot be used
   */
  public static BrokerCore start(
      CoreConfig config, Vertx vertx, Clock clock, MeterRegistry meters) {
    return start(config, vertx, PresenceListener.NONE, clock, meters, sink -> sink);
  }

  /** As above, with whom to tell of connections, and something put before the store. */
  static BrokerCore start(
      CoreConfig config,
      Vertx vertx,
      PresenceListener listener,
      Clock clock,
      MeterRegistry meters,
      UnaryOperator<TelemetrySink> before) {
    return new BrokerCore(config, vertx, listener, clock, meters, before);
  }

  private BrokerCore(
      CoreConfig config,
      Vertx vertx,
      PresenceListener listener,
      Clock clock,
      MeterRegistry meters,
      UnaryOperator<TelemetrySink> before) {
    refusals = new Refusals(clock);
    try {
      DurableFiles.createFolder(config.directory());
      policies = Policies.read(config.policyFile());
      issuers = new TrustFiles(Map.of(
          ClientSubject.DEVICE_ISSUER, config.deviceCa(),
          ClientSubject.SERVICE_ISSUER, config.serviceCa()));
      authorities = read(issuers);
      view = new RevocationView(authorities, config.crlGrace(), clock);

      telemetry = opened.add(Telemetry.start(config, clock, meters, before));
      devices = opened.add(DeviceState.start(telemetry.database(), listener, clock, meters));
      queries = vertx.createSharedWorkerExecutor("muster-telemetry-query", QUERY_THREADS);
      opened.add(queries::close);
      summary = new SummaryRoute(
          devices.presence(),
          new DeadLetters(telemetry.database()),
          sessions,
          meters,
          queries,
          clock);

      policy = new PolicyFollower(policies, sessions, disconnector, subscriptions);
      revocations = opened.add(new Revocations(
          view,
          sessions,
          disconnector,
          new Revocations.Sources(
              config.crls(), config.crlRefresh(), config.directory().resolve("crls")),
          devices::noteAlarm,
          clock));
      revocations.load();
      authenticator = new CertificateAuthenticator(
          view, policies::current, config.maxKeepAliveSeconds(), clock);
      places = new PlaceWatch(sessions, BrokerCore::later, clock, devices::noteAlarm);
      extension = extension(config, clock, meters);
    } catch (IOException e) {
      close();
      throw new StartFailedException(
          "directory " + config.directory() + " cannot be used: " + e, e);
    } catch (InvalidPolicyException e) {
      close();
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private FleetExtension extension(CoreConfig config, Clock clock, MeterRegistry meters) {
    return new FleetExtension(
        new FleetExtension.Parts(
            authenticator,
            view,
            revocations,
            sessions,
            new CloneWatch(clock, devices::noteAlarm),
            List.of(places, log),
            policy,
            refusals,
            rates,
            telemetry.sink(),
            devices.parts(),
            BrokerCore::later,
            config.name()),
        disconnector,
        subscriptions,
        clock,
        meters);
  }

  private static void later(Duration delay, Runnable task) {
    CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS).execute(task);
  }

  private static IssuingAuthorities read(TrustFiles files) {
    try {
      return files.read();
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  /** What HiveMQ is to be given. */
  public FleetExtension extension() {
    return extension;
  }

  /** What devices may do over CoAP, by the same rules. */
  CoapRoutes coapRoutes(Clock clock, MeterRegistry meters) {
    // Of their own and bounded: neither operators nor devices wait for the others' questions.
    ThreadPoolExecutor readers = new ThreadPoolExecutor(
        COAP_READERS,
        COAP_READERS,
        0,
        TimeUnit.SECONDS,
        new ArrayBlockingQueue<>(COAP_WAITING),
        task -> new Thread(task, "muster-coap-state"));
    opened.add(readers::shutdown);
    return new CoapRoutes(
        new CoapRoutes.Deciding(
            authenticator, view, policies::current, rates, places, refusals, BrokerCore::later),
        new CoapRoutes.Keeping(
            telemetry.sink(),
            devices.parts().twins(),
            devices.parts().commands(),
            devices.parts().deliveries(),
            devices.parts().publisher(),
            readers),
        clock,
        meters);
  }

  /** The CAs that were trusted at the start. */
  IssuingAuthorities authorities() {
    return authorities;
  }

  /**
   * Follows CRLs and files from now on; to be called once, when HiveMQ has started the extension.
   *
   * @param trusting hears of other CAs before their certificates are let in
   * @param looks done once a second, one after the other
   */
  public void follow(Consumer<IssuingAuthorities> trusting, Runnable... looks) {
    devices.announce();
    revocations.start(() -> {
      Optional<IssuingAuthorities> changed = issuers.changed();
      changed.ifPresent(trusting);
      return changed;
    });
    List<Runnable> all = new ArrayList<>(List.of(looks));
    all.add(policy::look);
    opened.add(Lookout.start(all));
  }

  /** Adds the routes of the operator API that this service answers. */
  public void mountOperatorRoutes(Router router) {
    telemetry.mount(router, sessions, queries);
    devices.mount(router, queries);
    new PolicyRoutes(sessions, refusals).mount(router);
    new PreviewRoutes(policies, sessions, devices.presence(), queries).mount(router);
    summary.mount(router);
  }

  Optional<Twin> twin(DeviceId device) {
    return devices.twin(device);
  }

  /** What an operator should mend; empty if all is well. */
  public List<String> problems() {
    List<String> problems = new ArrayList<>();
    telemetry.problems().forEach(problems::add);
    devices.problem().ifPresent(problems::add);
    view.problem().ifPresent(problems::add);
    issuers.problem().ifPresent(problems::add);
    policies.problem().ifPresent(problems::add);
    return problems;
  }

  /** Cuts every session; for a HiveMQ that goes on without us. Blocks until that is done. */
  public void disconnectAll() {
    CompletableFuture<?>[] cuts = sessions.all().stream()
        .map(session -> disconnector.disconnect(
            session, Disconnector.Reason.SERVER_BUSY, "the broker's extension stops"))
        .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(cuts)
        .completeOnTimeout(null, DISCONNECT_SECONDS, TimeUnit.SECONDS)
        .join();
  }

  /** Closes the store, when it has kept what it has taken. Blocks. */
  @Override
  public void close() {
    opened.close();
  }
}
