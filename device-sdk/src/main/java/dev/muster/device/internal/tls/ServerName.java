/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The host of a URI, as it stands in a server's certificate (RFC 9525).
 *
 * @param address null if it has a name
 */
public record ServerName(String name, @Nullable InetAddress address) {
  private static final Integer DNS_NAME = 2;
  private static final Integer IP_ADDRESS = 7;
  private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";

  /** Of nothing else does Java say without asking DNS what it is. */
  private static final Pattern ADDRESS =
      Pattern.compile("(" + OCTET + "\\.){3}" + OCTET + "|[0-9a-fA-F.]*:[0-9a-fA-F:.]*");

  public static ServerName of(String host) {
    // In a URI, an address of IPv6 has brackets.
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return new ServerName(name, addressOf(name));
  }

  /** In its alternative names: what a subject says is not a server's name (section 2). */
  public boolean isNamedBy(X509Certificate certificate) throws CertificateParsingException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    return names != null
        && names.stream().anyMatch(one -> isSaidBy(one.get(0), String.valueOf(one.get(1))));
  }

  /** Addresses are those of addresses alone, and names those of names (6.5). */
  private boolean isSaidBy(Object kind, String text) {
    return address == null
        ? kind.equals(DNS_NAME) && fits(text)
        : kind.equals(IP_ADDRESS) && address.equals(addressOf(text));
  }

  /** A star stands for the first label, whole (6.3). */
  private boolean fits(String pattern) {
    int dot = name.indexOf('.');
    String rest = dot < 0 ? name : name.substring(dot);
    return name.equalsIgnoreCase(pattern)
        || (pattern.startsWith("*.") && dot > 0 && rest.equalsIgnoreCase(pattern.substring(1)));
  }

  /** @return null if it is a name: none is looked up */
  private static @Nullable InetAddress addressOf(String text) {
    if (!ADDRESS.matcher(text).matches()) {
      return null;
    }
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      return null;
    }
  }
}
