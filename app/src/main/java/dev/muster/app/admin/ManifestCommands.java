/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Which serials a manufacturer has announced. */
@Command(
    name = "manifests",
    description = "Serials that a manufacturer has announced.",
    subcommands = {ManifestCommands.Import.class})
final class ManifestCommands {
  @Command(
      name = "import",
      description =
          "Announce serials. CSV with the header serial[,fleet][,device][,tags]; doing it again changes nothing.")
  static final class Import extends AdminAction {
    @Parameters(index = "0", paramLabel = "MANUFACTURER", description = "Whose devices they are.")
    String manufacturer = "";

    @Parameters(index = "1", paramLabel = "FILE.csv", description = "The manifest.")
    Path file = Path.of("manifest.csv");

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          "manufacturers/" + OperatorClient.segment(manufacturer) + "/manifest",
          "text/csv",
          ManufacturerCommands.read(file));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("added " + answer.path("added").asInt() + ", unchanged "
          + answer.path("unchanged").asInt() + ", refused "
          + answer.path("errors").size());
      answer
          .path("errors")
          .forEach(error -> out.println(
              "  row " + error.path("row").asInt() + ": " + error.path("reason").asText()));
    }
  }
}
