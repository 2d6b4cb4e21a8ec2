/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.Certificates;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.enrollment.registrar.RegistryFacts;
import dev.muster.enrollment.registrar.RenewalTerms;
import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Gathers from the registry what the registrar wants to know. */
final class Facts {
  private Facts() {}

  static RegistryFacts gather(
      Registry.Tables tables,
      EnrollmentRequest request,
      TrustView trust,
      CertificateAuthorities authorities,
      Instant now) {
    Fingerprint key = request.csr().keyFingerprint();
    Optional<ManifestEntry> announced = Optional.empty();
    Optional<DeviceRecord> device;
    Optional<DeviceId> id;
    @Nullable Fingerprint factoryKey = null;
    boolean idTaken = false;
    if (request instanceof EnrollmentRequest.First first) {
      String manufacturer = first.manufacturer().name();
      factoryKey = first.factoryKey();
      announced = tables.manufacturers().announced(manufacturer, first.serial());
      device = tables.devices().find(manufacturer, first.serial());
      Optional<ManifestEntry> entry = announced;
      id = first
          .chosenId()
          .or(() -> Registrar.deviceId(first.manufacturer(), first.serial(), entry));
      idTaken = device.isEmpty()
          && id.map(name -> tables.devices().isTaken(name, manufacturer, first.serial()))
              .orElse(false);
    } else if (request instanceof EnrollmentRequest.Renewal renewal) {
      DeviceId own = renewal.presented().device();
      device = own == null ? Optional.empty() : tables.devices().find(own);
    } else {
      throw new IllegalStateException("unknown request: " + request);
    }
    Optional<DeviceId> known = device.map(DeviceRecord::id);
    Certificates.Rarities rarities =
        tables.certificates().rarities(key, factoryKey, known.orElse(null));
    boolean seen = rarities.seenKey();
    List<PendingEnrollment> pending = known
        .filter(name -> rarities.pending())
        .map(name -> tables.pending().of(name))
        .orElse(List.of());
    RenewalTerms terms =
        device.map(one -> renewalTerms(tables, one, trust, now)).orElse(RenewalTerms.STRICT);
    return new RegistryFacts(
        announced,
        device,
        rarities.sharedFactoryKey()
            ? tables.devices().holder(requireNonNull(factoryKey), known.orElse(null))
            : Optional.empty(),
        idTaken,
        known
            .map(name -> tables.certificates().current(name, now.minus(terms.grace())))
            .orElse(List.of()),
        seen ? tables.certificates().findByKey(key) : Optional.empty(),
        ReservedKeys.ofAuthority(key, trust, authorities)
            || seen && tables.devices().isFactoryKey(key),
        pending.stream().filter(entry -> entry.key().equals(key)).findFirst(),
        (int) pending.stream()
            .filter(entry -> entry.state() == PendingEnrollment.State.WAITING)
            .count(),
        terms);
  }

  private static RenewalTerms renewalTerms(
      Registry.Tables tables, DeviceRecord device, TrustView trust, Instant now) {
    Optional<Manufacturer> maker = trust.manufacturer(device.manufacturer());
    if (maker.isEmpty()) {
      return RenewalTerms.STRICT;
    }
    return new RenewalTerms(
        maker.get().policy().renewalGrace(),
        isBarred(tables, device, maker.get(), trust.trustAnchors(), now));
  }

  /** All whose manufacturer is; else by the CA of its IDevID, and by any if it has shown none. */
  private static boolean isBarred(
      Registry.Tables tables,
      DeviceRecord device,
      Manufacturer maker,
      TrustAnchors anchors,
      Instant now) {
    if (maker.distrust() != null && maker.distrust().barsRenewal(now)) {
      return true;
    }
    List<Fingerprint> barredCas = anchors.barredForRenewal(maker, now);
    return !barredCas.isEmpty()
        && tables.manufacturers().caOf(device.id()).map(barredCas::contains).orElse(true);
  }
}
