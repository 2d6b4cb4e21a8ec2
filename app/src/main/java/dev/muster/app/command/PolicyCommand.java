/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.admin.OperatorAccess;
import dev.muster.app.operator.OperatorClient;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.authz.InvalidPolicyException;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.TopicPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a policy file says. */
@Command(
    name = "policy",
    description = "Check a policy file, and explain what it grants.",
    subcommands = {
      PolicyCommand.Check.class,
      PolicyCommand.Explain.class,
      PolicyCommand.Preview.class
    })
public final class PolicyCommand {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PolicyCommand() {}

  @Command(
      name = "check",
      description = "Read a policy file and name all that is wrong with it, with line and column.")
  static final class Check implements Callable<Integer> {
    @Parameters(paramLabel = "FILE")
    Path file = Path.of("policy.yaml");

    @Option(names = "--json", description = "Print the result as JSON.")
    boolean json;

    @Override
    public Integer call() {
      List<String> problems = List.of();
      try {
        PolicyFile policy = PolicyFile.read(file);
        if (!json) {
          System.out.println(file + ": good, roles: " + String.join(", ", policy.roles()));
        }
      } catch (InvalidPolicyException e) {
        problems = e.problems();
        if (!json) {
          System.err.println("muster: " + e.getMessage());
        }
      }
      if (json) {
        ObjectNode result =
            JSON.createObjectNode().put("file", file.toString()).put("good", problems.isEmpty());
        problems.forEach(result.putArray("problems")::add);
        System.out.println(result);
      }
      return problems.isEmpty() ? 0 : 1;
    }
  }

  @Command(
      name = "explain",
      description = {
        "Say whether a client may do something, and which rule decides.",
        "Exit code 0: allowed, 1: denied."
      })
  static final class Explain implements Callable<Integer> {
    @Mixin
    OperatorAccess access = new OperatorAccess();

    @ArgGroup(multiplicity = "1")
    Who who = new Who();

    @ArgGroup(multiplicity = "1")
    Act act = new Act();

    @Option(
        names = "--issuer",
        paramLabel = "CA",
        defaultValue = ClientSubject.DEVICE_ISSUER,
        description = "Which CA issued the certificate: device or service (default: device).")
    String issuer = ClientSubject.DEVICE_ISSUER;

    @Option(
        names = "--client-id",
        paramLabel = "ID",
        description = "The client id (default: CN of the subject).")
    @Nullable String clientId;

    @Option(
        names = "--policy",
        paramLabel = "FILE",
        description = "The policy file (default: policy.yaml in the data directory).")
    @Nullable Path policy;

    @Option(names = "--retain", description = "The message is to be retained.")
    boolean retain;

    @Option(names = "--bytes", paramLabel = "N", description = "How large its payload is.")
    int bytes;

    @Option(names = "--json", description = "Print the result as JSON.")
    boolean json;

    /** A certificate that may never have been issued, or somebody who is connected. */
    static final class Who {
      @Option(
          names = "--subject",
          paramLabel = "DN",
          description = "The subject of its certificate, such as CN=pump-7,O=plant-a,OU=device.")
      @Nullable String subject;

      @Option(
          names = "--connected",
          paramLabel = "CLIENT",
          description = "The id of a client that is connected; asks the broker.")
      @Nullable String connected;
    }

    static final class Act {
      @Option(names = "--publish", paramLabel = "TOPIC")
      @Nullable String publish;

      @Option(names = "--will", paramLabel = "TOPIC", description = "Leave a last will.")
      @Nullable String will;

      @Option(names = "--subscribe", paramLabel = "FILTER")
      @Nullable String subscribe;

      @Option(names = "--receive", paramLabel = "TOPIC", description = "Be sent a message.")
      @Nullable String receive;

      String name() {
        return publish != null
            ? "publish"
            : will != null ? "will" : subscribe != null ? "subscribe" : "receive";
      }

      String topic() {
        for (String topic : new @Nullable String[] {publish, will, subscribe, receive}) {
          if (topic != null) {
            return topic;
          }
        }
        throw new IllegalStateException("picocli lets one of them through");
      }
    }

    @Override
    public Integer call() {
      JsonNode answer = who.connected != null ? ofConnected(who.connected) : ofSubject();
      if (json) {
        System.out.println(answer);
      } else {
        show(answer);
      }
      return answer.path("allowed").asBoolean() ? 0 : 1;
    }

    private JsonNode ofConnected(String client) {
      return access
          .connect()
          .get("sessions/" + OperatorClient.segment(client) + "/explain?" + act.name() + "="
              + OperatorClient.segment(act.topic()) + "&retain=" + retain + "&bytes=" + bytes);
    }

    private JsonNode ofSubject() {
      ClientSubject subject = subject();
      String id = clientId == null ? subject.commonName() : clientId;
      PolicyFile.Admission admission = read().admit(subject, id);
      ObjectNode answer = JSON.createObjectNode()
          .put("client", id)
          .put("subject", subject.toString())
          .put("issuer", subject.issuer());
      if (admission instanceof PolicyFile.Admission.Admitted admitted) {
        admitted.policy().roles().forEach(answer.putArray("roles")::add);
        return put(answer, decide(admitted.policy()));
      }
      answer.putArray("roles");
      String refusal = admission instanceof PolicyFile.Admission.WrongClientId wrong
          ? wrong.detail()
          : ((PolicyFile.Admission.NoRole) admission).detail();
      return put(answer, Decision.deny("connect", refusal));
    }

    private Decision decide(TopicPolicy rights) {
      return switch (act.name()) {
        case "publish" -> rights.publish(act.topic(), retain, bytes);
        case "will" -> rights.will(act.topic(), retain, bytes);
        case "subscribe" -> rights.subscribe(act.topic());
        default -> rights.receive(act.topic());
      };
    }

    private static JsonNode put(ObjectNode answer, Decision decision) {
      return answer
          .put("allowed", decision.allowed())
          .put("rule", decision.rule())
          .put("detail", decision.detail());
    }

    private ClientSubject subject() {
      try {
        return ClientSubject.of(issuer, new X500Principal(String.valueOf(who.subject)));
      } catch (IllegalArgumentException e) {
        throw new UserError(
            "--subject: " + e.getMessage(), "for example CN=pump-7,O=plant-a,OU=device");
      }
    }

    private PolicyFile read() {
      try {
        return PolicyFile.read(policy != null ? policy : access.data().resolve("policy.yaml"));
      } catch (InvalidPolicyException e) {
        throw new UserError(String.valueOf(e.getMessage()));
      }
    }

    private void show(JsonNode answer) {
      boolean allowed = answer.path("allowed").asBoolean();
      System.out.println((allowed ? "allowed" : "denied") + " to " + act.name() + ": "
          + answer.path("subject").asText() + " (" + answer.path("issuer").asText() + " CA)");
      System.out.println("rule:   " + answer.path("rule").asText());
      if (!allowed) {
        System.out.println("why:    " + answer.path("detail").asText());
      }
      answer.path("roles").forEach(role -> System.out.println("role:   " + role.asText()));
    }
  }

  @Command(
      name = "preview",
      description = {
        "Say who would lose what if this file were the policy; asks the broker that runs.",
        "Exit code 0: nobody loses anything, 1: somebody does, or it is no policy."
      })
  static final class Preview implements Callable<Integer> {
    @Mixin
    OperatorAccess access = new OperatorAccess();

    @Parameters(paramLabel = "FILE")
    Path file = Path.of("policy.yaml");

    @Option(names = "--json", description = "Print the result as JSON.")
    boolean json;

    @Override
    public Integer call() {
      JsonNode answer =
          access.connect().post("policy/preview", JSON.createObjectNode().put("policy", text()));
      if (json) {
        System.out.println(answer);
      } else {
        answer
            .path("problems")
            .forEach(problem -> System.err.println("muster: " + problem.asText()));
        answer.path("losses").forEach(Preview::show);
        if (answer.path("good").asBoolean()) {
          System.out.println(answer.path("clients").asLong() + " clients looked at, "
              + (answer.path("losses").isEmpty() ? "nobody loses anything" : "losses as above"));
        }
      }
      return answer.path("good").asBoolean() && answer.path("losses").isEmpty() ? 0 : 1;
    }

    private String text() {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new UserError("FILE: " + file + " (expected: a file that can be read)");
      }
    }

    private static void show(JsonNode loss) {
      String topic = loss.path("topic").asText();
      System.out.println(loss.path("clients").asLong() + " lose: "
          + loss.path("act").asText()
          + (topic.isEmpty() ? "" : " " + topic) + " (" + loss.path("rule").asText() + "): "
          + loss.path("reason").asText() + "; " + loss.path("sample").path(0).asText()
          + (loss.path("clients").asLong() > 1 ? " and others" : ""));
    }
  }
}
