/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.DistinguishedName;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/**
 * What rights hang on: which CA issued the certificate, and the subject that this CA vouches for.
 *
 * <p>Each attribute is safe as one level of a topic: it has no wildcard and no slash.
 *
 * @param issuer the label of the issuing CA, {@code device} or {@code service}
 * @param commonName CN
 * @param organization O, the fleet; null: a service of all fleets
 * @param organizationalUnit OU, the role
 */
public record ClientSubject(
    String issuer, String commonName, @Nullable String organization, String organizationalUnit) {
  /** The label of the CA that issues LDevIDs. */
  public static final String DEVICE_ISSUER = "device";
  /** The label of the CA that issues service certificates. */
  public static final String SERVICE_ISSUER = "service";

  private static final Pattern LEVEL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  public ClientSubject {
    requireNonNull(issuer, "issuer");
    check("CN", commonName);
    check("OU", organizationalUnit);
    if (organization != null && !FleetName.isValid(organization)) {
      throw new IllegalArgumentException(
          "O: " + Quoted.of(organization) + " (expected: a fleet, 1 to 32 of [a-z0-9-])");
    }
    // One text for all of a fleet, and of a role.
    organization = organization == null ? null : organization.intern();
    organizationalUnit = organizationalUnit.intern();
  }

  /**
   * Reads the subject of a certificate.
   *
   * @param issuer the label of the CA that has signed it: what a subject must look like depends on
   *     it
   * @throws IllegalArgumentException if the subject is not what this CA issues
   */
  public static ClientSubject of(String issuer, X500Principal subject) {
    if (issuer.equals(DEVICE_ISSUER)) {
      DeviceSubject device = DeviceSubject.of(subject);
      return new ClientSubject(
          issuer, device.device().value(), device.fleet().value(), DeviceSubject.UNIT);
    }
    DistinguishedName name = DistinguishedName.of(subject);
    Optional<String> organization = name.organization();
    String role = name.organizationalUnit().orElse("");
    boolean wellFormed = name.commonName().isPresent()
        && !role.isEmpty()
        && name.size() == (organization.isPresent() ? 3 : 2);
    if (!wellFormed) {
      throw new IllegalArgumentException("subject: " + Quoted.of(subject.getName())
          + " (expected: CN=<name>, OU=<role>, with a fleet also O=<fleet>)");
    }
    return new ClientSubject(
        issuer, name.commonName().orElseThrow(), organization.orElse(null), role);
  }

  /** Whether it is a device's. */
  public boolean isDevice() {
    return issuer.equals(DEVICE_ISSUER);
  }

  @Nullable String attribute(String name) {
    return switch (name) {
      case "CN" -> commonName;
      case "O" -> organization;
      case "OU" -> organizationalUnit;
      default -> throw new IllegalStateException("attribute " + name);
    };
  }

  private static void check(String what, String value) {
    if (!LEVEL.matcher(value).matches()) {
      throw new IllegalArgumentException(what + ": " + Quoted.of(value)
          + " (expected: 1 to 64 of [A-Za-z0-9._-], starting with a letter or digit)");
    }
  }

  /** For log lines. */
  @Override
  public String toString() {
    String fleet = organization == null ? "" : ",O=" + organization;
    return "CN=" + commonName + fleet + ",OU=" + organizationalUnit;
  }
}
