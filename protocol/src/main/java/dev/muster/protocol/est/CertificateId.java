/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import dev.muster.protocol.identity.Quoted;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A certificate as a URL names it: {@code base64url(AKI) "." base64url(serial number)}, as in ACME
 * (RFC 9773, 4.1).
 *
 * @param authority hexadecimal digits of the issuer's key identifier
 */
public record CertificateId(String authority, BigInteger serial) {
  private static final String AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";

  /** Its first field, {@code [0]} (RFC 5280, 4.2.1.1). */
  private static final int KEY_IDENTIFIER = 0x80;

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

  /** Empty if the certificate does not tell the key identifier of its issuer. */
  public static Optional<CertificateId> of(X509Certificate certificate) {
    return authority(certificate)
        .map(authority -> new CertificateId(authority, certificate.getSerialNumber()));
  }

  /** Whether the certificate's issuer has that key identifier. */
  public boolean isIssuedBy(X509Certificate certificate) {
    return authority(certificate).filter(authority::equals).isPresent();
  }

  private static Optional<String> authority(X509Certificate certificate) {
    byte[] extension = certificate.getExtensionValue(AUTHORITY_KEY_IDENTIFIER);
    if (extension == null) {
      return Optional.empty();
    }
    Der identifier = Der.of(Der.of(extension).content(Der.OCTET_STRING)).enter(Der.SEQUENCE);
    return identifier.isNext(KEY_IDENTIFIER)
        ? Optional.of(HexFormat.of().formatHex(identifier.content(KEY_IDENTIFIER)))
        : Optional.empty();
  }

  /** As a URL names it. */
  @Override
  public String toString() {
    Base64.Encoder base64url = Base64.getUrlEncoder().withoutPadding();
    return base64url.encodeToString(HexFormat.of().parseHex(authority)) + "."
        + base64url.encodeToString(serial.toByteArray());
  }
}
