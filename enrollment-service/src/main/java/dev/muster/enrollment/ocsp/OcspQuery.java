/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.ocsp.OCSPRequest;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.Req;
import org.jspecify.annotations.Nullable;

/**
 * What somebody wants to know.
 *
 * <p>A signature on it, if any, is not looked at: answers are for everybody (RFC 6960, 4.1.2).
 *
 * @param certificates at least one
 * @param nonce to be given back; null if none
 */
record OcspQuery(List<CertificateID> certificates, @Nullable Extension nonce) {
  private static final int MAX_CERTIFICATES = 16;
  private static final int MAX_NONCE = 128;

  OcspQuery {
    certificates = List.copyOf(certificates);
  }

  /** Empty if it is malformed, or asks for what we do not do. */
  static Optional<OcspQuery> parse(byte[] der) {
    try {
      OCSPReq request = new OCSPReq(OCSPRequest.getInstance(ASN1Primitive.fromByteArray(der)));
      Req[] wanted = request.getRequestList();
      @Nullable Extension nonce = request.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce);
      boolean good = request.getVersionNumber() == 1
          && wanted.length >= 1
          && wanted.length <= MAX_CERTIFICATES
          && isNonce(nonce)
          && knowsAllCritical(request, wanted);
      return good
          ? Optional.of(new OcspQuery(Stream.of(wanted).map(Req::getCertID).toList(), nonce))
          : Optional.empty();
    } catch (IOException | RuntimeException e) {
      // BouncyCastle answers some broken input with runtime exceptions of its own.
      return Optional.empty();
    }
  }

  /** An OCTET STRING of 1 to 128 octets (RFC 9654, 2.1). */
  private static boolean isNonce(@Nullable Extension nonce) throws IOException {
    if (nonce == null) {
      return true;
    }
    ASN1Primitive value = ASN1Primitive.fromByteArray(nonce.getExtnValue().getOctets());
    int length = value instanceof ASN1OctetString octets ? octets.getOctetsLength() : 0;
    return length >= 1 && length <= MAX_NONCE;
  }

  private static boolean knowsAllCritical(OCSPReq request, Req[] wanted) {
    Set<?> critical = request.getCriticalExtensionOIDs();
    return Set.of(OCSPObjectIdentifiers.id_pkix_ocsp_nonce).containsAll(critical)
        && Stream.of(wanted)
            .allMatch(one -> one.getSingleRequestExtensions() == null
                || one.getSingleRequestExtensions().getCriticalExtensionOIDs().length == 0);
  }
}
