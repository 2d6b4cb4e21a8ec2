/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.config.Durations;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what terms a manufacturer's devices come in; what is not given stays as it is. */
final class TermOptions {
  enum Admission {
    AUTO,
    REGISTERED,
    MANUAL
  }

  enum CrlMode {
    CLOSED,
    OPEN
  }

  @Option(
      names = "--admission",
      paramLabel = "RULE",
      description =
          "auto: any of its devices; registered: announced serials only; manual: an operator approves "
              + "(at first: registered).")
  @Nullable Admission admission;

  @Option(
      names = "--fleet",
      paramLabel = "NAME",
      description = "Fleet of its devices (at first: the server's).")
  @Nullable String fleet;

  @Option(
      names = "--identity",
      paramLabel = "RULE",
      description =
          "Where its IDevIDs say the serial number: subject.serialNumber, subject.CN, san.hardwareModuleName "
              + "or san.uri, and =PREFIX for what stands before it (at first: subject.serialNumber).")
  @Nullable String identity;

  @Option(
      names = "--expired-idevids",
      negatable = true,
      description = "Accept IDevIDs past their end (at first: no).")
  @Nullable Boolean expiredIdevids;

  @Option(
      names = "--future-tolerance",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "How early an IDevID may be (at first: 5m).")
  @Nullable Duration futureTolerance;

  @Option(
      names = "--renewal-grace",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "How long past its end an LDevID may be renewed (at first: 0s).")
  @Nullable Duration renewalGrace;

  @Option(
      names = "--claim-required",
      negatable = true,
      description = "Demand a claim token besides the IDevID (at first: no).")
  @Nullable Boolean claimRequired;

  @Option(
      names = "--crl-mode",
      paramLabel = "MODE",
      description =
          "When a CRL of its CA is wanted and absent or old, or that of a CA between is not known: "
              + "closed lets nobody in, open lets in (at first: closed).")
  @Nullable CrlMode crlMode;

  ObjectNode addTo(ObjectNode body) {
    return body.put("admission", label(admission))
        .put("fleet", fleet)
        .put("identity", identity)
        .put("expiredIdevids", expiredIdevids)
        .put("futureTolerance", futureTolerance == null ? null : futureTolerance.toString())
        .put("renewalGrace", renewalGrace == null ? null : renewalGrace.toString())
        .put("claimRequired", claimRequired)
        .put("crlMode", label(crlMode));
  }

  private static @Nullable String label(@Nullable Enum<?> choice) {
    return choice == null ? null : choice.name().toLowerCase(Locale.ROOT);
  }
}
