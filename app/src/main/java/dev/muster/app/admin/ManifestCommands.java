/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Which serials a manufacturer has announced. */
@Command(
    name = "manifests",
    description = "Serials that a manufacturer has announced.",
    subcommands = {ManifestCommands.Import.class, ManifestCommands.ListAll.class})
final class ManifestCommands {
  @Command(
      name = "import",
      description =
          "Announce serials: CSV with the header serial[,fleet][,device][,tags], a JSON array of objects, or either signed by the manufacturer (CMS); doing it again changes nothing. Exit code 1 if a row is refused; the others are taken.")
  static final class Import extends AdminAction {
    @Parameters(index = "0", paramLabel = "MANUFACTURER", description = "Whose devices they are.")
    String manufacturer = "";

    @Parameters(index = "1", paramLabel = "FILE", description = "The manifest.")
    Path file = Path.of("manifest.csv");

    @Override
    JsonNode ask(OperatorClient client) {
      // The server looks at the content.
      return client.upload(
          "manufacturers/" + OperatorClient.segment(manufacturer) + "/manifest",
          "application/octet-stream",
          bytes(file));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println("added " + answer.path("added").asInt() + ", unchanged "
          + answer.path("unchanged").asInt() + ", refused "
          + answer.path("refused").asInt()
          + (answer.path("signer").isTextual() ? "; signed" : ""));
      answer
          .path("errors")
          .forEach(error -> out.println(
              "  row " + error.path("row").asInt() + ": " + error.path("reason").asText()));
    }

    /** A station that feeds manifests is to notice. */
    @Override
    int exitCode(JsonNode answer) {
      return answer.path("refused").asInt() == 0 ? 0 : 1;
    }
  }

  @Command(name = "list", description = "List the manifests taken in, newest first.")
  static final class ListAll extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("manifests?limit=1000");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("MANUFACTURER", "IMPORTED", "ADDED", "REFUSED", "SIGNER", "SHA-256");
      answer
          .path("manifests")
          .forEach(m -> table.row(
              m.path("manufacturer"),
              m.path("importedAt"),
              m.path("added"),
              m.path("refused"),
              m.path("signer"),
              m.path("sha256")));
      table.print(out);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (expected: a manifest)");
    }
  }
}
