/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.CertificateRequest;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A certificate for a program: its key is made here and stays here. */
@Command(
    name = "issue",
    description =
        "Issue a certificate for a program, such as a telemetry consumer. The key is made here and stays here.")
final class IssueCommand extends AdminAction {
  @Option(
      names = "--role",
      required = true,
      paramLabel = "ROLE",
      description = "consumer, service or operator.")
  String role = "";

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "The program's name.")
  String name = "";

  @Option(
      names = "--fleet",
      paramLabel = "NAME",
      description = "Bound to one fleet (default: all).")
  @Nullable String fleet;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where key.pem, cert.pem and chain.pem are written.")
  Path out = Path.of(".");

  @Override
  JsonNode ask(OperatorClient client) {
    if (Files.exists(out.resolve("key.pem"))) {
      throw new UserError(
          out.resolve("key.pem") + ": exists already (expected: no key there)",
          "choose another --out");
    }
    CertificateRequest request = CertificateRequest.create();
    JsonNode answer = client.post(
        "certificates",
        JSON.createObjectNode()
            .put("role", role)
            .put("name", name)
            .put("fleet", fleet)
            .put("csr", request.csrPem()));
    try {
      Files.createDirectories(out);
      DurableFiles.write(out.resolve("key.pem"), request.keyPem());
      DurableFiles.writePublic(
          out.resolve("cert.pem"), answer.path("certificate").asText());
      DurableFiles.writePublic(out.resolve("chain.pem"), answer.path("chain").asText());
    } catch (IOException e) {
      throw new UserError(out + ": cannot be written (" + e.getMessage() + ")");
    }
    return answer;
  }

  @Override
  void show(JsonNode answer, PrintStream stream) {
    stream.println("certificate " + answer.path("serial").asText() + " for " + name + " (" + role
        + "): " + out.resolve("key.pem") + ", " + out.resolve("cert.pem") + ", "
        + out.resolve("chain.pem"));
  }
}
