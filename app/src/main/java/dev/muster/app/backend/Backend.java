/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import static java.util.Objects.requireNonNull;

import dev.muster.app.Muster;
import dev.muster.app.UserError;
import dev.muster.app.access.Access;
import dev.muster.app.access.CertificatesOfCa;
import dev.muster.app.access.DesiredTwins;
import dev.muster.app.access.Journal;
import dev.muster.app.access.OperatorCertificates;
import dev.muster.app.access.TrustedProxies;
import dev.muster.app.config.MusterConfig;
import dev.muster.app.config.OperatorSettings;
import dev.muster.app.data.DataDirectory;
import dev.muster.broker.BrokerConfig;
import dev.muster.broker.CoreConfig;
import dev.muster.broker.FleetBroker;
import dev.muster.broker.presence.PresenceListener;
import dev.muster.enrollment.ConnectionListener;
import dev.muster.enrollment.EnrollmentConfig;
import dev.muster.enrollment.EnrollmentService;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.ServiceCertificates.Service;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.issuance.IssuanceConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.revocation.RevocationConfig;
import dev.muster.enrollment.rollover.RollOverConfig;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The services of one process. Started in the order in which they need each other, stopped in
 * reverse; what fails to start takes down what was started before it.
 */
public final class Backend implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Backend.class);

  /**
   * With less, an operator should be told while there is time; a full disk stops telemetry and
   * enrollment.
   */
  private static final long MIN_FREE_BYTES = 256L << 20;

  private static final String PORT_HINT =
      "give another, for example with --set ports.http=8081 (est, mqtt, operator, metrics likewise), or --ephemeral-ports";

  /** Which services a process runs. */
  public enum Role {
    ENROLLMENT,
    BROKER
  }

  private static final long FOLLOW_MS = 1_000;

  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private final List<CredentialFollower> followers = new CopyOnWriteArrayList<>();
  private final DataDirectory data;
  private final Endpoints endpoints;
  private Optional<URI> setUpUrl = Optional.empty();
  private @Nullable EnrollmentService enrollment;
  private @Nullable FleetBroker broker;

  /**
   * Starts what {@code roles} name; blocks until all is ready.
   *
   * @throws UserError if a port is taken, a file is damaged or a self-check fails; nothing is left
   *     running then
   */
  public static Backend start(
      DataDirectory data, MusterConfig config, Set<Role> roles, Clock clock) {
    return new Backend(data, config, roles, clock);
  }

  private Backend(DataDirectory data, MusterConfig config, Set<Role> roles, Clock clock) {
    this.data = data;
    try {
      started.push(DataLock.acquire(data.path(), roles));
      this.endpoints = startAll(config, roles, clock);
    } catch (dev.muster.enrollment.StartFailedException
        | dev.muster.broker.StartFailedException e) {
      close();
      throw new UserError(e.getMessage(), isAboutPort(e) ? PORT_HINT : null);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static boolean isAboutPort(RuntimeException e) {
    return String.valueOf(e.getMessage()).contains("cannot listen");
  }

  private Endpoints startAll(MusterConfig config, Set<Role> roles, Clock clock) {
    // Nothing is served from files; without this Vert.x would leave a cache directory behind at a
    // kill.
    Vertx vertx = Vertx.vertx(new VertxOptions()
        .setFileSystemOptions(new FileSystemOptions()
            .setFileCachingEnabled(false)
            .setClassPathResolvingEnabled(false)));
    started.push(() -> Blocking.await(vertx.close(), "stopping Vert.x"));
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    new JvmMemoryMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
    ServiceCredential server = data.services().read(Service.SERVER);
    @Nullable CertificatesOfCa others = othersCertificates(config.operators(), clock);
    Access access = new Access(
        data.resolve("operators.json"),
        data.adminToken(),
        vertx,
        clock,
        meters,
        new Access.Ways(
            config.operators().certificates() ? certificates(others) : OperatorCertificates.NONE,
            config.operators().provider()),
        // Where the registry is elsewhere, nobody can say whose a device is.
        (fleets, devices) -> enrollment != null && enrollment.areOf(fleets, devices),
        this::desired,
        journal());
    TrustedProxies proxies = config.operators().proxies();
    if (!proxies.isEmpty()) {
      LOG.warn("Operators are taken to be where X-Forwarded-For says trustedProxies={}", proxies);
    }
    OperatorServer operator = new OperatorServer(
        vertx,
        access,
        proxies,
        server,
        config.operators().certificates() ? () -> issuers(others) : null);
    operator
        .api()
        .get("/health")
        .handler(ctx -> ctx.json(OpsServer.healthReport(problems())
            .put("version", Muster.VERSION)
            .put("runtime", runtime())));
    Set<Role> embedded = EnumSet.copyOf(roles);
    if (config.enrollment().database() != null) {
      embedded.remove(Role.ENROLLMENT);
    }
    if (config.telemetry().database() != null) {
      embedded.remove(Role.BROKER);
    }
    embedded.forEach(role -> data.expectDatabase(directoryOf(role)));
    if (roles.contains(Role.ENROLLMENT)) {
      startEnrollment(config, server, operator, vertx, clock, meters);
    }
    if (roles.contains(Role.BROKER)) {
      startBroker(config, operator, vertx, clock, meters);
    }
    embedded.forEach(role -> data.rememberDatabase(directoryOf(role)));
    followServer(vertx, server, operator);
    if (enrollment != null) {
      connectRevocations(config, vertx, enrollment);
    }
    OpsServer ops = new OpsServer(vertx, meters, this::problems);
    int metricsPort = ops.start(config.metricsHost(), config.ports().metrics());
    started.push(ops::stop);
    int operatorPort = operator.start(config.host(), config.ports().operator());
    started.push(operator::stop);
    Endpoints found = new Endpoints(
        enrollment == null ? null : enrollment.estPort(),
        operatorPort,
        broker == null ? null : broker.mqttPort(),
        enrollment == null ? null : enrollment.httpPort(),
        metricsPort,
        enrollment == null || enrollment.coapsPort().isEmpty()
            ? null
            : Integer.valueOf(enrollment.coapsPort().getAsInt()),
        broker == null || broker.coapsPort().isEmpty()
            ? null
            : Integer.valueOf(broker.coapsPort().getAsInt()));
    if (enrollment != null) {
      setUpUrl = access.setUpPath().map(path -> found.operatorUrl().resolve(path));
    }
    found.write(data.path());
    started.push(() -> Endpoints.remove(data.path()));
    return found;
  }

  private Optional<DesiredTwins.Desired> desired(String device) {
    FleetBroker twins = broker;
    return twins == null || !DeviceId.isValid(device)
        ? Optional.empty()
        : twins
            .twin(new DeviceId(device))
            .map(twin -> new DesiredTwins.Desired(
                twin.desired().version(),
                new JsonObject(twin.desired().content().toString())));
  }

  private static @Nullable CertificatesOfCa othersCertificates(
      OperatorSettings settings, Clock clock) {
    return !settings.certificates() || settings.certificateCa() == null
        ? null
        : new CertificatesOfCa(
            settings.certificateCa(), requireNonNull(settings.certificateCrl(), "crl"), clock);
  }

  /** Ours are known to the enrollment service; where it does not run, nothing is known of them. */
  private OperatorCertificates certificates(@Nullable CertificatesOfCa others) {
    OperatorCertificates own = chain -> enrollment == null || chain.isEmpty()
        ? Optional.empty()
        : enrollment
            .operator(chain.get(0))
            .map(found -> new OperatorCertificates.Name(found.name(), found.since()));
    return others == null ? own : own.or(others);
  }

  private List<X509Certificate> issuers(@Nullable CertificatesOfCa others) {
    return Stream.concat(
            enrollment == null ? Stream.empty() : enrollment.operatorIssuers().stream(),
            others == null ? Stream.empty() : others.issuers().stream())
        .toList();
  }

  /** The enrollment service keeps the audit log; where it does not run, there is but our own. */
  private Journal journal() {
    return new Journal() {
      @Override
      public void note(AuditEvent event) {
        if (enrollment != null) {
          enrollment.note(event);
        } else {
          LOG.info("Audit event={}", event);
        }
      }

      @Override
      public void noteLess(AuditEvent event, String operator) {
        if (enrollment != null) {
          enrollment.noteLess(event, operator);
        } else {
          note(event);
        }
      }

      @Override
      public void noteGone(AuditEvent event, String operator) {
        if (enrollment != null) {
          enrollment.noteGone(event, operator);
        } else {
          note(event);
        }
      }
    };
  }

  private static String directoryOf(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  private void startEnrollment(
      MusterConfig config,
      ServiceCredential server,
      OperatorServer operator,
      Vertx vertx,
      Clock clock,
      PrometheusMeterRegistry meters) {
    EnrollmentConfig settings = new EnrollmentConfig(
        new StorageConfig(
            data.resolve(directoryOf(Role.ENROLLMENT)), config.enrollment().database()),
        config.enrollment().est().on(config.host(), config.ports().est()),
        new AdmissionConfig(
            config.fleet(),
            config.enrollment().allowKeyReuse(),
            config.enrollment().profiles(),
            config.enrollment().allowUnprovenManufacturers(),
            config.enrollment().serverKeygen()),
        new IssuanceConfig(
            config.enrollment().certificateValidity(), config.enrollment().blockedKeys()),
        new RevocationConfig(
            config.host(),
            config.ports().http(),
            config.enrollment().publicHttpUrl(),
            config.enrollment().crlValidity(),
            config.enrollment().crlInterval(),
            RevocationConfig.MAX_SHARD_SIZE,
            config.enrollment().ocspAhead()),
        new RollOverConfig(config.enrollment().caLeadTime(), config.enrollment().rootLeadTime()),
        config.enrollment().hook(),
        config.coaps());
    EnrollmentService service =
        EnrollmentService.start(settings, data.authorities(), server, vertx, clock, meters);
    started.push(service);
    service.keepRenewed(data.services());
    service.mountOperatorRoutes(operator.api());
    enrollment = service;
  }

  private void startBroker(
      MusterConfig config,
      OperatorServer operator,
      Vertx vertx,
      Clock clock,
      PrometheusMeterRegistry meters) {
    URI crls = enrollment != null
        ? URI.create("http://localhost:" + enrollment.httpPort())
        : config.enrollment().publicHttpUrl() != null
            ? config.enrollment().publicHttpUrl()
            : URI.create("http://localhost:" + config.ports().http());
    CoreConfig core = new CoreConfig(
        CoreConfig.DEFAULT_NAME,
        data.resolve(directoryOf(Role.BROKER)),
        data.resolve("trust/device-ca.pem"),
        data.resolve("trust/service-ca.pem"),
        data.resolve("policy.yaml"),
        crls.resolve("/crl/"),
        config.broker().crlRefresh(),
        config.broker().crlGrace(),
        CoreConfig.DEFAULT_MAX_KEEP_ALIVE_SECONDS,
        config.telemetry());
    BrokerConfig settings = new BrokerConfig(
        core,
        config.host(),
        config.ports().mqtt(),
        data.resolve("services/server/key.pem"),
        data.resolve("services/server/chain.pem"),
        BrokerConfig.Limits.DEFAULT,
        config.telemetryCoaps());
    FleetBroker fleetBroker = FleetBroker.start(settings, vertx, connections(), clock, meters);
    started.push(fleetBroker);
    fleetBroker.mountOperatorRoutes(operator.api());
    HandshakeLog.watch();
    broker = fleetBroker;
  }

  /** Who is connected, the broker alone knows: operators look for it, and renewals depend on it. */
  private PresenceListener connections() {
    if (enrollment == null) {
      return PresenceListener.NONE;
    }
    ConnectionListener registrar = enrollment.followConnections();
    return new PresenceListener() {
      @Override
      public void changed(DeviceId device, @Nullable String certificate, Instant since) {
        registrar.changed(device, certificate, since);
      }

      @Override
      public void programCame(String certificate) {
        registrar.used(certificate);
      }
    };
  }

  /** The broker follows the same files by itself, because it may run alone. */
  private void followServer(Vertx vertx, ServiceCredential used, OperatorServer operator) {
    EnrollmentService service = enrollment;
    follow(vertx, Service.SERVER, used, credential -> {
      operator.use(credential);
      if (service != null) {
        service.useServerCredential(credential);
      }
    });
  }

  private void connectRevocations(MusterConfig config, Vertx vertx, EnrollmentService service) {
    int port = broker != null ? broker.mqttPort() : config.ports().mqtt();
    URI address = URI.create("mqtts://localhost:" + port);
    ServiceCredential client = data.services().read(Service.ENROLLMENT);
    service.pushRevocationsTo(address, client);
    started.push(service::stopPushing);
    follow(
        vertx,
        Service.ENROLLMENT,
        client,
        credential -> service.pushRevocationsTo(address, credential));
  }

  private void follow(
      Vertx vertx, Service service, ServiceCredential used, Consumer<ServiceCredential> user) {
    CredentialFollower follower =
        new CredentialFollower(data.services(), service, used.certificate(), user);
    follower.look();
    followers.add(follower);
    // Ordered: a look that takes long is followed by the next, never met by it.
    long timer = vertx.setPeriodic(
        FOLLOW_MS,
        id -> vertx.executeBlocking(() -> {
          follower.look();
          return null;
        }));
    started.push(() -> vertx.cancelTimer(timer));
  }

  /** What it runs in and on: an auditor asks of this process, whatever his own command runs in. */
  private JsonObject runtime() {
    return new JsonObject()
        .put("java", Runtime.version() + " " + System.getProperty("java.vm.name"))
        .put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
        .put("processors", Runtime.getRuntime().availableProcessors())
        .put("cryptography", enrollment == null ? null : enrollment.cryptography());
  }

  /** What is not well now, by component. */
  private Map<String, String> problems() {
    Map<String, String> problems = new LinkedHashMap<>();
    if (enrollment != null) {
      enrollment.problem().ifPresent(problem -> problems.put("enrollment", problem));
    }
    if (broker != null) {
      broker.problem().ifPresent(problem -> problems.put("broker", problem));
    }
    followers.forEach(
        follower -> follower.problem().ifPresent(problem -> problems.put("services", problem)));
    long free = data.path().toFile().getUsableSpace();
    if (free < MIN_FREE_BYTES) {
      problems.put(
          "disk",
          (free >> 20) + " MiB free (expected: at least " + (MIN_FREE_BYTES >> 20) + " MiB)");
    }
    return problems;
  }

  public Endpoints endpoints() {
    return endpoints;
  }

  /** Where the first operator chooses a name and a password; empty if there is one. */
  public Optional<URI> setUpUrl() {
    return setUpUrl;
  }

  /**
   * Stops everything, the last started first; blocks. Never throws: what cannot be stopped is
   * logged.
   */
  @Override
  public void close() {
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (Exception e) {
        LOG.warn("Stopping failed reason={}", e.getMessage());
      }
    }
  }
}
