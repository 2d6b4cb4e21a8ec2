/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.renewal;

import dev.muster.protocol.identity.Quoted;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;

/**
 * A certificate as a URL names it: {@code base64url(AKI) "." base64url(serial number)}, as in ACME
 * (RFC 9773, 4.1).
 *
 * @param authority hexadecimal digits of the issuer's key identifier
 */
public record CertificateId(String authority, BigInteger serial) {
  private static final Pattern FORM =
      Pattern.compile("([A-Za-z0-9_-]{1,64})\\.([A-Za-z0-9_-]{1,32})");

  /** @throws IllegalArgumentException if it has not that form */
  public static CertificateId parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw malformed(text, null);
    }
    try {
      byte[] authority = Base64.getUrlDecoder().decode(matcher.group(1));
      BigInteger serial = new BigInteger(Base64.getUrlDecoder().decode(matcher.group(2)));
      if (serial.signum() <= 0) {
        throw malformed(text, null);
      }
      return new CertificateId(HexFormat.of().formatHex(authority), serial);
    } catch (IllegalArgumentException e) {
      throw malformed(text, e);
    }
  }

  private static IllegalArgumentException malformed(
      String text, @org.jspecify.annotations.Nullable Throwable cause) {
    return new IllegalArgumentException(
        "certificate: " + Quoted.of(text)
            + " (expected: base64url of the authority key identifier, a dot, base64url of the"
            + " serial number)",
        cause);
  }

  /** Whether the certificate's issuer has that key identifier. */
  boolean isIssuedBy(X509Certificate certificate) {
    byte[] extension = certificate.getExtensionValue(Extension.authorityKeyIdentifier.getId());
    if (extension == null) {
      return false;
    }
    byte[] identifier = AuthorityKeyIdentifier.getInstance(
            ASN1OctetString.getInstance(extension).getOctets())
        .getKeyIdentifierOctets();
    return Arrays.equals(identifier, HexFormat.of().parseHex(authority));
  }
}
