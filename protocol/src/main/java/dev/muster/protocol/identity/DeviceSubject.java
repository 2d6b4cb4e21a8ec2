/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import javax.security.auth.x500.X500Principal;

/**
 * Whom an LDevID names: {@code CN=<device>, O=<fleet>, OU=device}, and
 * {@code urn:muster:<fleet>:<device>} as its subject alternative name.
 *
 * <p>The subject alone proves nothing: it counts only in a certificate that the device issuing CA
 * has signed.
 */
public record DeviceSubject(FleetName fleet, DeviceId device) {
  /** The OU of every LDevID. */
  public static final String UNIT = "device";

  public DeviceSubject {
    requireNonNull(fleet, "fleet");
    requireNonNull(device, "device");
  }

  /**
   * Reads the subject of an LDevID.
   *
   * @throws IllegalArgumentException if it is anything but exactly {@code CN}, {@code O},
   *     {@code OU=device}
   */
  public static DeviceSubject of(X500Principal subject) {
    DistinguishedName name = DistinguishedName.of(subject);
    String unit = name.organizationalUnit().orElse("");
    if (name.size() != 3 || !unit.equals(UNIT)) {
      throw new IllegalArgumentException("subject: " + Quoted.of(subject.getName())
          + " (expected: CN=<device id>, O=<fleet>, OU=device)");
    }
    return new DeviceSubject(
        new FleetName(name.organization().orElse("")),
        new DeviceId(name.commonName().orElse("")));
  }

  /** The subject as a name, in the order CN, O, OU. */
  public X500Principal toPrincipal() {
    // Safe to join: neither grammar has a character that a distinguished name would have to escape.
    return new X500Principal("OU=" + UNIT + ",O=" + fleet + ",CN=" + device);
  }

  /** The subject alternative name. */
  public URI toUrn() {
    return URI.create("urn:muster:" + fleet + ":" + device);
  }
}
