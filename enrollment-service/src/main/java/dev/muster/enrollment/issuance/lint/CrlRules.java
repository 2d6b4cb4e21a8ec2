/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static dev.muster.enrollment.issuance.lint.CommonRules.faultUnless;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.ASN1Enumerated;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;

/** What holds for every CRL that we sign, full, sharded or delta. */
final class CrlRules {
  private static final int VERSION_2 = 1;

  private static final Map<ASN1ObjectIdentifier, Boolean> CRITICAL = Map.of(
      Extension.authorityKeyIdentifier, false,
      Extension.cRLNumber, false,
      Extension.issuingDistributionPoint, true,
      Extension.deltaCRLIndicator, true,
      Extension.freshestCRL, false);

  private static final Set<ASN1ObjectIdentifier> ENTRY_EXTENSIONS =
      Set.of(Extension.reasonCode, Extension.invalidityDate);

  /** All but unspecified, which must be left out, 7, which nothing uses, and removeFromCRL. */
  private static final Set<Integer> REASONS = Set.of(
      CRLReason.keyCompromise,
      CRLReason.cACompromise,
      CRLReason.affiliationChanged,
      CRLReason.superseded,
      CRLReason.cessationOfOperation,
      CRLReason.certificateHold,
      CRLReason.privilegeWithdrawn,
      CRLReason.aACompromise);

  static final List<Rule<CrlDraft>> RULES = List.of(
      new Rule<>("der", "X.690, 10; RFC 5280, 5.1", CrlRules::der),
      new Rule<>("version", "RFC 5280, 5.1.2.1", CrlRules::version),
      new Rule<>(
          "signature-algorithm",
          "RFC 5280, 5.1.1.2 and 5.1.2.2; RFC 5758, 3.2",
          draft -> Algorithms.signatureFault(
              draft.innerAlgorithm, draft.outerAlgorithm, draft.issuer.key)),
      new Rule<>("issuer", "RFC 5280, 5.1.2.3", CrlRules::issuer),
      new Rule<>("this-update", "RFC 5280, 5.1.2.4", draft -> Times.fault(draft.thisUpdate)),
      new Rule<>("next-update", "RFC 5280, 5.1.2.5", CrlRules::nextUpdate),
      new Rule<>("entries-absent", "RFC 5280, 5.1.2.6", CrlRules::entriesAbsent),
      new Rule<>("entries-once", "RFC 5280, 5.1.2.6", CrlRules::entriesOnce),
      new Rule<>("entries", "RFC 5280, 5.1.2.6", CrlRules::entries),
      new Rule<>("reasons", "RFC 5280, 5.3.1", CrlRules::reasons),
      new Rule<>("extensions-once", "RFC 5280, 4.2", CrlRules::extensionsOnce),
      new Rule<>("extensions-known", "RFC 5280, 5.2; our profile", CrlRules::extensionsKnown),
      new Rule<>(
          "authority-key-identifier",
          "RFC 5280, 5.2.1",
          draft -> CommonRules.authorityKeyFault(draft.extensions, draft.issuer)),
      new Rule<>("crl-number", "RFC 5280, 5.2.3", CrlRules::number),
      new Rule<>("delta", "RFC 5280, 5.2.4", CrlRules::delta),
      new Rule<>("distribution-point", "RFC 5280, 5.2.5", CrlRules::distributionPoint));

  private CrlRules() {}

  private static Optional<String> der(CrlDraft draft) {
    return faultUnless(
        Arrays.equals(Draft.encoded(draft.structure), draft.der), "other bytes than its DER");
  }

  private static Optional<String> version(CrlDraft draft) {
    return faultUnless(
        draft.version == VERSION_2, () -> "version " + (draft.version + 1) + " (expected: 2)");
  }

  private static Optional<String> issuer(CrlDraft draft) {
    return faultUnless(
        draft.issuer.isNamed(Draft.encoded(draft.issuerName)),
        "not the issuer's subject, byte for byte");
  }

  private static Optional<String> nextUpdate(CrlDraft draft) {
    if (draft.nextUpdate == null) {
      return Optional.of("absent (expected: present)");
    }
    Optional<String> form = Times.fault(draft.nextUpdate);
    if (form.isPresent()) {
      return form;
    }
    return faultUnless(
        Times.read(draft.nextUpdate).isAfter(Times.read(draft.thisUpdate)),
        "not after thisUpdate (expected: after it)");
  }

  private static Optional<String> entriesAbsent(CrlDraft draft) {
    return faultUnless(
        !draft.hasEntryList || !draft.entries.isEmpty(), "an empty list (expected: absent)");
  }

  private static Optional<String> entriesOnce(CrlDraft draft) {
    Set<BigInteger> seen = new HashSet<>();
    return draft.entries.stream()
        .map(entry -> entry.serial().getValue())
        .filter(serial -> !seen.add(serial))
        .findFirst()
        .map(serial -> serial.toString(16) + " twice (expected: once)");
  }

  private static Optional<String> entries(CrlDraft draft) {
    return draft.entries.stream().map(CrlRules::entry).flatMap(Optional::stream).findFirst();
  }

  private static Optional<String> entry(CrlDraft.Entry entry) {
    return CommonRules.serialFault(entry.serial().getValue())
        .or(() -> Times.fault(entry.date()))
        .or(() -> entry.extensions().repeated().map(type -> type + " twice (expected: once)"))
        .or(() -> entry.extensions().entries().stream()
            .filter(found -> found.critical() || !ENTRY_EXTENSIONS.contains(found.type()))
            .findFirst()
            .map(found -> found.type() + " (expected: a reason, not critical, or none)"));
  }

  private static Optional<String> reasons(CrlDraft draft) {
    boolean delta = draft.extensions.has(Extension.deltaCRLIndicator);
    for (CrlDraft.Entry entry : draft.entries) {
      Optional<ExtensionList.Entry> found = entry.extensions().find(Extension.reasonCode);
      if (found.isPresent()) {
        int reason = ASN1Enumerated.getInstance(found.get().value()).intValueExact();
        if (!REASONS.contains(reason) && !(delta && reason == CRLReason.removeFromCRL)) {
          return Optional.of("reason " + reason
              + " (expected: none for unspecified; removeFromCRL in delta CRLs alone)");
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> extensionsOnce(CrlDraft draft) {
    return draft.extensions.repeated().map(type -> type + " twice (expected: once)");
  }

  private static Optional<String> extensionsKnown(CrlDraft draft) {
    for (ExtensionList.Entry entry : draft.extensions.entries()) {
      Boolean critical = CRITICAL.get(entry.type());
      if (critical == null || critical != entry.critical()) {
        return Optional.of(entry.type() + (entry.critical() ? ", critical" : ", not critical")
            + " (expected: one of our profile, critical as RFC 5280 has it)");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> number(CrlDraft draft) {
    return draft
        .extensions
        .find(Extension.cRLNumber)
        .map(entry ->
            CommonRules.serialFault(ASN1Integer.getInstance(entry.value()).getValue()))
        .orElse(Optional.of("absent (expected: present)"));
  }

  private static Optional<String> delta(CrlDraft draft) {
    Optional<ExtensionList.Entry> base = draft.extensions.find(Extension.deltaCRLIndicator);
    Optional<ExtensionList.Entry> number = draft.extensions.find(Extension.cRLNumber);
    if (base.isEmpty() || number.isEmpty()) {
      return Optional.empty();
    }
    BigInteger from = ASN1Integer.getInstance(base.get().value()).getValue();
    BigInteger to = ASN1Integer.getInstance(number.get().value()).getValue();
    if (draft.extensions.has(Extension.freshestCRL)) {
      return Optional.of("with freshestCRL (expected: in full CRLs alone, RFC 5280, 5.2.6)");
    }
    return faultUnless(
        from.compareTo(to) < 0, () -> "base " + from + " (expected: below " + to + ")");
  }

  private static Optional<String> distributionPoint(CrlDraft draft) {
    return draft
        .extensions
        .find(Extension.issuingDistributionPoint)
        .map(entry -> IssuingDistributionPoint.getInstance(entry.value()))
        .flatMap(CrlRules::distributionPointFault);
  }

  private static Optional<String> distributionPointFault(IssuingDistributionPoint point) {
    if (point.isIndirectCRL()
        || point.onlyContainsAttributeCerts()
        || point.getOnlySomeReasons() != null) {
      return Optional.of("indirect, for attributes, or of some reasons (expected: none of these)");
    }
    return Locations.fullNameFault(point.getDistributionPoint());
  }
}
