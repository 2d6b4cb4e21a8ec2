/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.EnrollmentException;
import dev.muster.device.ServerProtocolException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.est.CertificateId;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.est.ExtensionWish;
import dev.muster.protocol.identity.DeviceSubject;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * Asks an EST server for a certificate (RFC 7030). Every method blocks, up to the time limit and a
 * little more; an instance serves one thread, and {@link #abort} may come from any.
 */
public final class EstClient {
  private static final X500Principal NO_NAME = new X500Principal("");

  private final EstChannel channel;
  private final TrustAnchors trust;

  /**
   * @param base {@code https://host:port}, with or without {@code /.well-known/est} and a label; or
   *     {@code coaps://host:port}, if there is a library for it
   * @param identity shown to the server
   */
  public EstClient(
      URI base, TlsIdentity identity, TrustAnchors trust, Duration limit, DeviceClock clock) {
    this(base, identity, null, trust, limit, clock);
  }

  /**
   * As above, with a claim token.
   *
   * @param claim shown with the first enrollment alone, to a server that TLS has authenticated
   * @throws IllegalArgumentException if a claim token cannot be shown at such an address
   */
  public EstClient(
      URI base,
      TlsIdentity identity,
      @Nullable ClaimToken claim,
      TrustAnchors trust,
      Duration limit,
      DeviceClock clock) {
    this.channel = EstChannels.open(base, identity, claim, limit, clock);
    this.trust = trust;
  }

  /**
   * First enrollment (RFC 7030, 4.2.1). The name is left to the registrar.
   *
   * @throws EnrollmentException by its kind: what to do next
   */
  public IssuedCertificate enroll(KeyPair keys) throws EnrollmentException {
    return request(EstOperation.SIMPLE_ENROLL, keys, NO_NAME);
  }

  /**
   * Renewal with a new key (RFC 7030, 4.2.2), authenticated by the certificate to be replaced.
   *
   * @param subject that of the certificate in use, to the byte
   * @throws EnrollmentException by its kind: what to do next
   */
  public IssuedCertificate reenroll(KeyPair keys, X500Principal subject)
      throws EnrollmentException {
    return request(EstOperation.SIMPLE_REENROLL, keys, subject);
  }

  /** Asks for nothing but the time, which the clock learns from any answer over HTTPS. */
  public void askTime() throws EnrollmentException {
    try {
      channel.get(EstOperation.CA_CERTS);
    } finally {
      channel.hangUp();
    }
  }

  /**
   * Asks when the server would like a certificate to be renewed.
   *
   * @return null if it has no opinion
   */
  public @Nullable RenewalAdvice renewalInfo(X509Certificate certificate)
      throws EnrollmentException {
    try {
      Optional<CertificateId> id = CertificateId.of(certificate);
      return id.isEmpty() ? null : channel.renewalInfo(id.get());
    } finally {
      channel.hangUp();
    }
  }

  /** Ends a call in progress, which then throws, and lets no other begin; does not block. */
  public void abort() {
    channel.abort();
  }

  private IssuedCertificate request(EstOperation operation, KeyPair keys, X500Principal subject)
      throws EnrollmentException {
    try {
      List<X509Certificate> authorities = parse(channel.get(EstOperation.CA_CERTS));
      List<ExtensionWish> extensions = Wishes.read(channel.get(EstOperation.CSR_ATTRS));
      byte[] request = CertificationRequests.write(keys, subject, extensions);
      List<X509Certificate> issued = parse(channel.post(operation, request));
      return check(leafFor(keys, issued), authorities, issued);
    } finally {
      channel.hangUp();
    }
  }

  private static X509Certificate leafFor(KeyPair keys, List<X509Certificate> issued)
      throws ServerProtocolException {
    for (X509Certificate certificate : issued) {
      boolean ours = Arrays.equals(
          certificate.getPublicKey().getEncoded(), keys.getPublic().getEncoded());
      if (ours) {
        return certificate;
      }
    }
    throw new ServerProtocolException(
        "the server's answer has no certificate for our key, among " + issued.size(), null);
  }

  private IssuedCertificate check(
      X509Certificate leaf, List<X509Certificate> authorities, List<X509Certificate> issued)
      throws ServerProtocolException {
    try {
      List<X509Certificate> others = new ArrayList<>(authorities);
      others.addAll(issued);
      return new IssuedCertificate(
          trust.path(leaf, others), DeviceSubject.of(leaf.getSubjectX500Principal()), authorities);
    } catch (GeneralSecurityException e) {
      throw new ServerProtocolException(
          "the certificate received does not lead to the trust anchor of this device", e);
    } catch (IllegalArgumentException e) {
      throw new ServerProtocolException(
          "the certificate received names no device: " + e.getMessage(), e);
    }
  }

  static List<X509Certificate> parse(byte[] certsOnly) throws ServerProtocolException {
    try {
      List<X509Certificate> certificates = new ArrayList<>();
      for (Certificate certificate : CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(certsOnly))) {
        certificates.add((X509Certificate) certificate);
      }
      if (certificates.isEmpty()) {
        throw new ServerProtocolException("the server's answer holds no certificate", null);
      }
      return certificates;
    } catch (CertificateException e) {
      throw new ServerProtocolException(
          "the server's answer is not certs-only PKCS#7 (RFC 8951, 3.2.1)", e);
    }
  }
}
