/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.LocalIssuer;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The root and its two issuing CAs: one for devices, one for services, so that neither kind of
 * certificate can ever pass as the other.
 *
 * <p>Thread-safe; creating, opening and issuing block.
 */
public final class CertificateAuthorities {
  private static final String ROOT = "root";
  private static final String DEVICE = "device-ca";
  private static final String SERVICE = "service-ca";
  private static final Map<String, String> ISSUING =
      Map.of(DEVICE, "Muster Device CA", SERVICE, "Muster Service CA");
  private static final Duration SERVICE_VALIDITY = Duration.ofDays(365);
  private static final Set<String> ROLES = Set.of("service", "consumer", "operator");

  private final X509Certificate root;
  private final LocalIssuer device;
  private final LocalIssuer service;

  private CertificateAuthorities(X509Certificate root, LocalIssuer device, LocalIssuer service) {
    this.root = root;
    this.device = device;
    this.service = service;
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
        X509Certificate certificate =
            certificates.issuing(issuing.getValue(), key.key().publicKey(), root, rootKey.key());
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
    CaKeys.Found root = keys.find(directory, ROOT);
    CaKeys.Found device = keys.find(directory, DEVICE);
    CaKeys.Found service = keys.find(directory, SERVICE);
    for (CaKeys.Found found : List.of(root, device, service)) {
      if (!KeyPairs.signed(root.certificate(), found.certificate())) {
        throw CaFile.damaged(
            found.file(), "its certificate is not signed by the root in " + root.file(), null);
      }
    }
    if (device.certificate().getPublicKey().equals(service.certificate().getPublicKey())) {
      throw CaFile.damaged(service.file(), "has the same key as " + device.file(), null);
    }
    SecureRandom random = new SecureRandom();
    return new CertificateAuthorities(
        root.certificate(),
        new LocalIssuer("device", device.certificate(), device.key(), random),
        new LocalIssuer("service", service.certificate(), service.key(), random));
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

  /** The root, the one certificate that everybody trusts. */
  public X509Certificate root() {
    return root;
  }

  /** The CA that issues LDevIDs. */
  public X509Certificate deviceCa() {
    return device.certificate();
  }

  /** The CA that issues to servers, services and people. */
  public X509Certificate serviceCa() {
    return service.certificate();
  }

  /** Signs with the key of {@link #deviceCa()}. */
  public CertificateIssuer deviceIssuer() {
    return device;
  }

  /** Signs with the key of {@link #serviceCa()}. */
  public CertificateIssuer serviceIssuer() {
    return service;
  }

  /** All issuing CAs whose certificates are still about, by their ids. */
  public Map<String, CertificateIssuer> issuers() {
    return Map.of(device.id(), device, service.id(), service);
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
    X509Certificate certificate = service.issue(profile, keys.getPublic(), clock.instant());
    return new ServiceCredential(keys.getPrivate(), List.of(certificate, service.certificate()));
  }

  /** Without keys. */
  @Override
  public String toString() {
    return "CertificateAuthorities[" + root.getSubjectX500Principal().getName() + "]";
  }
}
