/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.Distrust;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.Manufacturers.Enrolled;
import dev.muster.enrollment.issuance.Fingerprint;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The devices that are in already and would not be let in today: their manufacturer or the CA they
 * came in by is disabled, or the IDevID they came in with is revoked.
 */
final class ManufacturerReview {
  private final OperatorParts parts;

  ManufacturerReview(OperatorParts parts) {
    this.parts = parts;
  }

  /** One page: looks at {@code limit} certificates, and answers with the doubtful ones. */
  JsonObject of(String name, String after, int limit) {
    Instant now = parts.clock().instant();
    return parts.registry().read(tables -> {
      Manufacturer manufacturer =
          tables.manufacturers().find(name).orElseThrow(() -> Work.notFound("manufacturer", name));
      Map<Fingerprint, ManufacturerCrl> crls = tables.manufacturers().crls();
      List<Enrolled> page = tables.manufacturers().enrolled(name, after, limit, now);
      JsonArray doubtful = new JsonArray();
      for (Enrolled one : page) {
        List<String> doubts = doubts(one, manufacturer, crls);
        if (!doubts.isEmpty()) {
          doubtful.add(json(one, doubts));
        }
      }
      String last = page.size() < limit ? null : page.get(page.size() - 1).cursor();
      return new JsonObject().put("certificates", doubtful).put("next", last);
    });
  }

  private static List<String> doubts(
      Enrolled one, Manufacturer manufacturer, Map<Fingerprint, ManufacturerCrl> crls) {
    List<String> doubts = new ArrayList<>();
    doubt("its manufacturer", manufacturer.distrust(), one).ifPresent(doubts::add);
    for (ManufacturerCa ca : manufacturer.cas()) {
      if (ca.fingerprint().equals(one.idevidCa())) {
        doubt("its manufacturer's CA", manufacturer.distrustOf(ca), one).ifPresent(doubts::add);
        if (isRevoked(one, crls.get(ca.fingerprint()))) {
          doubts.add("its IDevID is revoked by its manufacturer");
        }
      }
    }
    return doubts;
  }

  private static Optional<String> doubt(String who, @Nullable Distrust distrust, Enrolled one) {
    if (distrust == null) {
      return Optional.empty();
    }
    String when = one.enrolledAt().isBefore(distrust.from()) ? "before" : "after";
    return Optional.of(
        who + " is disabled from " + distrust.from() + ", and it came in " + when + " that");
  }

  private static boolean isRevoked(Enrolled one, @Nullable ManufacturerCrl crl) {
    return crl != null
        && Stream.ofNullable(one.idevidSerial())
            .anyMatch(serial -> crl.names(new BigInteger(serial, 16)));
  }

  private static JsonObject json(Enrolled one, List<String> doubts) {
    return new JsonObject()
        .put("device", one.device().value())
        .put("enrolledAt", one.enrolledAt().toString())
        .put("serial", one.certificate())
        .put("notAfter", one.notAfter().toString())
        .put("doubts", new JsonArray(doubts));
  }
}
