/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.config.Durations;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Has devices renew before it is time. */
@Command(
    name = "renew-now",
    description =
        "Have devices renew their certificates early; each hears of it when it next asks for renewal information.")
final class RenewNowCommand extends AdminAction {
  @Option(names = "--fleet", paramLabel = "NAME", description = "Devices of one fleet only.")
  @Nullable String fleet;

  @Option(
      names = "--issuer",
      paramLabel = "ID",
      description = "Certificates of one issuing CA only, for example device.")
  @Nullable String issuer;

  @Option(
      names = "--before",
      paramLabel = "TIME",
      description =
          "Certificates issued before then only, for example 2030-01-31T12:00:00Z (default: now).")
  @Nullable Instant before;

  @Option(
      names = "--spread",
      paramLabel = "DURATION",
      converter = Durations.class,
      defaultValue = "1h",
      description = "Over how long the renewals are spread (default: ${DEFAULT-VALUE}).")
  Duration spread = Duration.ofHours(1);

  @Override
  JsonNode ask(OperatorClient client) {
    return client.postOnce(
        "certificates/renew-now",
        JSON.createObjectNode()
            .put("fleet", fleet)
            .put("issuer", issuer)
            .put("before", before == null ? null : before.toString())
            .put("spreadSeconds", (int) spread.toSeconds()));
  }

  @Override
  void show(JsonNode answer, PrintStream out) {
    out.println("certificates issued before " + answer.path("issuedBefore").asText()
        + " are to be renewed from " + answer.path("opens").asText() + " to "
        + answer.path("closes").asText());
  }
}
