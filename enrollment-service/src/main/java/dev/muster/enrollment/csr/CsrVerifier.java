/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.SubjectKey;
import java.io.IOException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * Reads certification requests of strangers (PKCS#10, RFC 2986), strictly: DER and nothing else, a
 * sound key, its signature, and no wish that we would not grant. Whatever is asked for beyond is
 * refused by name and never dropped in silence.
 *
 * <p>Thread-safe; verifying costs about a millisecond of CPU.
 */
public final class CsrVerifier {
  /** More than any honest request needs: one with an RSA 8192 key has 2.3 KB. */
  public static final int MAX_BYTES = 8 * 1024;

  private static final String SUBJECT = "subject";

  private static final Map<ASN1ObjectIdentifier, String> NAMES = Map.of(
      BCStyle.CN, "CN", BCStyle.O, "O", BCStyle.OU, "OU", BCStyle.SERIALNUMBER, "serialNumber");

  private final CryptoProviders crypto;
  private final BlockedKeys blocked;

  /** With the signatures of every Java, and no key blocked but those that everybody knows. */
  public CsrVerifier() {
    this(CryptoProviders.jdk(), BlockedKeys.NONE);
  }

  public CsrVerifier(CryptoProviders crypto, BlockedKeys blocked) {
    this.crypto = requireNonNull(crypto, "crypto");
    this.blocked = requireNonNull(blocked, "blocked");
  }

  /** Looks at a first request; never throws for what is in it. */
  public CsrCheck verify(byte[] der) {
    return verify(der, null);
  }

  /** As {@link #verify(byte[])}, but the request may repeat what stands in {@code renewed}. */
  public CsrCheck verify(byte[] der, @Nullable X509Certificate renewed) {
    try {
      return new CsrCheck.Accepted(read(der, renewed));
    } catch (CsrRefusedException e) {
      return e.toRefusal();
    } catch (RuntimeException e) {
      // BouncyCastle's many ways to say that a structure is not what its place demands.
      return new CsrCheck.Refused("CSR", "not a PKCS#10 request (expected: RFC 2986)");
    }
  }

  /** As {@link #verify}, but neither key nor signature is looked at (RFC 7030, 4.4.1). */
  public KeylessCsr.Check readKeyless(byte[] der) {
    try {
      PKCS10CertificationRequest csr = parse(der);
      List<VerifiedCsr.Name> names = names(csr.getSubject());
      Attributes attributes = Attributes.read(KeyProtection.others(csr.getAttributes()), null);
      return new KeylessCsr.Check.Accepted(new KeylessCsr(
          subject(csr),
          names,
          attributes.uris(),
          attributes.links(),
          KeyProtection.read(csr.getAttributes())));
    } catch (CsrRefusedException e) {
      return new KeylessCsr.Check.Refused(e.toRefusal());
    } catch (RuntimeException e) {
      // BouncyCastle's many ways to say that a structure is not what its place demands.
      return new KeylessCsr.Check.Refused(
          new CsrCheck.Refused("CSR", "not a PKCS#10 request (expected: RFC 2986)"));
    }
  }

  private VerifiedCsr read(byte[] der, @Nullable X509Certificate renewed)
      throws CsrRefusedException {
    PKCS10CertificationRequest csr = parse(der);
    PublicKey key = KeyRules.read(csr.getSubjectPublicKeyInfo());
    checkBlocked(key);
    RequestSignature.check(csr, key, crypto);
    List<VerifiedCsr.Name> names = names(csr.getSubject());
    Attributes attributes = Attributes.read(csr.getAttributes(), renewed);
    return new VerifiedCsr(
        new SubjectKey(key, der), subject(csr), names, attributes.uris(), attributes.links());
  }

  private static X500Principal subject(PKCS10CertificationRequest csr) throws CsrRefusedException {
    try {
      return new X500Principal(csr.getSubject().getEncoded(ASN1Encoding.DER));
    } catch (IOException e) {
      throw new CsrRefusedException(SUBJECT, "cannot be read (expected: a distinguished name)");
    }
  }

  private static PKCS10CertificationRequest parse(byte[] der) throws CsrRefusedException {
    if (der.length > MAX_BYTES) {
      throw new CsrRefusedException(
          "CSR", der.length + " bytes (expected: at most " + MAX_BYTES + ")");
    }
    if (!DerShape.holds(der)) {
      throw new CsrRefusedException("CSR", "not DER (expected: one PKCS#10 request in DER)");
    }
    try {
      ASN1Primitive primitive = ASN1Primitive.fromByteArray(der);
      CertificationRequest request = CertificationRequest.getInstance(primitive);
      // What BouncyCastle reads leniently it writes strictly; the two must be the same bytes.
      if (!Arrays.equals(request.getEncoded(ASN1Encoding.DER), der)) {
        throw new CsrRefusedException("CSR", "not DER (expected: one PKCS#10 request in DER)");
      }
      if (!request.getCertificationRequestInfo().getVersion().hasValue(0)) {
        throw new CsrRefusedException("version", "not v1 (expected: 0, RFC 2986, 4.1)");
      }
      return new PKCS10CertificationRequest(request);
    } catch (IOException e) {
      throw new CsrRefusedException("CSR", "not DER (expected: one PKCS#10 request in DER)");
    }
  }

  private void checkBlocked(PublicKey key) throws CsrRefusedException {
    if (blocked.contains(Fingerprint.of(key))) {
      throw new CsrRefusedException(
          "publicKey", "on the list of blocked keys (expected: a new key, of a sound generator)");
    }
  }

  private static List<VerifiedCsr.Name> names(X500Name subject) throws CsrRefusedException {
    List<VerifiedCsr.Name> names = new ArrayList<>();
    for (RDN rdn : subject.getRDNs()) {
      if (rdn.isMultiValued()) {
        throw new CsrRefusedException(
            SUBJECT, "a relative distinguished name has several values (expected: one)");
      }
      AttributeTypeAndValue attribute = rdn.getFirst();
      String type = NAMES.get(attribute.getType());
      if (type == null) {
        throw new CsrRefusedException(
            SUBJECT,
            "attribute " + attribute.getType() + " (expected: none but CN, O, OU, serialNumber)");
      }
      if (names.stream().anyMatch(name -> name.type().equals(type))) {
        throw new CsrRefusedException(SUBJECT, "several values of " + type + " (expected: one)");
      }
      names.add(new VerifiedCsr.Name(type, DirectoryText.read(SUBJECT, attribute.getValue())));
    }
    return names;
  }
}
