/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.RenewalWindow;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A certificate we issued.
 *
 * @param issuer label of the issuing CA: {@code device} or {@code service}
 * @param role the OU of its subject
 * @param profile the named profile of a device's certificate; null for the base one
 * @param device whose it is; null for a service
 * @param replaces serial number of the certificate it was renewed from; null if from none
 * @param shard the part of the issuer's CRLs it belongs to; 0 for the complete CRL alone
 * @param reason null while active
 * @param revokedAt null while active
 * @param usedAt when somebody first came with it; null as long as nobody is known to have
 */
public record CertificateRecord(
    String issuer,
    String role,
    @Nullable String profile,
    @Nullable DeviceId device,
    @Nullable String replaces,
    int shard,
    Instant issuedAt,
    CertificateStatus status,
    @Nullable RevocationReason reason,
    @Nullable Instant revokedAt,
    @Nullable Instant usedAt,
    IssuedCertificate stored) {

  /** A new, active one. */
  public static CertificateRecord issued(
      String issuer,
      String role,
      @Nullable DeviceId device,
      @Nullable String replaces,
      Instant now,
      IssuedCertificate certificate) {
    return new CertificateRecord(
        issuer,
        role,
        null,
        device,
        replaces,
        0,
        now,
        CertificateStatus.ACTIVE,
        null,
        null,
        null,
        certificate);
  }

  /** The same, issued under a named profile; null for the base one. */
  public CertificateRecord under(@Nullable String profileName) {
    return new CertificateRecord(
        issuer,
        role,
        profileName,
        device,
        replaces,
        shard,
        issuedAt,
        status,
        reason,
        revokedAt,
        usedAt,
        stored);
  }

  /** The same, in a shard. */
  public CertificateRecord in(int place) {
    return new CertificateRecord(
        issuer, role, profile, device, replaces, place, issuedAt, status, reason, revokedAt, usedAt,
        stored);
  }

  /** The serial number as lower-case hexadecimal digits, as operators and URLs name it. */
  public String serial() {
    return stored.serial();
  }

  /** SHA-256 of its public key. */
  public Fingerprint key() {
    return stored.key();
  }

  public Instant notAfter() {
    return stored.notAfter();
  }

  /** The certificate itself; read from its encoding at the first call. */
  public X509Certificate certificate() {
    return stored.certificate();
  }

  /** When its usual renewal window closes: whoever has not renewed it by then has failed to. */
  Instant renewBy() {
    return notAfter().isAfter(issuedAt)
        ? new RenewalWindow(issuedAt, notAfter()).closes()
        : notAfter();
  }

  /** Active, and not ended. */
  public boolean isLive(Instant now) {
    return status == CertificateStatus.ACTIVE && now.isBefore(notAfter());
  }
}
