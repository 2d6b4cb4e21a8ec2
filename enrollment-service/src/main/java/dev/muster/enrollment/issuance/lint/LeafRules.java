/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static dev.muster.enrollment.issuance.lint.CommonRules.faultUnless;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * What holds for end entities, and for each kind of them. The grammars are what keeps a name of a
 * request out: nothing passes that the registry could not have made.
 */
final class LeafRules {
  private static final Set<ASN1ObjectIdentifier> ATTRIBUTES =
      Set.of(BCStyle.CN, BCStyle.O, BCStyle.OU);

  static final List<Rule<Draft>> RULES = List.of(
      new Rule<>("subject-attributes", "our profile", LeafRules::attributes),
      new Rule<>("subject-names", "our profile", LeafRules::names),
      new Rule<>("key-usage", "RFC 5280, 4.2.1.3; RFC 5480, 3", LeafRules::keyUsage),
      new Rule<>("basic-constraints", "RFC 5280, 4.2.1.9", LeafRules::basicConstraints),
      new Rule<>("extended-key-usage", "RFC 5280, 4.2.1.12; our profile", LeafRules::purposes),
      new Rule<>("subject-alternative-name", "RFC 5280, 4.2.1.6", LeafRules::alternativeNames),
      new Rule<>("ocsp-no-check", "RFC 6960, 4.2.2.2.1", LeafRules::noCheck));

  private LeafRules() {}

  private static Optional<String> attributes(Draft draft) {
    for (RDN rdn : draft.subject.getRDNs()) {
      ASN1ObjectIdentifier type = rdn.getFirst().getType();
      if (!ATTRIBUTES.contains(type) || draft.subjectValues(type).size() != 1) {
        return Optional.of(type + " (expected: CN, O and OU, each at most once)");
      }
    }
    return faultUnless(draft.subjectValues(BCStyle.CN).size() == 1, "no CN (expected: one)");
  }

  private static Optional<String> names(Draft draft) {
    String name = one(draft, BCStyle.CN);
    String fleet = one(draft, BCStyle.O);
    String unit = one(draft, BCStyle.OU);
    boolean right = switch (draft.kind) {
      case DEVICE ->
        DeviceId.isValid(name) && FleetName.isValid(fleet) && unit.equals(DeviceSubject.UNIT);
      case SERVICE ->
        DeviceId.isValid(name) && (fleet.isEmpty() || FleetName.isValid(fleet)) && isRole(unit);
      case SERVER -> fleet.isEmpty() && isRole(unit);
      default -> !isDevice(unit);
    };
    return faultUnless(
        right,
        () -> "CN=" + name + ", O=" + fleet + ", OU=" + unit + " (expected: names of a "
            + draft.kind + " by our grammar)");
  }

  private static boolean isRole(String unit) {
    return FleetName.isValid(unit) && !isDevice(unit);
  }

  private static boolean isDevice(String unit) {
    return unit.equals(DeviceSubject.UNIT);
  }

  private static String one(Draft draft, ASN1ObjectIdentifier type) {
    return draft.subjectValues(type).stream().findFirst().orElse("");
  }

  /** Not keyEncipherment, which is for a key exchange that TLS 1.3 no longer has. */
  private static Optional<String> keyUsage(Draft draft) {
    return keyUsageFault(draft, new KeyUsage(KeyUsage.digitalSignature), "digitalSignature alone");
  }

  static Optional<String> keyUsageFault(Draft draft, KeyUsage expected, String words) {
    return faultUnless(
        draft
            .extensions
            .find(Extension.keyUsage)
            .filter(ExtensionList.Entry::critical)
            .filter(entry -> KeyUsage.getInstance(entry.value()).equals(expected))
            .isPresent(),
        () -> "another, or not critical (expected: " + words + ", critical)");
  }

  private static Optional<String> basicConstraints(Draft draft) {
    return faultUnless(
        !draft.extensions.has(Extension.basicConstraints), "present (expected: absent)");
  }

  private static Optional<String> purposes(Draft draft) {
    return faultUnless(
        draft
            .extensions
            .find(Extension.extendedKeyUsage)
            .map(entry -> ExtendedKeyUsage.getInstance(entry.value()).getUsages())
            .map(Arrays::asList)
            .filter(draft.kind.purposes()::equals)
            .isPresent(),
        () -> "another (expected: " + draft.kind.purposes() + " alone)");
  }

  private static Optional<String> alternativeNames(Draft draft) {
    GeneralName[] names = draft
        .extensions
        .find(Extension.subjectAlternativeName)
        .map(entry -> GeneralNames.getInstance(entry.value()).getNames())
        .orElse(new GeneralName[0]);
    return switch (draft.kind) {
      case DEVICE -> faultUnless(isUrnOf(draft, names), "another (expected: the device's URN)");
      case SERVER ->
        faultUnless(
            names.length > 0 && Arrays.stream(names).allMatch(LeafRules::isHost),
            "none, or no host (expected: DNS names and IP addresses)");
      default -> faultUnless(names.length == 0, "present (expected: absent)");
    };
  }

  private static boolean isUrnOf(Draft draft, GeneralName[] names) {
    if (names.length != 1 || names[0].getTagNo() != GeneralName.uniformResourceIdentifier) {
      return false;
    }
    DeviceSubject subject = new DeviceSubject(
        new FleetName(one(draft, BCStyle.O)), new DeviceId(one(draft, BCStyle.CN)));
    return Names.text(names[0].getName()).equals(subject.toUrn().toString());
  }

  private static boolean isHost(GeneralName name) {
    return name.getTagNo() == GeneralName.iPAddress
        || name.getTagNo() == GeneralName.dNSName && !Names.text(name.getName()).isBlank();
  }

  /** Without it, a client would ask the signer about the signer. */
  private static Optional<String> noCheck(Draft draft) {
    Optional<ExtensionList.Entry> entry =
        draft.extensions.find(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck);
    if (draft.kind != CertificateKind.OCSP_SIGNER) {
      return faultUnless(entry.isEmpty(), "present (expected: in OCSP signers alone)");
    }
    return faultUnless(
        entry.filter(found -> DERNull.INSTANCE.equals(found.value())).isPresent(),
        "absent (expected: NULL)");
  }
}
