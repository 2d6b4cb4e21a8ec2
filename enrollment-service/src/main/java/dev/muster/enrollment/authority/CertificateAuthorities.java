/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.issuance.LocalIssuer;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.identity.CertificateLink;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The roots and their issuing CAs: some for devices, some for services, so that neither kind of
 * certificate can ever pass as the other. Of each kind one is in use; others come before and after
 * it ({@link AuthorityHistory}).
 *
 * <p>Thread-safe; creating, opening and issuing block.
 */
public final class CertificateAuthorities {
  private static final String ROOT = "root";
  private static final String DEVICE = "device-ca";
  private static final String SERVICE = "service-ca";
  private static final Map<String, String> ISSUING =
      Map.of(DEVICE, "Muster Device CA", SERVICE, "Muster Service CA");
  private static final Map<String, String> NAMES = Map.of(
      AuthorityHistory.ROOT, "Muster Root CA",
      AuthorityHistory.DEVICE, "Muster Device CA",
      AuthorityHistory.SERVICE, "Muster Service CA");

  /** How long issuing CAs live. */
  public static final Duration ISSUING_VALIDITY = CaCertificates.ISSUING_VALIDITY;

  /** How long certificates of the service CA live. */
  public static final Duration SERVICE_VALIDITY = Duration.ofDays(365);

  private static final Set<String> ROLES = Set.of("service", "consumer", "operator");

  /** Where a CA that is made while running is written first. */
  private static final String MAKING = "making";

  /** What holds at one time; exchanged as a whole. */
  private record Current(
      AuthorityHistory history, Map<String, Opened> opened, Set<Fingerprint> keys) {
    Current(AuthorityHistory history, Map<String, Opened> opened) {
      this(
          history,
          Map.copyOf(opened),
          history.all().stream()
              .map(authority -> Fingerprint.of(authority.certificate().getPublicKey()))
              .collect(Collectors.toUnmodifiableSet()));
    }

    Opened signing(String kind) {
      return Objects.requireNonNull(opened.get(history.active(kind).id()));
    }
  }

  /** A CA whose key can be used. */
  private record Opened(SigningKey key, LocalIssuer issuer) {}

  private final Path directory;
  private final CaKeys keys;
  private final SecureRandom random;
  private volatile Current current;
  /** As the directory has it, also where more is known now. */
  private AuthorityHistory kept;

  /** Why nothing is issued; null if all is well. */
  private volatile @Nullable String halted;

  private volatile Runnable listener = () -> {};

  private CertificateAuthorities(
      Path directory, CaKeys keys, AuthorityHistory history, SecureRandom random) {
    this.directory = directory;
    this.keys = keys;
    this.random = random;
    this.kept = history;
    this.current = new Current(history, Map.of());
    this.current = opened(history);
  }

  /** As below, with keys in files. */
  public static void create(Path directory, Clock clock) {
    create(directory, CaConfig.DEFAULT, clock);
  }

  /**
   * Makes three CAs and writes them, or writes nothing at all: the files are staged beside the
   * directory, flushed, and put in place by one rename.
   *
   * @param directory not there yet; its files will be readable by the owner alone
   * @throws java.io.UncheckedIOException if it is there, or cannot be written; worded for a user
   * @throws TokenException if the token is not there, or makes no such keys
   */
  public static void create(Path directory, CaConfig config, Clock clock) {
    requireNonNull(directory, "directory");
    SecureRandom random = new SecureRandom();
    CaCertificates certificates = new CaCertificates(random, clock.instant());
    CaKeys keys =
        config.token() == null ? FileCaKeys.fresh(random) : TokenCaKeys.open(config.token());
    PrivateDirectory.create(directory, staged -> {
      keys.prepare(staged);
      CaKeys.NewKey rootKey = keys.generate(config.scheme());
      X509Certificate root = certificates.root("Muster Root CA", rootKey.key());
      rootKey.keep(staged, ROOT, root);
      for (Map.Entry<String, String> issuing : ISSUING.entrySet()) {
        CaKeys.NewKey key = keys.generate(config.scheme());
        X509Certificate certificate = certificates.issuing(
            issuing.getValue(), key.key().publicKey(), root, rootKey.key(), null);
        key.keep(staged, issuing.getKey(), certificate, root);
      }
    });
  }

  /** As below, with keys in files. */
  public static CertificateAuthorities open(Path directory) {
    return open(directory, CaConfig.DEFAULT);
  }

  /**
   * Opens what {@link #create} wrote, and checks that it is whole: every file can be read, every
   * key belongs to its certificate, and both issuing CAs are signed by the root.
   *
   * @throws DamagedFileException naming the file, what is wrong, and what to do
   * @throws TokenException if the keys are not where {@code config} says
   */
  public static CertificateAuthorities open(Path directory, CaConfig config) {
    requireNonNull(directory, "directory");
    CaKeys keys = keys(directory, config.token());
    AuthorityHistory history =
        HistoryFile.read(directory).orElseGet(() -> firstGeneration(directory, keys));
    return new CertificateAuthorities(directory, keys, history, new SecureRandom());
  }

  private static AuthorityHistory firstGeneration(Path directory, CaKeys keys) {
    CaKeys.Found device = keys.find(directory, DEVICE);
    CaKeys.Found service = keys.find(directory, SERVICE);
    if (device.certificate().getPublicKey().equals(service.certificate().getPublicKey())) {
      throw CaFile.damaged(service.file(), "has the same key as " + device.file(), null);
    }
    return new AuthorityHistory(
        0,
        List.of(
            first(AuthorityHistory.ROOT, keys.find(directory, ROOT)),
            first(AuthorityHistory.DEVICE, device),
            first(AuthorityHistory.SERVICE, service)));
  }

  private static CaKeys keys(Path directory, @Nullable Pkcs11Token token) {
    boolean inToken = TokenCaKeys.areOf(directory, ROOT);
    if (token == null && inToken) {
      throw new TokenException(
          "enrollment.ca.pkcs11: not set (expected: the token that holds the keys of the CAs in "
              + directory + ")",
          "name its library, tokenLabel and pinFile");
    }
    if (token != null && !inToken && FileCaKeys.areOf(directory, ROOT)) {
      throw new TokenException(
          "enrollment.ca.pkcs11: names " + token + ", but the keys of the CAs are in files, in "
              + directory,
          "keys do not move into a token; leave the setting out, or start with a new data directory");
    }
    return token == null ? FileCaKeys.in(directory) : TokenCaKeys.open(token);
  }

  private static Authority first(String id, CaKeys.Found found) {
    return new Authority(
        id,
        Authority.State.ACTIVE,
        found.certificate().getNotBefore().toInstant(),
        AuthorityHistory.ROOT,
        found.certificate(),
        null);
  }

  /** Opens every key that is still used, and checks it against what the history says of it. */
  private Current opened(AuthorityHistory history) {
    Map<String, Opened> opened = new HashMap<>();
    for (Authority authority : history.all()) {
      if (authority.isTrusted()) {
        Opened before = current.opened().get(authority.id());
        opened.put(
            authority.id(),
            before != null && before.issuer().certificate().equals(authority.certificate())
                ? before
                : open(history, authority));
      }
    }
    return new Current(history, opened);
  }

  private Opened open(AuthorityHistory history, Authority authority) {
    CaKeys.Found found = keys.find(directory, fileName(authority.id()));
    if (!found.certificate().equals(authority.certificate())) {
      throw CaFile.damaged(
          found.file(), "its certificate is not the one that " + HistoryFile.NAME + " names", null);
    }
    Path parent = directory.resolve(fileName(authority.parent()));
    boolean signed = history
        .find(authority.parent())
        .map(root -> CertificateLink.issued(root.certificate(), found.certificate()))
        .orElse(false);
    if (!signed) {
      throw CaFile.damaged(
          found.file(), "its certificate is not signed by the root in " + parent, null);
    }
    return new Opened(
        found.key(), new LocalIssuer(authority.id(), found.certificate(), found.key(), random));
  }

  private static String fileName(String id) {
    return Authority.kindOf(id).equals(AuthorityHistory.ROOT) ? id : id + "-ca";
  }

  /** All CAs, with their states. */
  public AuthorityHistory history() {
    return current.history();
  }

  /** As {@link #history}, without what {@link #limit} took away. */
  public synchronized AuthorityHistory kept() {
    return kept;
  }

  /**
   * Takes over what another process has written into the directory. Blocks.
   *
   * @return what is there now
   * @throws DamagedFileException if a file is missing or cannot be read; nothing has changed then
   * @throws TokenException if the token does not hold a new key
   */
  public synchronized AuthorityHistory reread() {
    AuthorityHistory found = HistoryFile.read(directory).orElse(kept);
    if (!found.equals(kept)) {
      current = opened(found);
      kept = found;
      listener.run();
    }
    return kept;
  }

  /**
   * Until further notice, holds some CAs for compromised although the directory does not say so,
   * and issues nothing if there is a reason not to.
   *
   * @param lost ids of issuing CAs
   * @param reason why nothing is issued; null if all may be
   */
  public synchronized void limit(Set<String> lost, @Nullable String reason) {
    halted = reason;
    AuthorityHistory known = kept.without(lost);
    if (!known.equals(current.history())) {
      current = opened(known);
      listener.run();
    }
  }

  /** Whether {@link #limit} forbids to issue anything. */
  public boolean isHalted() {
    return halted != null;
  }

  /**
   * Called after each change from now on, on the thread that made it; and from time to time, in
   * case that it has failed.
   */
  public void onChange(Runnable listener) {
    this.listener = listener;
  }

  /** Tells the listener where things stand. */
  public void tell() {
    listener.run();
  }

  /**
   * Makes the next CA of a kind, to be used later. Blocks.
   *
   * @param crl where the CRL of its root is to be had; null for a root, and if nowhere
   * @return its id
   * @throws IllegalArgumentException if there is one already; worded for an operator
   */
  public synchronized String prepare(String kind, @Nullable URI crl, Instant now) {
    AuthorityHistory history = current.history();
    history.prepared(kind).ifPresent(already -> {
      throw new IllegalArgumentException(
          "authority: " + already.id() + " is prepared already (expected: to be active first)");
    });
    AuthorityHistory next = history.with(make(kind, crl, now));
    commit(next);
    return next.all().get(next.all().size() - 1).id();
  }

  private Authority make(String kind, @Nullable URI crl, Instant now) {
    AuthorityHistory history = current.history();
    String id = history.nextId(kind);
    Authority root = history.active(AuthorityHistory.ROOT);
    SigningKey rootKey = current.signing(AuthorityHistory.ROOT).key();
    CaCertificates certificates = new CaCertificates(random, now);
    CaKeys.NewKey key = keys.generate(rootKey.scheme());
    Authority made;
    if (kind.equals(AuthorityHistory.ROOT)) {
      X509Certificate own = certificates.root(NAMES.get(kind), key.key());
      made = new Authority(
          id,
          Authority.State.PREPARED,
          now,
          id,
          own,
          new Authority.Bridge(
              certificates.cross(own, root.certificate(), rootKey),
              certificates.cross(root.certificate(), own, key.key())));
      keep(key, id, own);
    } else {
      X509Certificate own = certificates.issuing(
          NAMES.get(kind), key.key().publicKey(), root.certificate(), rootKey, crl);
      made = new Authority(id, Authority.State.PREPARED, now, root.id(), own, null);
      keep(key, id, own, root.certificate());
    }
    return made;
  }

  /**
   * Its files are on the disk before the history names them; a crash leaves files of no meaning.
   */
  private void keep(CaKeys.NewKey key, String id, X509Certificate... chain) {
    Path making = directory.resolve(MAKING);
    PrivateDirectory.replace(making, staged -> key.keep(staged, fileName(id), chain));
    try (Stream<Path> files = Files.list(making)) {
      for (Path file : files.toList()) {
        Files.move(
            file,
            directory.resolve(file.getFileName()),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
      Files.delete(making);
      DurableFiles.flushFolder(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(directory + ": cannot be written", e);
    }
  }

  /**
   * Takes a prepared CA into use; the one before it retires. Blocks.
   *
   * @throws IllegalArgumentException if it is not a prepared one; worded for an operator
   */
  public synchronized void activate(String id, Instant now) {
    commit(current.history().changed(id, Authority.State.ACTIVE, now));
  }

  /** Drops a CA all of whose certificates have ended. Blocks. */
  public synchronized void end(String id, Instant now) {
    commit(current.history().changed(id, Authority.State.ENDED, now));
  }

  /**
   * Drops a CA whose key is in other hands, at once. If it is the active one, the prepared one
   * takes its place, which must be there. Blocks.
   *
   * @throws IllegalArgumentException if that cannot be; worded for an operator
   */
  public synchronized void compromise(String id, Instant now) {
    AuthorityHistory history = current.history();
    Authority lost = history
        .find(id)
        .orElseThrow(() -> new IllegalArgumentException("authority: no \"" + id + "\""));
    if (lost.state() == Authority.State.ACTIVE) {
      Authority next = history
          .prepared(lost.kind())
          .orElseThrow(() -> new IllegalStateException("no successor of " + id));
      history = history.changed(next.id(), Authority.State.ACTIVE, now);
    }
    commit(history.changed(id, Authority.State.COMPROMISED, now));
  }

  /** The one point from which on a change holds. */
  private void commit(AuthorityHistory next) {
    Current opened = opened(next);
    HistoryFile.write(directory, next);
    kept = next;
    current = opened;
    listener.run();
  }

  /** The root under which CAs are made now. */
  public X509Certificate root() {
    return current.history().active(AuthorityHistory.ROOT).certificate();
  }

  /** The CA that issues LDevIDs now. */
  public X509Certificate deviceCa() {
    return current.signing(AuthorityHistory.DEVICE).issuer().certificate();
  }

  /** The CA that issues to servers, services and people now. */
  public X509Certificate serviceCa() {
    return current.signing(AuthorityHistory.SERVICE).issuer().certificate();
  }

  /**
   * Signs with the key of {@link #deviceCa()}.
   *
   * @throws IssuanceException if nothing is issued now
   */
  public CertificateIssuer deviceIssuer() {
    return issuing(AuthorityHistory.DEVICE);
  }

  /**
   * Signs with the key of {@link #serviceCa()}.
   *
   * @throws IssuanceException if nothing is issued now
   */
  public CertificateIssuer serviceIssuer() {
    return issuing(AuthorityHistory.SERVICE);
  }

  private CertificateIssuer issuing(String kind) {
    String reason = halted;
    if (reason != null) {
      throw new IssuanceException(reason);
    }
    return current.signing(kind).issuer();
  }

  /** All issuing CAs whose certificates are still about, by their ids. */
  public Map<String, CertificateIssuer> issuers() {
    Map<String, CertificateIssuer> issuers = new HashMap<>(crlSigners());
    issuers.keySet().removeIf(id -> Authority.kindOf(id).equals(AuthorityHistory.ROOT));
    return issuers;
  }

  /** All CAs that make CRLs, by their ids: the issuing ones, and the roots. */
  public Map<String, CertificateIssuer> crlSigners() {
    Map<String, CertificateIssuer> signers = new HashMap<>();
    current.opened().forEach((id, opened) -> signers.put(id, opened.issuer()));
    return signers;
  }

  /** The certificates of the issuing CAs whose certificates are good. */
  public List<X509Certificate> trustedIssuers() {
    return issuers().values().stream().map(CertificateIssuer::certificate).toList();
  }

  /** The certificates of all CAs that there ever were. */
  public List<X509Certificate> everKnown() {
    return history().all().stream().map(Authority::certificate).toList();
  }

  /** Whether it is the key of one of the CAs that there ever were. */
  public boolean isKey(Fingerprint key) {
    return current.keys().contains(key);
  }

  /** What is to be sent above a certificate of the service CA now. */
  public List<X509Certificate> serviceChain(Instant now) {
    AuthorityHistory history = history();
    return history.chain(history.active(AuthorityHistory.SERVICE), now);
  }

  /** Whether a credential is of the service CA that issues now, and shows the chain of now. */
  public boolean isOfToday(ServiceCredential credential, Instant now) {
    List<X509Certificate> chain = credential.chain();
    return chain.subList(1, chain.size()).equals(serviceChain(now));
  }

  /**
   * A new key with a TLS server certificate, valid for a year.
   *
   * @param hostNames DNS names and IP addresses, at least one
   */
  public ServiceCredential issueServer(Collection<String> hostNames, Clock clock) {
    return issueServer(hostNames, SERVICE_VALIDITY, clock);
  }

  /** As above, valid for as long as {@code validity}. */
  public ServiceCredential issueServer(
      Collection<String> hostNames, Duration validity, Clock clock) {
    return issue(CertificateProfile.server(hostNames, validity), clock);
  }

  /**
   * A new key with a client certificate, valid for a year.
   *
   * @param name 1 to 63 of {@code [a-z0-9._-]}
   * @param role {@code service}, {@code consumer} or {@code operator}
   * @param fleet what the role is limited to; null for all fleets
   * @throws IllegalArgumentException if name or role are none
   */
  public ServiceCredential issueService(
      String name, String role, @Nullable FleetName fleet, Clock clock) {
    return issueService(name, role, fleet, SERVICE_VALIDITY, clock);
  }

  /** As above, valid for as long as {@code validity}. */
  public ServiceCredential issueService(
      String name, String role, @Nullable FleetName fleet, Duration validity, Clock clock) {
    return issue(
        CertificateProfile.service(checkName(name), checkRole(role), fleet, validity, null), clock);
  }

  /** A new key, in memory alone, for who signs the audit log. */
  public ServiceCredential issueAuditSigner(Duration validity, Clock clock) {
    return issue(CertificateProfile.auditSigner(validity), clock);
  }

  /** @throws IllegalArgumentException if that is no name for a service */
  public static String checkName(String name) {
    if (!DeviceId.isValid(name)) {
      throw new IllegalArgumentException("name: " + Quoted.of(name)
          + " (expected: 1 to 63 of [a-z0-9._-], starting with a letter or digit)");
    }
    return name;
  }

  /** @throws IllegalArgumentException if there is no such role */
  public static String checkRole(String role) {
    if (!ROLES.contains(role)) {
      throw new IllegalArgumentException(
          "role: " + Quoted.of(role) + " (expected: service, consumer or operator)");
    }
    return role;
  }

  private ServiceCredential issue(CertificateProfile profile, Clock clock) {
    KeyPair keys = KeyPairs.generate(SignatureScheme.ECDSA_P256);
    Instant now = clock.instant();
    CertificateIssuer issuer = serviceIssuer();
    List<X509Certificate> chain = new ArrayList<>(serviceChain(now));
    chain.add(0, issuer.issue(profile, keys.getPublic(), now).certificate());
    return new ServiceCredential(keys.getPrivate(), chain);
  }

  /** Without keys. */
  @Override
  public String toString() {
    return "CertificateAuthorities[" + root().getSubjectX500Principal().getName() + "]";
  }
}
