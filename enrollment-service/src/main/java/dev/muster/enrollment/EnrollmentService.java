/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.util.Objects.requireNonNull;

import dev.muster.coap.CoapsConfig;
import dev.muster.coap.CoapsServer;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.ServiceCertificates;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.bulk.BulkWork;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.BlockedKeys;
import dev.muster.enrollment.csr.BlockedKeysFile;
import dev.muster.enrollment.csr.CsrVerifier;
import dev.muster.enrollment.desk.DeskRules;
import dev.muster.enrollment.desk.EnrollmentDesk;
import dev.muster.enrollment.desk.KeyMaker;
import dev.muster.enrollment.desk.Labels;
import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.est.ConnectionGate;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.enrollment.est.EstOperations;
import dev.muster.enrollment.est.EstServer;
import dev.muster.enrollment.est.EstTls;
import dev.muster.enrollment.est.EstWorkers;
import dev.muster.enrollment.estcoaps.EstCoapsRoutes;
import dev.muster.enrollment.hook.EnrollmentHook;
import dev.muster.enrollment.hook.HookConfig;
import dev.muster.enrollment.hook.HttpEnrollmentHook;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.RegistryUnavailableException;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.IssuanceConfig;
import dev.muster.enrollment.manufacturer.CrlFetcher;
import dev.muster.enrollment.manufacturer.CrlStore;
import dev.muster.enrollment.ocsp.OcspAhead;
import dev.muster.enrollment.ocsp.OcspPages;
import dev.muster.enrollment.ocsp.OcspResponder;
import dev.muster.enrollment.operator.CertifiedOperator;
import dev.muster.enrollment.operator.OperatorParts;
import dev.muster.enrollment.operator.OperatorRoutes;
import dev.muster.enrollment.publicweb.IssuerCertificates;
import dev.muster.enrollment.publicweb.PublicWebServer;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.Profiles;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.enrollment.renewal.RenewalInfo;
import dev.muster.enrollment.revocation.CrlPages;
import dev.muster.enrollment.revocation.CrlPublisher;
import dev.muster.enrollment.revocation.CrlShards;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.enrollment.revocation.RevocationPush;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.enrollment.rollover.RollOver;
import dev.muster.protocol.identity.FleetName;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.URI;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The enrollment service: EST, CRLs, the registry and their operator routes, in one process.
 *
 * <p>Thread-safe. Starting and closing block and may not be called on an event loop.
 */
public final class EnrollmentService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EnrollmentService.class);
  private static final int EVENT_LOOPS = 2;
  private static final int CLOSE_SECONDS = 5;
  private static final Duration CLAIMS_KEPT = Duration.ofDays(30);
  private static final Duration BULK_JOBS_KEPT = Duration.ofDays(90);
  private static final int BULK_ROWS_AT_ONCE = 1_000;

  /** Each some tens of milliseconds, once a second. */
  private static final int RECLAIMED_IN_A_ROW = 8;

  private static final Duration LONGEST_VALIDITY = Duration.ofDays(825);
  private static final Duration PENDING_KEPT = Duration.ofDays(7);
  /** How long a manufacturer or a CA that is dropped in one process may still pass in another. */
  private static final Duration TRUST_INTERVAL = Duration.ofSeconds(1);

  /**
   * To Vert.x, a negative port is a free one, and the same one for whoever names the same number.
   */
  private static final AtomicInteger SHARED_FREE_PORT = new AtomicInteger(-1000);

  private final EnrollmentConfig config;
  private final CertificateAuthorities authorities;
  private final Vertx vertx;
  private final Clock clock;
  private final MeterRegistry meters;
  /** Undone in reverse when closing, or when starting fails half-way. */
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  private final CryptoProviders crypto;
  private final @Nullable BlockedKeysFile blockedKeysFile;
  private final EstTls tls;
  private final Registry registry;
  private final TrustView trust;
  private final ConnectionNotes connections;
  private final WorkLanes lanes;
  private final CrlPublisher publisher;
  private final Revocations revocations;
  private final Departures departures;
  private final BulkWork bulk;
  private final CrlShards shards;
  private final ServiceRenewal renewal;
  private final int httpPort;
  private final int estPort;
  private final @Nullable CoapsServer coaps;
  private final OcspResponder ocsp;
  private final OcspAhead ocspAhead;
  private final AuditSeal seal;
  private final CrlFetcher crlFetcher;
  private final RollOver rollOver;
  private final Upkeep upkeep;
  private final Upkeep trustWatch;
  private volatile boolean hearsOfConnections;
  private volatile @Nullable RevocationPush push;

  private EnrollmentService(
      EnrollmentConfig config,
      Supplier<Registry> storage,
      CertificateAuthorities authorities,
      ServiceCredential server,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters) {
    this.config = config;
    this.authorities = authorities;
    this.vertx = vertx;
    this.clock = clock;
    this.meters = meters;
    crypto = crypto(config.est());
    blockedKeysFile = blockedKeys(config.issuance());
    try {
      registry = opened(storage.get());
      connections = new ConnectionNotes(registry, clock);
      opened.push(connections::write);
      lanes = new WorkLanes(config.est().limits().waiting(), meters);
      opened.push(lanes::stop);
      trust = new TrustView(registry, config.admission(), clock);
      publisher = new CrlPublisher(
          registry,
          authorities::crlSigners,
          config.revocation().crlValidity(),
          config.revocation().crlInterval(),
          clock);
      publisher.listener(this::push);
      rollOver = newRollOver();
      rollOver.look();
      publisher.publishAll();
      revocations = new Revocations(registry, publisher, clock);
      departures = new Departures(registry, publisher, clock);
      bulk = opened(new BulkWork(registry, departures, revocations, this::tellDepartures, clock));
      renewal = new ServiceRenewal(registry, authorities, clock);
      tls = new EstTls(server, crypto, config.est().limits(), meters);
      renewal.record(server.certificate());
      seal = new AuditSeal(registry, authorities, renewal::record, clock);
      opened.push(seal::sign);
      ocsp = new OcspResponder(
          registry,
          authorities::issuers,
          config.revocation().crlValidity(),
          config.revocation().crlInterval(),
          clock);
      ocspAhead = new OcspAhead(
          registry,
          ocsp,
          () -> authorities.issuers().keySet(),
          config.revocation().ocspAhead(),
          clock);
      httpPort = servePublicWeb();
      rollOver.run();
      shards = new CrlShards(
          registry,
          publisher,
          publicBase(),
          config.revocation().shardSize(),
          lanes.operators(),
          clock);
      authorities.issuers().keySet().forEach(shards::refill);
      EstOperations operations = operations();
      estPort = serveEst(operations);
      coaps = config.coaps() == null ? null : serveCoaps(config.coaps(), operations);
      crlFetcher =
          new CrlFetcher(trust, new CrlStore(registry, trust, clock), clock, lanes.operators());
      upkeep = ticking(new Upkeep(chores(), config.revocation().crlInterval(), lanes.operators()));
      trustWatch = ticking(new Upkeep(
          List.of(
              authoritiesChore(),
              trustChore(),
              connectionsChore(),
              supersededChore(),
              new Chore("OCSP answers cannot be signed ahead", ocspAhead::run),
              reclaimChore()),
          TRUST_INTERVAL,
          lanes.operators()));
      bulk.look();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts, and returns when both listeners answer.
   *
   * @param server what EST shows to its clients
   * @param vertx stays the caller's; so does {@code meters}
   * @throws StartFailedException if a port is in use, or the registry is damaged, in use, or cannot
   *     be written; worded for a user
   */
  public static EnrollmentService start(
      EnrollmentConfig config,
      CertificateAuthorities authorities,
      ServiceCredential server,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters) {
    requireNonNull(config, "config");
    return start(
        config, () -> Registry.open(config.storage()), authorities, server, vertx, clock, meters);
  }

  /** As above, with a registry that is opened otherwise. */
  static EnrollmentService start(
      EnrollmentConfig config,
      Supplier<Registry> storage,
      CertificateAuthorities authorities,
      ServiceCredential server,
      Vertx vertx,
      Clock clock,
      MeterRegistry meters) {
    requireNonNull(clock, "clock");
    try {
      EnrollmentService service =
          new EnrollmentService(config, storage, authorities, server, vertx, clock, meters);
      LOG.info(
          "Enrollment service ready est={} http={} coaps={}",
          service.estPort,
          service.httpPort,
          service.coaps == null ? "off" : service.coaps.port());
      return service;
    } catch (RegistryUnavailableException e) {
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private static CryptoProviders crypto(EstConfig config) {
    CryptoProviders crypto = config.conscrypt() ? CryptoProviders.fastest() : CryptoProviders.jdk();
    if (config.requireChannelBinding() && crypto.tls().isEmpty()) {
      throw new StartFailedException("requireChannelBinding: true (expected: false on this machine,"
          + " where Conscrypt does not run, which alone tells channel bindings)");
    }
    LOG.info(
        "Cryptography tls={} signatures={} channelBindings={}",
        crypto,
        crypto,
        crypto.tls().isPresent()
            ? "tls-unique,tls-exporter"
            : "none (linked requests are refused)");
    return crypto;
  }

  private DeskRules rules() {
    EstLimits limits = config.est().limits();
    return new DeskRules(
        crypto,
        blockedKeys(),
        config.est().requireChannelBinding(),
        hook(),
        limits.requestsPerDevice(),
        limits.requestsPerManufacturer());
  }

  private RollOver newRollOver() {
    return new RollOver(
        registry,
        authorities,
        publisher,
        config.rollOver(),
        longestValidity(),
        authority -> publicBase() + "/crl/" + authority + ".crl",
        clock);
  }

  /** Of LDevIDs, by whatever profile. */
  private Duration longestValidity() {
    return Stream.concat(
            Stream.of(config.issuance().deviceCertificateValidity()),
            config.admission().profiles().stream().map(DeviceProfile::validity))
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  private List<Chore> chores() {
    return List.of(
        new Chore("CAs cannot be rolled over", rollOver::run),
        new Chore(
            "CRLs cannot be made or recorded (brokers will soon distrust the old ones)",
            publisher::publishDue),
        new Chore(
            "certificates of our own services cannot be renewed (expected: before they end)",
            renewal::renewDue),
        new Chore(
            "forgotten requests cannot be removed",
            () -> registry.commit(
                tables -> tables.pending().expire(clock.instant().minus(PENDING_KEPT)))),
        new Chore("the audit log cannot be signed", seal::signDue),
        new Chore(
            "the list of blocked keys cannot be read (the last one stays in force)",
            this::refreshBlockedKeys),
        new Chore(
            "orders to renew early cannot be removed",
            () -> registry.commit(
                tables -> tables.renewalOrders().expire(clock.instant().minus(LONGEST_VALIDITY)))),
        new Chore(
            "claim tokens that ended cannot be removed",
            () -> registry.commit(
                tables -> tables.claims().expire(clock.instant().minus(CLAIMS_KEPT)))),
        new Chore(
            "answers that need not be given again cannot be removed",
            () -> registry.commit(tables ->
                tables.answers().forget(OperatorRoutes.answersKeptSince(clock.instant())))),
        new Chore("bulk jobs that ended long ago cannot be removed", this::forgetBulkJobs),
        new Chore("bulk jobs cannot be looked for", bulk::look),
        new Chore("manufacturers' CRLs cannot be fetched", crlFetcher::fetchDue));
  }

  private void forgetBulkJobs() {
    Instant before = clock.instant().minus(BULK_JOBS_KEPT);
    while (registry.<Boolean>commit(tables -> tables.bulk().expire(before, BULK_ROWS_AT_ONCE))) {
      // Again.
    }
  }

  private void tellDepartures() {
    publisher.publishEach();
    trust.refresh();
  }

  private Chore authoritiesChore() {
    return new Chore("what another process has done with the CAs cannot be read", rollOver::look);
  }

  private Chore trustChore() {
    return new Chore(
        "manufacturers that another process has changed cannot be read", trust::refreshIfChanged);
  }

  private Chore connectionsChore() {
    return new Chore("until when devices were connected cannot be noted", connections::write);
  }

  private Chore supersededChore() {
    return new Chore(
        "CRLs with certificates that were superseded cannot be made", publisher::publishWanted);
  }

  private Chore reclaimChore() {
    return new Chore("room in the registry's file cannot be used again", () -> {
      int rounds = 0;
      while (registry.reclaim() && ++rounds < RECLAIMED_IN_A_ROW) {
        // A little more.
      }
    });
  }

  private Upkeep ticking(Upkeep chores) {
    long timer = vertx.setPeriodic(chores.tickMs(), id -> chores.tick());
    opened.push(() -> vertx.cancelTimer(timer));
    return chores;
  }

  private static @Nullable BlockedKeysFile blockedKeys(IssuanceConfig config) {
    if (config.blockedKeys() == null) {
      return null;
    }
    try {
      BlockedKeysFile list = new BlockedKeysFile(config.blockedKeys());
      LOG.info("Blocked keys read file={} keys={}", config.blockedKeys(), list.size());
      return list;
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable EnrollmentHook hook() {
    HookConfig asked = config.hook();
    try {
      return asked == null ? null : new HttpEnrollmentHook(asked, meters);
    } catch (IllegalArgumentException e) {
      throw new StartFailedException(String.valueOf(e.getMessage()), e);
    }
  }

  private BlockedKeys blockedKeys() {
    return blockedKeysFile == null ? BlockedKeys.NONE : blockedKeysFile;
  }

  private void refreshBlockedKeys() {
    if (blockedKeysFile != null && blockedKeysFile.refresh()) {
      LOG.info("Blocked keys read again keys={}", blockedKeysFile.size());
    }
  }

  private int servePublicWeb() {
    PublicWebServer server = new PublicWebServer(
        config.revocation().host(),
        config.revocation().port(),
        List.of(
            new CrlPages(publisher, clock),
            opened(new OcspPages(ocsp, clock)),
            new IssuerCertificates(authorities::issuers, clock)),
        new ConnectionGate(config.est().limits(), "web", meters),
        clock);
    deploy(
        () -> server,
        1,
        "httpPort",
        config.revocation().host(),
        config.revocation().port());
    return server.port();
  }

  private EstOperations operations() {
    Profiles profiles = new Profiles(
        DeviceProfile.base(config.issuance().deviceCertificateValidity()),
        config.admission().profiles());
    EnrollmentDesk desk = new EnrollmentDesk(
        registry,
        trust,
        authorities,
        new Registrar(config.admission(), profiles),
        profiles,
        shards,
        clock,
        meters,
        rules(),
        new EnrollmentDesk.Heard(publisher::publishSoon, connections::used));
    return new EstOperations(
        authorities,
        new Labels(profiles, trust),
        desk,
        new KeyMaker(config.admission().serverKeygen(), tls::credential),
        new EstWorkers(lanes.enrollments(), lanes.renewals()),
        config.est().requireChannelBinding(),
        clock);
  }

  private CoapsServer serveCoaps(CoapsConfig wanted, EstOperations operations) {
    ServiceCredential server = tls.credential();
    CoapsServer.Offer est = new CoapsServer.Offer(
        "muster.estcoaps", EstOperations.MAX_CSR, new EstCoapsRoutes(operations, meters));
    try {
      return opened(new CoapsServer(wanted, est, server.key(), server.chain(), meters));
    } catch (IOException e) {
      throw cannotListen("coapsPort", wanted.host(), wanted.port(), e);
    }
  }

  private int serveEst(EstOperations operations) {
    EstServer.Parts parts = new EstServer.Parts(
        config.est(),
        config.est().port() == 0
            ? SHARED_FREE_PORT.decrementAndGet()
            : config.est().port(),
        tls,
        authorities,
        trust,
        operations,
        new RenewalInfo(registry),
        clock,
        meters);
    List<EstServer> servers = new CopyOnWriteArrayList<>();
    deploy(
        () -> {
          EstServer server = new EstServer(parts);
          servers.add(server);
          return server;
        },
        EVENT_LOOPS,
        "estPort",
        config.est().host(),
        config.est().port());
    return servers.get(0).port();
  }

  private void deploy(
      Supplier<Deployable> server, int instances, String setting, String host, int port) {
    try {
      String id = vertx
          .deployVerticle(server, new DeploymentOptions().setInstances(instances))
          .toCompletionStage()
          .toCompletableFuture()
          .get();
      opened.push(() -> vertx
          .undeploy(id)
          .toCompletionStage()
          .toCompletableFuture()
          .get(CLOSE_SECONDS, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      throw cannotListen(setting, host, port, e.getCause() == null ? e : e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartFailedException("interrupted while starting", e);
    }
  }

  private static StartFailedException cannotListen(
      String setting, String host, int port, Throwable cause) {
    String reason = cause instanceof BindException
        ? "in use, or not an address of this machine"
        : String.valueOf(cause.getMessage());
    return new StartFailedException(
        setting + ": cannot listen on " + host + ":" + port + " (" + reason
            + "; choose another port, or 0 for a free one)",
        cause);
  }

  private String publicBase() {
    URI configured = config.revocation().publicUrl();
    String base = configured == null ? "http://localhost:" + httpPort : configured.toString();
    return base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
  }

  private void push(dev.muster.enrollment.revocation.PublishedCrl crl) {
    RevocationPush current = push;
    if (current != null) {
      current.publish(crl);
    }
  }

  /**
   * Shows another credential to EST's clients from the next connection on. Blocks shortly to record
   * the certificate.
   */
  public void useServerCredential(ServiceCredential server) {
    renewal.record(server.certificate());
    tls.use(server);
    if (coaps != null) {
      coaps.use(server.key(), server.chain());
    }
    LOG.info(
        "Server certificate replaced serial={} notAfter={}",
        server.certificate().getSerialNumber().toString(16),
        server.certificate().getNotAfter().toInstant());
  }

  /** The port of EST. */
  public int estPort() {
    return estPort;
  }

  /** The UDP port of EST over CoAP; empty if it is not served. */
  public OptionalInt coapsPort() {
    return coaps == null ? OptionalInt.empty() : OptionalInt.of(coaps.port());
  }

  /** The port of the CRLs. */
  public int httpPort() {
    return httpPort;
  }

  /**
   * Adds the operator's routes to a router that authenticates, reads bodies, and renders failures.
   */
  public void mountOperatorRoutes(Router router) {
    OperatorRoutes.mount(
        router,
        new OperatorParts(
            registry,
            trust,
            authorities,
            revocations,
            departures,
            bulk,
            new CsrVerifier(crypto, blockedKeys()),
            shards,
            rollOver,
            clock,
            lanes.operators(),
            () -> hearsOfConnections,
            () -> push));
  }

  /**
   * Whose operator's certificate somebody has shown, who has proven to have its key; empty unless
   * we have issued it and it is good now. Blocks.
   */
  public Optional<CertifiedOperator> operator(X509Certificate shown) {
    Optional<CertifiedOperator> found =
        CertifiedOperator.find(registry, authorities, shown, clock.instant());
    found.ifPresent(operator -> connections.used(shown.getSerialNumber().toString(16)));
    return found;
  }

  /** Whether all of some devices are known, and of some fleets. Blocks. */
  public boolean areOf(Collection<String> fleets, Collection<String> devices) {
    Within within = new Within(fleets.stream().map(FleetName::new).toList());
    return registry.read(tables -> tables.devices().areWithin(within, devices));
  }

  /**
   * Whom a broker is to tell, from its start on, which devices are connected; until this is asked
   * for, nobody can look for devices by that.
   */
  public ConnectionListener followConnections() {
    hearsOfConnections = true;
    return connections;
  }

  /** Of which CAs operators' certificates are. */
  public List<X509Certificate> operatorIssuers() {
    return authorities.history().trusted(AuthorityHistory.SERVICE).stream()
        .map(Authority::certificate)
        .toList();
  }

  /** Writes down what was done elsewhere; returns when it is on the disk. Blocks. */
  public void note(AuditEvent event) {
    registry.commit(tables -> {
      tables.audit().append(event, clock.instant());
      return event;
    });
  }

  /**
   * As {@link #note}, of somebody who is gone: what he has saved goes, too, and what he has ordered
   * stops.
   *
   * @param owner as the log calls him
   */
  public void noteGone(AuditEvent event, String owner) {
    registry.commit(tables -> {
      tables.views().removeAll(owner);
      BulkWork.stop(tables, owner, event.actor(), clock.instant());
      tables.audit().append(event, clock.instant());
      return event;
    });
  }

  /**
   * As {@link #note}, of somebody who may do less from now on: what he has ordered stops.
   *
   * @param operator as the log calls him
   */
  public void noteLess(AuditEvent event, String operator) {
    registry.commit(tables -> {
      BulkWork.stop(tables, operator, event.actor(), clock.instant());
      tables.audit().append(event, clock.instant());
      return event;
    });
  }

  /**
   * Renews the certificates of our own services from now on, and at once those that are due. Only
   * their files change: who shows them, follows the files. Blocks shortly.
   */
  public void keepRenewed(ServiceCertificates services) {
    renewal.keep(services);
    renewal.renewDue();
  }

  /**
   * Hands every CRL to a broker from now on. Returns at once and keeps connecting in the
   * background. Blocks shortly to record the certificate.
   *
   * @param client role {@code service}; its CN is the MQTT client id
   */
  public void pushRevocationsTo(URI broker, ServiceCredential client) {
    renewal.record(client.certificate());
    RevocationPush before = push;
    RevocationPush next = new RevocationPush(
        vertx,
        publisher,
        broker,
        client,
        () -> authorities.history().roots(),
        new SecureRandom(),
        clock);
    push = next;
    next.start();
    if (before != null) {
      before.close();
    }
  }

  /** Ends what {@link #pushRevocationsTo} began; for the time in which the broker goes away. */
  public void stopPushing() {
    RevocationPush current = push;
    push = null;
    if (current != null) {
      current.close();
    }
  }

  /** Who signs and speaks TLS here: {@code Conscrypt} and its version, or {@code JDK}. */
  public String cryptography() {
    return crypto.toString();
  }

  /** What is wrong, for the health page; empty if all is well. */
  public Optional<String> problem() {
    RevocationPush current = push;
    List<String> problems = Stream.of(
            upkeep.problem(),
            trustWatch.problem(),
            rollOver.problem(),
            bulk.problem(),
            crlFetcher.problem(),
            current == null ? Optional.<String>empty() : current.problem())
        .flatMap(Optional::stream)
        .toList();
    return problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems));
  }

  private <T extends AutoCloseable> T opened(T part) {
    opened.push(part);
    return part;
  }

  /** Stops listening, finishes what is under way, closes the registry; idempotent. */
  @Override
  public void close() {
    stopPushing();
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        LOG.warn("Closing failed reason=\"{}\"", e.toString());
      }
    }
  }
}
