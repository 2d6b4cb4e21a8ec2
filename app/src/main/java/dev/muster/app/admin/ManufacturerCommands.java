/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whose factory identities are let in, and on what terms. */
@Command(
    name = "manufacturers",
    description = "Whose factory identities are let in.",
    subcommands = {
      ManufacturerCommands.Add.class,
      ManufacturerCommands.Prove.class,
      ManufacturerCommands.ListAll.class,
      ManufacturerCommands.Show.class,
      ManufacturerCommands.Policy.class,
      ManufacturerCommands.Disable.class,
      ManufacturerCommands.Enable.class,
      ManufacturerCommands.Crl.class,
      ManufacturerCommands.Review.class,
      ManufacturerCommands.RemoveCa.class
    })
final class ManufacturerCommands {
  private ManufacturerCommands() {}

  @Command(
      name = "add",
      description = {
        "Register a manufacturer's CA.",
        "It lets nobody in until somebody has shown to have its key. With the key at hand (in the file ca.key "
            + "beside FILE, or in --proof-key) that is done at once; without, the answer tells what to certify."
      })
  static final class Add extends OperatorAction {
    @Parameters(
        paramLabel = "NAME",
        description = "Name of the manufacturer; it begins its devices' ids.")
    String name = "";

    @Option(
        names = "--ca",
        required = true,
        paramLabel = "FILE",
        description = "The manufacturer's CA certificate, PEM; several may be in it.")
    Path manufacturerCa = Path.of("ca.pem");

    @Option(
        names = "--proof-key",
        paramLabel = "FILE",
        description = "The private key of that CA, PKCS#8 PEM; it is used here and not sent.")
    @Nullable Path proofKey;

    @Mixin
    TermOptions terms = new TermOptions();

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode body = JSON.createObjectNode().put("name", name).put("ca", read(manufacturerCa));
      JsonNode registered = client.post("manufacturers", terms.addTo(body));
      return new Prover(manufacturerCa, proofKey).prove(client, name, registered);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      showTerms(answer, out);
      showChallenges(answer, out);
    }
  }

  @Command(name = "prove", description = "Hand in a certificate over the challenge of a CA.")
  static final class Prove extends OneManufacturer {
    @Option(
        names = "--certificate",
        required = true,
        paramLabel = "FILE",
        description = "Issued by the CA, with the challenge as its CN; PEM.")
    Path certificate = Path.of("proof.pem");

    @Override
    JsonNode ask(OperatorClient client) {
      return Prover.send(client, name, read(certificate));
    }
  }

  @Command(name = "list", description = "List manufacturers and their CAs.")
  static final class ListAll extends AdminAction {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get("manufacturers");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("NAME", "ADMISSION", "FLEET", "STATUS", "FINGERPRINT", "CA");
      for (JsonNode one : answer.path("manufacturers")) {
        for (JsonNode ca : one.path("cas")) {
          table.row(
              one.path("name"),
              one.path("admission"),
              one.path("fleet"),
              one.path("status").asText().equals("disabled")
                  ? one.path("status")
                  : ca.path("status"),
              shortened(ca),
              ca.path("subject"));
        }
      }
      table.print(out);
    }
  }

  @Command(name = "show", description = "Show a manufacturer: its terms and its CAs.")
  static final class Show extends OneManufacturer {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path());
    }
  }

  @Command(name = "policy", description = "Change the terms on which its devices come in.")
  static final class Policy extends OneManufacturer {
    @Mixin
    TermOptions terms = new TermOptions();

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/policy", terms.addTo(JSON.createObjectNode()));
    }
  }

  @Command(name = "disable", description = "Let none of its devices enroll any more.")
  static final class Disable extends OneManufacturer {
    @Option(
        names = "--anchor",
        paramLabel = "FINGERPRINT",
        description = "Only this CA of it; the beginning is enough.")
    @Nullable String anchor;

    @Option(
        names = "--since",
        paramLabel = "TIME",
        description = "Since when it is doubted, as 2026-01-31T00:00:00Z (default: now).")
    @Nullable String since;

    @Option(names = "--renewals", description = "Those that are in may not renew, either.")
    boolean renewals;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          path() + "/disable",
          JSON.createObjectNode().put("ca", anchor).put("since", since).put("renewals", renewals));
    }
  }

  @Command(name = "enable", description = "Take back a disable.")
  static final class Enable extends OneManufacturer {
    @Option(
        names = "--anchor",
        paramLabel = "FINGERPRINT",
        description = "Only this CA of it; the beginning is enough.")
    @Nullable String anchor;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/enable", JSON.createObjectNode().put("ca", anchor));
    }
  }

  @Command(
      name = "crl",
      description = "Hand in the CRL of its CA, or say where it is to be fetched from.")
  static final class Crl extends OneManufacturer {
    /** Either the one or the other. */
    static final class Source {
      @Option(names = "--file", paramLabel = "FILE", description = "The CRL, DER or PEM.")
      @Nullable Path file;

      @Option(
          names = "--url",
          paramLabel = "URL",
          description = "Where it is to be fetched from, again and again; empty for nowhere.")
      @Nullable String url;
    }

    @ArgGroup(multiplicity = "1")
    Source source = new Source();

    @Option(
        names = "--anchor",
        paramLabel = "FINGERPRINT",
        description = "Of which CA, if it has several; the beginning is enough.")
    @Nullable String anchor;

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          path() + "/crl",
          JSON.createObjectNode()
              .put("ca", anchor)
              .put("url", source.url)
              .put("crl", source.file == null ? null : pem(source.file)));
    }

    private static String pem(Path file) {
      try {
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return text.contains("-----BEGIN")
            ? text
            : "-----BEGIN X509 CRL-----\n" + Base64.getMimeEncoder().encodeToString(bytes)
                + "\n-----END X509 CRL-----\n";
      } catch (IOException e) {
        throw new UserError(file + ": cannot be read (" + e.getClass().getSimpleName() + ")");
      }
    }
  }

  @Command(
      name = "review",
      description = "List the devices that are in and would not be let in today.")
  static final class Review extends AdminAction {
    @Parameters(paramLabel = "NAME", description = "Name of the manufacturer.")
    String name = "";

    @Override
    JsonNode ask(OperatorClient client) {
      String path = "manufacturers/" + OperatorClient.segment(name) + "/review?limit=1000";
      ArrayNode all = JSON.createArrayNode();
      @Nullable String page = path;
      while (page != null) {
        JsonNode answer = client.get(page);
        answer.path("certificates").forEach(all::add);
        page = answer.hasNonNull("next")
            ? path + "&after=" + OperatorClient.segment(answer.path("next").asText())
            : null;
      }
      return JSON.createObjectNode().set("certificates", all);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("DEVICE", "CERTIFICATE", "ENROLLED", "DOUBTS");
      for (JsonNode one : answer.path("certificates")) {
        List<String> doubts = new ArrayList<>();
        one.path("doubts").forEach(doubt -> doubts.add(doubt.asText()));
        table.row(
            one.path("device"),
            one.path("serial"),
            one.path("enrolledAt"),
            String.join("; ", doubts));
      }
      table.print(out);
    }
  }

  @Command(name = "remove-ca", description = "Forget a CA by which no device came in.")
  static final class RemoveCa extends OneManufacturer {
    @Option(
        names = "--anchor",
        required = true,
        paramLabel = "FINGERPRINT",
        description = "Which one; the beginning is enough.")
    String anchor = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(
          path() + "/cas/" + OperatorClient.segment(anchor) + "/remove", JSON.createObjectNode());
    }
  }

  /** Acts on one, and shows what has become of it. */
  abstract static class OneManufacturer extends AdminAction {
    @Parameters(paramLabel = "NAME", description = "Name of the manufacturer.")
    String name = "";

    final String path() {
      return "manufacturers/" + OperatorClient.segment(name);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      showTerms(answer, out);
      Table table = new Table("STATUS", "FINGERPRINT", "UNTIL", "CA");
      answer
          .path("cas")
          .forEach(ca ->
              table.row(ca.path("status"), shortened(ca), ca.path("notAfter"), ca.path("subject")));
      table.print(out);
      showChallenges(answer, out);
    }
  }

  private static String shortened(JsonNode ca) {
    String fingerprint = ca.path("fingerprint").asText();
    return fingerprint.substring(0, Math.min(16, fingerprint.length()));
  }

  private static void showTerms(JsonNode answer, PrintStream out) {
    StringBuilder text = new StringBuilder("manufacturer " + answer.path("name").asText());
    if (answer.path("status").asText().equals("disabled")) {
      text.append(" (disabled from ").append(answer.path("disabledFrom").asText());
      text.append(answer.path("renewalsDisabled").asBoolean() ? ", renewals too)" : ")");
    }
    text.append(": admission ").append(answer.path("admission").asText());
    text.append(", fleet ").append(answer.path("fleet").asText("(default)"));
    text.append(", serial number in ").append(answer.path("identity").asText());
    out.println(text);
  }

  private static void showChallenges(JsonNode answer, PrintStream out) {
    for (JsonNode ca : answer.path("cas")) {
      if (ca.hasNonNull("challenge")) {
        String challenge = ca.path("challenge").asText();
        out.println("its CA " + shortened(ca) + " is unproven and lets nobody in. Its owner shows"
            + " the key, until " + ca.path("challengeUntil").asText() + ":");
        out.println("  muster factory prove --factory DIR --challenge " + challenge
            + " --out proof.pem     (or any certificate it issues for CN=" + challenge + ")");
        out.println("  muster admin manufacturers prove " + answer.path("name").asText()
            + " --certificate proof.pem");
      }
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
