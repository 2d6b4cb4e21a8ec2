/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.issuance.Der;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;

/** The ASN.1 that EST sends. */
public final class EstMessages {
  /** An EXPLICIT [0], and an IMPLICIT one of a SET. */
  private static final int FIRST = 0xa0;

  private static final byte[] SIGNED_DATA = encoded(CMSObjectIdentifiers.signedData);
  private static final byte[] VERSION_1 = encoded(new ASN1Integer(1));
  private static final byte[] NONE = encoded(new DERSet());
  private static final byte[] NO_CONTENT =
      encoded(new ContentInfo(CMSObjectIdentifiers.data, null));

  private EstMessages() {}

  /** As {@link #certsOnly(byte[][])}. */
  public static byte[] certsOnly(List<X509Certificate> certificates) {
    byte[][] encodings = new byte[certificates.size()][];
    try {
      for (int i = 0; i < encodings.length; i++) {
        encodings[i] = certificates.get(i).getEncoded();
      }
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("cannot encode certificates", e);
    }
    return certsOnly(encodings);
  }

  /**
   * A certs-only message: a SignedData that nobody signed (RFC 5272, 4.1; RFC 8951, 3.2.1).
   *
   * @param certificates in DER
   */
  public static byte[] certsOnly(byte[]... certificates) {
    byte[][] set = certificates.clone();
    // The order of a SET OF in DER (X.690, 11.6).
    Arrays.sort(set, Arrays::compareUnsigned);
    return Der.sequence(
        SIGNED_DATA,
        Der.of(FIRST, Der.sequence(VERSION_1, NONE, NO_CONTENT, Der.of(FIRST, set), NONE)));
  }

  private static byte[] encoded(ASN1Object value) {
    try {
      return value.getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
