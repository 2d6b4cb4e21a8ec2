/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.coap.CoapListener;
import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.broker.twin.Twin;
import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MQTT broker of a fleet in this JVM: lets in whom the CAs and CRLs vouch for, grants what the
 * policy file grants, and acknowledges telemetry when it is on stable storage.
 *
 * <p>One at a time in a JVM, because HiveMQ's state is global to it. Safe for use by several
 * threads.
 */
public final class FleetBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FleetBroker.class);

  /** In a request's context: the fleets that who asks is limited to, a list; none for all. */
  public static final String FLEETS = "muster.fleets";

  /**
   * In a request's context: tells of fleets and devices whether all devices are of these fleets; a
   * {@code BiPredicate} that blocks.
   */
  public static final String MEMBERS = "muster.members";

  private final Opened opened = new Opened();
  private final BrokerCore core;
  private final ServerCertificate server;
  private final int mqttPort;
  private final @Nullable CoapListener coap;

  /**
   * Starts a broker; blocks until it serves and has checked itself.
   *
   * @param listener hears which devices are connected
   * @throws StartFailedException if it cannot be started, or is not as closed as it must be
   */
  public static FleetBroker start(
      BrokerConfig config,
      Vertx vertx,
      PresenceListener listener,
      Clock clock,
      MeterRegistry meters) {
    return new FleetBroker(config, vertx, listener, clock, meters, sink -> sink);
  }

  /** As above, with nobody who listens, and something put before the store. */
  static FleetBroker start(
      BrokerConfig config,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters,
      UnaryOperator<TelemetrySink> before) {
    return new FleetBroker(config, vertx, PresenceListener.NONE, clock, meters, before);
  }

  private FleetBroker(
      BrokerConfig config,
      Vertx vertx,
      PresenceListener listener,
      Clock clock,
      MeterRegistry meters,
      UnaryOperator<TelemetrySink> before) {
    try {
      checkPortFree(config);
      core = opened.add(BrokerCore.start(config.core(), vertx, listener, clock, meters, before));
      HiveMqHome.Trust trust = trust(config, core.authorities());
      HiveMqHome home = HiveMqHome.write(config, trust);
      EmbeddedBroker hiveMq = opened.add(EmbeddedBroker.start(home, core.extension(), config));
      X509Certificate shown = trust.chain().get(0);
      FairHandshakes.count(meters);
      mqttPort = SelfCheck.run(core.extension(), config, shown);
      coap = config.coaps() == null
          ? null
          : opened.add(CoapListener.start(
              config.coaps(), core.coapRoutes(clock, meters), trust.key(), trust.chain(), meters));
      server = new ServerCertificate(config, home, mqttPort, shown, clock, this::useInCoap);
      // HiveMQ looks at its store every ten seconds; until then it refuses a new CA's clients.
      core.follow(
          now -> home.replaceAnchors(now.certificates().values()),
          server::look,
          this::lookAtCoap,
          hiveMq::look);
      LOG.info("Broker ready host={} port={}", config.host(), mqttPort);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void useInCoap(PrivateKey key, List<X509Certificate> chain) {
    if (coap != null) {
      coap.use(key, chain);
    }
  }

  private void lookAtCoap() {
    if (coap != null) {
      coap.look();
    }
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

  /** The UDP port on which devices are served over CoAP; empty if it is not. */
  public OptionalInt coapsPort() {
    return coap == null ? OptionalInt.empty() : OptionalInt.of(coap.port());
  }

  /** Adds the routes of the operator API that this service answers. */
  public void mountOperatorRoutes(Router router) {
    core.mountOperatorRoutes(router);
  }

  /** What a device should be like, and says it is like; empty if that cannot be read. Blocks. */
  public Optional<Twin> twin(DeviceId device) {
    return core.twin(device);
  }

  /** What an operator should mend; empty if all is well. */
  public Optional<String> problem() {
    List<String> problems = new ArrayList<>(core.problems());
    server.problem().ifPresent(problems::add);
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  /** Stops: clients first, then the store, when it has kept what it has taken. Blocks. */
  @Override
  public void close() {
    opened.close();
  }
}
