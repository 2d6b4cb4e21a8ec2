/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.audit.AuditVerifier;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Who did what, and the proof that nobody has rewritten it. */
@Command(
    name = "audit",
    description = "Who did what, and the proof that nobody has rewritten it.",
    subcommands = {
      AuditCommands.ListAll.class,
      AuditCommands.Export.class,
      AuditCommands.Verify.class
    })
final class AuditCommands {
  private static final String ENTRIES = "audit?limit=1000";
  private static final String CHECKPOINTS = "audit/checkpoints?limit=1000";

  @Command(name = "list", description = "List what was done, oldest first.")
  static final class ListAll extends AdminAction {
    @Option(
        names = "--about",
        paramLabel = "OBJECT",
        description =
            "One thing's history alone: device:ID, certificate:SERIAL, manufacturer:NAME.")
    @Nullable String about;

    @Option(
        names = "--action",
        paramLabel = "ACTION",
        description =
            "What was done of one kind alone, newest first: enrollment.refused. Not beside --about.")
    @Nullable String action;

    @Override
    JsonNode ask(OperatorClient client) {
      String filter = filter("object", about) + filter("action", action);
      ObjectNode answer = JSON.createObjectNode();
      var entries = answer.putArray("entries");
      DeviceCommands.allPages(client, ENTRIES + filter, "entries")
          .path("entries")
          .forEach(entry -> entries.add(parsed(entry.path("text").asText())));
      return answer;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("SEQ", "TIME", "WHO", "WHAT", "TO WHOM", "DETAILS");
      answer
          .path("entries")
          .forEach(e -> table.row(
              e.path("seq"),
              e.path("at"),
              e.path("actor"),
              e.path("action"),
              e.path("object"),
              e.path("details").toString()));
      table.print(out);
    }

    private static String filter(String name, @Nullable String value) {
      return value == null ? "" : "&" + name + "=" + OperatorClient.segment(value);
    }

    private static JsonNode parsed(String text) {
      try {
        return JSON.readTree(text);
      } catch (JsonProcessingException e) {
        throw new UserError("the server's audit log holds an entry that is no JSON");
      }
    }
  }

  @Command(
      name = "export",
      description = "Write the log to a file, and its signatures beside it (FILE.checkpoints, one"
          + " base64 CMS SignedData per line). Each line of FILE is the SHA-256 of an entry, a space,"
          + " and the entry.")
  static final class Export extends AdminAction {
    @Option(names = "--out", paramLabel = "FILE", required = true, description = "A new file.")
    Path out = Path.of("audit.log");

    @Override
    JsonNode ask(OperatorClient client) {
      List<AuditEntry> entries = entries(client);
      List<byte[]> checkpoints = checkpoints(client);
      try {
        Files.write(
            out,
            entries.stream().map(entry -> entry.hash() + " " + entry.text()).toList());
        Files.write(
            beside(out),
            checkpoints.stream().map(Base64.getEncoder()::encodeToString).toList());
      } catch (IOException e) {
        throw new UserError(out + ": cannot be written (" + e.getMessage() + ")");
      }
      return JSON.createObjectNode()
          .put("entries", entries.size())
          .put("checkpoints", checkpoints.size())
          .put("file", out.toString());
    }

    @Override
    void show(JsonNode answer, PrintStream print) {
      print.println(answer.path("entries").asLong() + " entries and "
          + answer.path("checkpoints").asLong() + " signatures written to " + out + " and "
          + beside(out));
    }
  }

  @Command(
      name = "verify",
      description = "Prove that the log is whole: every entry hangs on the one before, and every"
          + " signature fits. Exit code 1 if not. Signatures under a CA that was compromised, by what"
          + " the log, the server or --compromised say, must fit, but do not count.")
  static final class Verify extends AdminAction {
    private static final Pattern SERIAL = Pattern.compile("[0-9a-fA-F]{1,40}");

    @Option(
        names = "--known",
        paramLabel = "FILE",
        description =
            "Signatures kept from an earlier export (FILE.checkpoints): shows that nothing"
                + " older than they are was rewritten since, not even by who controls the server.")
    @Nullable Path known;

    @Option(
        names = "--compromised",
        paramLabel = "SERIAL",
        description =
            "The serial number, in hexadecimal digits, of a CA whose key was lost (authorities"
                + " list --json tells it). May be given several times: for whoever does not take"
                + " the log's and the server's word for which ones were.")
    List<String> compromised = List.of();

    @Override
    JsonNode ask(OperatorClient client) {
      Set<String> lost = new TreeSet<>();
      compromised.forEach(serial -> lost.add(serial(serial)));
      client.get("authorities").path("authorities").forEach(authority -> {
        if (authority.path("state").asText().equals("compromised")) {
          lost.add(authority.path("serial").asText());
        }
      });
      List<byte[]> checkpoints = new ArrayList<>(checkpoints(client));
      if (known != null) {
        checkpoints.addAll(read(known));
      }
      AuditVerifier.Report report = verify(checkpoints, entries(client), roots(), lost);
      ObjectNode answer = JSON.createObjectNode()
          .put("verified", true)
          .put("entries", report.entries())
          .put("checkpoints", report.checkpoints())
          .put("signedUpTo", report.signedUpTo())
          .put("discounted", report.discounted())
          .put("head", report.head());
      ArrayNode cas = answer.putArray("compromised");
      report.compromised().forEach(cas::add);
      return answer;
    }

    private static String serial(String text) {
      if (!SERIAL.matcher(text).matches()) {
        throw new UserError("--compromised: " + Quoted.of(text)
            + " (expected: the serial number of a CA, 1 to 40 hexadecimal digits)");
      }
      return new BigInteger(text, 16).toString(16);
    }

    private List<X509Certificate> roots() {
      try {
        return PemFile.certificates(access.trustedRoot());
      } catch (IllegalArgumentException | UncheckedIOException e) {
        throw new UserError(String.valueOf(e.getMessage()));
      }
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      int signatures = answer.path("checkpoints").asInt();
      int discounted = answer.path("discounted").asInt();
      String signed = signatures == 0
          ? (discounted == 0 ? "none signed yet" : "no signature that counts yet")
              + " (the service signs every hour, and when it stops)"
          : "signed up to " + answer.path("signedUpTo").asLong() + " by " + signatures
              + " signatures";
      out.println("verified: " + answer.path("entries").asLong() + " entries, " + signed);
      if (!answer.path("compromised").isEmpty()) {
        out.println("not counted: " + discounted + " signatures under CAs that were compromised ("
            + String.join(", ", serials(answer)) + ")");
      }
      out.println("head: " + answer.path("head").asText());
    }

    private static List<String> serials(JsonNode answer) {
      List<String> serials = new ArrayList<>();
      answer.path("compromised").forEach(serial -> serials.add(serial.asText()));
      return serials;
    }
  }

  /** @throws UserError telling where the log breaks */
  private static AuditVerifier.Report verify(
      List<byte[]> checkpoints,
      List<AuditEntry> entries,
      List<X509Certificate> roots,
      Set<String> compromised) {
    try {
      AuditVerifier verifier = new AuditVerifier(checkpoints, roots, compromised);
      entries.forEach(verifier::next);
      return verifier.finish();
    } catch (IllegalArgumentException e) {
      throw new UserError(
          String.valueOf(e.getMessage()),
          "keep the data directory as it is, and compare with a backup and earlier exports");
    }
  }

  private static List<AuditEntry> entries(OperatorClient client) {
    List<AuditEntry> entries = new ArrayList<>();
    DeviceCommands.allPages(client, ENTRIES, "entries")
        .path("entries")
        .forEach(entry -> entries.add(new AuditEntry(
            entry.path("seq").asLong(),
            entry.path("text").asText(),
            entry.path("hash").asText())));
    return entries;
  }

  private static List<byte[]> checkpoints(OperatorClient client) {
    List<byte[]> checkpoints = new ArrayList<>();
    DeviceCommands.allPages(client, CHECKPOINTS, "checkpoints")
        .path("checkpoints")
        .forEach(
            one -> checkpoints.add(Base64.getDecoder().decode(one.path("signed").asText())));
    return checkpoints;
  }

  private static List<byte[]> read(Path file) {
    try {
      return Files.readAllLines(file).stream().map(Base64.getDecoder()::decode).toList();
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(
          file + ": not readable (expected: FILE.checkpoints of an earlier export)");
    }
  }

  private static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".checkpoints");
  }
}
