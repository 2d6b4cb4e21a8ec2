/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.lint.CertificateKind;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate says, but for key, serial number and dates. Computed from the registry, never
 * copied from a request.
 *
 * @param kind what it is meant to be, by which the lint judges what has been made of it
 * @param validity from now on; cut where the issuer ends
 * @param status where its status is to be had; null if it says nothing about that
 */
public record CertificateProfile(
    CertificateKind kind,
    X500Name subject,
    List<GeneralName> alternativeNames,
    KeyPurposeId purpose,
    Duration validity,
    @Nullable StatusUrls status) {
  /** RFC 9336, 3. */
  private static final KeyPurposeId DOCUMENT_SIGNING =
      KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.36"));

  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  public CertificateProfile {
    requireNonNull(kind, "kind");
    requireNonNull(subject, "subject");
    requireNonNull(purpose, "purpose");
    alternativeNames = List.copyOf(alternativeNames);
    if (validity.isNegative() || validity.isZero()) {
      throw new IllegalArgumentException("validity: " + validity + " (expected: more than zero)");
    }
  }

  /**
   * An LDevID: {@code CN=<device>, O=<fleet>, OU=device} and {@code urn:muster:<fleet>:<device>}.
   */
  public static CertificateProfile device(
      DeviceSubject subject, Duration validity, @Nullable StatusUrls status) {
    return new CertificateProfile(
        CertificateKind.DEVICE,
        name(subject.device().value(), subject.fleet(), DeviceSubject.UNIT),
        List.of(new GeneralName(
            GeneralName.uniformResourceIdentifier, subject.toUrn().toString())),
        KeyPurposeId.id_kp_clientAuth,
        validity,
        status);
  }

  /** A client certificate for a program: {@code CN=<name>[, O=<fleet>], OU=<role>}. */
  public static CertificateProfile service(
      String name,
      String role,
      @Nullable FleetName fleet,
      Duration validity,
      @Nullable StatusUrls status) {
    return new CertificateProfile(
        CertificateKind.SERVICE,
        name(name, fleet, role),
        List.of(),
        KeyPurposeId.id_kp_clientAuth,
        validity,
        status);
  }

  /** For who signs the audit log, and nothing else: neither TLS nor code nor CRLs. */
  public static CertificateProfile auditSigner(Duration validity) {
    return new CertificateProfile(
        CertificateKind.AUDIT_SIGNER,
        name("audit", null, "audit"),
        List.of(),
        DOCUMENT_SIGNING,
        validity,
        null);
  }

  /**
   * A TLS server certificate; the first host is its CN.
   *
   * @param hosts DNS names and IP addresses
   */
  public static CertificateProfile server(Collection<String> hosts, Duration validity) {
    if (hosts.isEmpty()) {
      throw new IllegalArgumentException("hosts: none (expected: at least one name or address)");
    }
    List<GeneralName> names =
        hosts.stream().distinct().map(CertificateProfile::host).toList();
    return new CertificateProfile(
        CertificateKind.SERVER,
        name(hosts.iterator().next(), null, "server"),
        names,
        KeyPurposeId.id_kp_serverAuth,
        validity,
        null);
  }

  /** A certificate for whoever answers OCSP requests in the CA's name (RFC 6960, 4.2.2.2). */
  public static CertificateProfile ocspSigner(String issuer, Duration validity) {
    return new CertificateProfile(
        CertificateKind.OCSP_SIGNER,
        name("OCSP signer of " + issuer, null, "ocsp"),
        List.of(),
        KeyPurposeId.id_kp_OCSPSigning,
        validity,
        null);
  }

  private static GeneralName host(String host) {
    boolean address = ADDRESS.matcher(host).matches();
    return new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, host);
  }

  private static X500Name name(String commonName, @Nullable FleetName fleet, String unit) {
    X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
    builder.addRDN(BCStyle.CN, new DERUTF8String(commonName));
    if (fleet != null) {
      builder.addRDN(BCStyle.O, new DERUTF8String(fleet.value()));
    }
    builder.addRDN(BCStyle.OU, new DERUTF8String(unit));
    return builder.build();
  }
}
