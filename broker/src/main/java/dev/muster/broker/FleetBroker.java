/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.InvalidPolicyException;
import dev.muster.broker.authz.Policies;
import dev.muster.broker.mqtt.FleetExtension;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.revocation.Revocations;
import dev.muster.broker.session.CloneWatch;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.PolicyFollower;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.session.Subscriptions;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.broker.trust.TrustFiles;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MQTT broker of a fleet: lets in whom the CAs and CRLs vouch for, grants what the policy file
 * grants, and acknowledges telemetry when it is on stable storage.
 *
 * <p>One at a time in a JVM, because HiveMQ's state is global to it. Safe for use by several
 * threads.
 */
public final class FleetBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FleetBroker.class);
  private static final int QUERY_THREADS = 2;
  private static final String NAME = "broker";

  private final Opened opened = new Opened();
  private final Sessions sessions = new Sessions();
  private final Refusals refusals;
  private final Policies policies;
  private final TrustFiles issuers;
  private final RevocationView view;
  private final ServerCertificate server;
  private final Telemetry telemetry;
  private final WorkerExecutor queries;
  private final DeviceState devices;
  private final int mqttPort;

  /**
   * Starts a broker; blocks until it serves and has checked itself.
   *
   * @throws StartFailedException if it cannot be started, or is not as closed as it must be
   */
  public static FleetBroker start(
      BrokerConfig config, Vertx vertx, Clock clock, MeterRegistry meters) {
    return start(config, vertx, clock, meters, sink -> sink);
  }

  /** As above, with something put before the store. */
  static FleetBroker start(
      BrokerConfig config,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters,
      UnaryOperator<TelemetrySink> before) {
    return new FleetBroker(config, vertx, clock, meters, before);
  }

  private FleetBroker(
      BrokerConfig config,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters,
      UnaryOperator<TelemetrySink> before) {
    this.refusals = new Refusals(clock);
    try {
      DurableFiles.createFolder(config.directory());
      checkPortFree(config);
      policies = Policies.read(config.policyFile());
      issuers = new TrustFiles(Map.of(
          ClientSubject.DEVICE_ISSUER, config.deviceCa(),
          ClientSubject.SERVICE_ISSUER, config.serviceCa()));
      IssuingAuthorities authorities = authorities(issuers);
      view = new RevocationView(authorities, config.crlGrace(), clock);
      HiveMqHome.Trust trust = trust(config, authorities);

      telemetry = opened.add(Telemetry.start(config, clock, meters, before));
      devices = opened.add(DeviceState.start(telemetry.database(), clock, meters));
      queries = vertx.createSharedWorkerExecutor("muster-telemetry-query", QUERY_THREADS);
      opened.add(queries::close);

      Disconnector disconnector = FleetExtension.newDisconnector();
      Subscriptions subscriptions = FleetExtension.newSubscriptions();
      PolicyFollower policy = new PolicyFollower(policies, sessions, disconnector, subscriptions);
      Revocations revocations = opened.add(new Revocations(
          view,
          sessions,
          disconnector,
          new Revocations.Sources(
              config.crls(), config.crlRefresh(), config.directory().resolve("crls")),
          clock));
      revocations.load();
      FleetExtension extension = new FleetExtension(
          new FleetExtension.Parts(
              new CertificateAuthenticator(
                  view, policies::current, config.limits().maxKeepAliveSeconds(), clock),
              view,
              revocations,
              sessions,
              new CloneWatch(clock, devices::noteAlarm),
              policy,
              refusals,
              telemetry.sink(),
              devices.parts(),
              FleetBroker::later,
              NAME),
          disconnector,
          subscriptions,
          clock,
          meters);
      HiveMqHome home = HiveMqHome.write(config, trust);
      opened.add(EmbeddedBroker.start(home, extension, config));
      devices.announce();
      mqttPort = SelfCheck.run(extension, config, trust.chain().get(0));
      server = new ServerCertificate(config, home, mqttPort, trust.chain().get(0), clock);
      revocations.start(() -> changedAuthorities(home));
      opened.add(Lookout.start(List.of(server::look, policy::look)));
      LOG.info("Broker ready host={} port={}", config.host(), mqttPort);
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

  private static void later(Duration delay, Runnable task) {
    CompletableFuture.delayedExecutor(delay.toNanos(), TimeUnit.NANOSECONDS).execute(task);
  }

  private static IssuingAuthorities authorities(TrustFiles files) {
    try {
      return files.read();
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  /** HiveMQ looks at its store every ten seconds; until then it refuses a new CA's clients. */
  private Optional<IssuingAuthorities> changedAuthorities(HiveMqHome home) {
    Optional<IssuingAuthorities> changed = issuers.changed();
    changed.ifPresent(now -> home.replaceAnchors(now.certificates().values()));
    return changed;
  }

  private static HiveMqHome.Trust trust(BrokerConfig config, IssuingAuthorities authorities) {
    PrivateKey key = read(config.serverKey(), PemFile::privateKey);
    List<X509Certificate> chain = certificates(config.serverChain());
    if (!KeyMatch.belongTogether(key, chain.get(0).getPublicKey())) {
      throw new StartFailedException(config.serverKey() + ": not the key of the certificate in "
          + config.serverChain() + " (expected: key and certificate made together)");
    }
    return new HiveMqHome.Trust(
        key, chain, List.copyOf(authorities.certificates().values()));
  }

  private static List<X509Certificate> certificates(Path file) {
    return read(file, PemFile::certificates);
  }

  private static <T> T read(Path file, Function<Path, T> reader) {
    try {
      return reader.apply(file);
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  /** HiveMQ says nothing but that some listener did not start; so ask first, to say it better. */
  private static void checkPortFree(BrokerConfig config) {
    if (config.mqttPort() == 0) {
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      // As HiveMQ binds it: connections that are still closing do not count.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(config.host(), config.mqttPort()));
    } catch (IOException e) {
      throw new StartFailedException(
          "MQTT port " + config.mqttPort() + " on " + config.host() + " cannot be used: "
              + e.getMessage() + " (is another broker running? choose another port in muster.yaml)",
          e);
    }
  }

  /** The port that it listens on. */
  public int mqttPort() {
    return mqttPort;
  }

  /** Adds the routes of the operator API that this service answers. */
  public void mountOperatorRoutes(Router router) {
    telemetry.mount(router, sessions, queries);
    devices.mount(router, queries);
    new PolicyRoutes(sessions, refusals).mount(router);
  }

  /** What an operator should mend; empty if all is well. */
  public Optional<String> problem() {
    List<String> problems = new ArrayList<>();
    telemetry.problems().forEach(problems::add);
    devices.problem().ifPresent(problems::add);
    view.problem().ifPresent(problems::add);
    issuers.problem().ifPresent(problems::add);
    policies.problem().ifPresent(problems::add);
    server.problem().ifPresent(problems::add);
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  /** Stops: clients first, then the store, when it has kept what it has taken. Blocks. */
  @Override
  public void close() {
    opened.close();
  }
}
