/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.config.Durations;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands to devices. */
@Command(
    name = "commands",
    description = "Commands to devices, and what came of them.",
    subcommands = {
      OrderCommands.Send.class,
      OrderCommands.ListAll.class,
      OrderCommands.Show.class,
      OrderCommands.Cancel.class
    })
final class OrderCommands {
  private static final Set<String> OPEN = Set.of("queued", "sent");
  private static final long POLL_MS = 200;

  @Command(
      name = "send",
      description =
          "Give a device a command; if it is away, it hears of it when it is back in time.")
  static final class Send extends AdminAction {
    @Parameters(index = "0", paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    @Parameters(index = "1", paramLabel = "NAME", description = "What to do.")
    String name = "";

    @Option(
        names = "--payload",
        paramLabel = "JSON",
        converter = JsonArgument.class,
        description = "What the device needs to know for it.")
    @Nullable JsonNode payload;

    @Option(
        names = "--deadline",
        paramLabel = "DURATION",
        converter = Durations.class,
        defaultValue = "5m",
        description = "How long it is worth doing (default: ${DEFAULT-VALUE}).")
    Duration deadline = Duration.ofMinutes(5);

    @Option(
        names = "--wait",
        description = "Wait for its end; the exit code is 1 unless the device has done it.")
    boolean wait;

    @Override
    JsonNode ask(OperatorClient client) {
      ObjectNode order = JSON.createObjectNode().put("name", name);
      order.put("validForSeconds", deadline.toSeconds());
      if (payload != null) {
        order.set("payload", payload);
      }
      JsonNode command =
          client.postOnce("devices/" + OperatorClient.segment(device) + "/commands", order);
      while (wait && isOpen(command)) {
        pause();
        command = client.get("commands/" + command.path("id").asText());
      }
      return command;
    }

    private static void pause() {
      try {
        TimeUnit.MILLISECONDS.sleep(POLL_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UserError("interrupted");
      }
    }

    @Override
    int exitCode(JsonNode answer) {
      return wait && !answer.path("state").asText().equals("done") ? 1 : 0;
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      print(answer, out);
    }
  }

  @Command(name = "list", description = "List the commands of a device, the newest first.")
  static final class ListAll extends AdminAction {
    @Parameters(paramLabel = "DEVICE", description = "The device's id.")
    String device = "";

    @Override
    JsonNode ask(OperatorClient client) {
      return DeviceCommands.allPages(
          client, "devices/" + OperatorClient.segment(device) + "/commands?limit=1000", "commands");
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      Table table = new Table("ID", "NAME", "STATE", "CREATED", "DEADLINE", "ENDED", "RESULT");
      answer
          .path("commands")
          .forEach(c -> table.row(
              c.path("id"),
              c.path("name"),
              c.path("state"),
              c.path("createdAt"),
              c.path("deadline"),
              c.path("endedAt"),
              c.path("result").path("status")));
      table.print(out);
    }
  }

  abstract static class OneCommand extends AdminAction {
    @Parameters(paramLabel = "ID", description = "The command's id.")
    String id = "";

    String path() {
      return "commands/" + OperatorClient.segment(id);
    }

    @Override
    void show(JsonNode answer, PrintStream out) {
      print(answer, out);
    }
  }

  @Command(name = "show", description = "Show one command and its result.")
  static final class Show extends OneCommand {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.get(path());
    }
  }

  @Command(
      name = "cancel",
      description = "Take a command back; a device that has it may still do it.")
  static final class Cancel extends OneCommand {
    @Override
    JsonNode ask(OperatorClient client) {
      return client.post(path() + "/cancel", JSON.createObjectNode());
    }
  }

  private static boolean isOpen(JsonNode command) {
    return OPEN.contains(command.path("state").asText());
  }

  private static void print(JsonNode command, PrintStream out) {
    out.println(
        "command " + command.path("id").asText() + ": " + command.path("state").asText());
    JsonNode result = command.path("result");
    if (result.isObject()) {
      new Table("RESULT", "AT", "PAYLOAD", "DETAIL")
          .row(
              result.path("status"),
              result.path("at"),
              result.path("payload"),
              result.path("detail"))
          .print(out);
    }
  }
}
