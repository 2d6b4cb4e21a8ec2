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
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whose factory identities are let in, and on what terms. */
@Command(
    name = "manufacturers",
    description = "Whose factory identities are let in.",
    subcommands = {ManufacturerCommands.Add.class, ManufacturerCommands.ListAll.class})
final class ManufacturerCommands {
  enum Admission {
    AUTO,
    REGISTERED,
    MANUAL
  }

  @Command(name = "add", description = "Trust a manufacturer's CA for enrollment.")
  static final class Add extends OperatorAction {
    @Parameters(
        paramLabel = "NAME",
        description = "Name of the manufacturer; it begins its devices' ids.")
    String name = "";

    @Option(
        names = "--ca",
        required = true,
        paramLabel = "FILE",
        description = "The manufacturer's CA certificate, PEM.")
    Path manufacturerCa = Path.of("ca.pem");

    @Option(
        names = "--admission",
        paramLabel = "RULE",
        defaultValue = "REGISTERED",
        description =
            "auto: any of its devices; registered: announced serials only; manual: an operator approves "
                + "(default: registered).")
    Admission admission = Admission.REGISTERED;

    @Option(
        names = "--fleet",
        paramLabel = "NAME",
        description = "Fleet of its devices (default: the server's).")
    @Nullable String fleet;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          "manufacturers",
          JSON.createObjectNode()
              .put("name", name)
              .put("ca", read(manufacturerCa))
              .put("admission", admission.name().toLowerCase(Locale.ROOT))
              .put("fleet", fleet));
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      out.println(
          "manufacturer " + name + ": admission " + answer.path("admission").asText() + ", fleet "
              + answer.path("fleet").asText("(default)"));
    }
  }

  @Command(name = "list", description = "List manufacturers.")
  static final class ListAll extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("manufacturers");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("NAME", "ADMISSION", "FLEET", "CA");
      answer
          .path("manufacturers")
          .forEach(m -> m.path("cas")
              .forEach(ca -> table.row(
                  m.path("name"), m.path("admission"), m.path("fleet"), ca.path("subject"))));
      table.print(out);
    }
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e.getClass().getSimpleName() + ")");
    }
  }
}
