/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.ocsp.CertID;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.ocsp.CertificateID;

/** How askers name an issuer: by hashes of its name and its key (RFC 6960, 4.1.1; RFC 9919). */
final class IssuerHashes {
  private record Hashes(byte[] name, byte[] key) {}

  private final Map<ASN1ObjectIdentifier, Hashes> known = new HashMap<>();

  IssuerHashes(X509Certificate issuer) {
    byte[] name = issuer.getSubjectX500Principal().getEncoded();
    byte[] key = SubjectPublicKeyInfo.getInstance(issuer.getPublicKey().getEncoded())
        .getPublicKeyData()
        .getBytes();
    // SHA-1 identifies here and protects nothing; RFC 5019 knew no other.
    known.put(OIWObjectIdentifiers.idSHA1, hashes("SHA-1", name, key));
    known.put(NISTObjectIdentifiers.id_sha256, hashes("SHA-256", name, key));
  }

  private static Hashes hashes(String algorithm, byte[] name, byte[] key) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      return new Hashes(digest.digest(name), digest.digest(key));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no " + algorithm, e);
    }
  }

  /** As most name a certificate of this issuer (RFC 5019, 2.1.1). */
  CertificateID id(BigInteger serial) {
    Hashes hashes = Objects.requireNonNull(known.get(OIWObjectIdentifiers.idSHA1));
    return new CertificateID(new CertID(
        new AlgorithmIdentifier(OIWObjectIdentifiers.idSHA1, DERNull.INSTANCE),
        new DEROctetString(hashes.name),
        new DEROctetString(hashes.key),
        new ASN1Integer(serial)));
  }

  /**
   * Whether the algorithm is written as nearly all do, with NULL for parameters. Without any it is
   * the same (RFC 5754, 2), but asks for an answer of its own, with the same CertID.
   */
  static boolean isUsual(CertificateID id) {
    return id.toASN1Primitive().getHashAlgorithm().getParameters() != null;
  }

  /** Whether a certificate of this issuer is asked about. */
  boolean matches(CertificateID id) {
    AlgorithmIdentifier algorithm = id.toASN1Primitive().getHashAlgorithm();
    ASN1Encodable parameters = algorithm.getParameters();
    Hashes hashes = known.get(algorithm.getAlgorithm());
    return hashes != null
        && (parameters == null || DERNull.INSTANCE.equals(parameters))
        && MessageDigest.isEqual(hashes.name, id.getIssuerNameHash())
        && MessageDigest.isEqual(hashes.key, id.getIssuerKeyHash());
  }
}
