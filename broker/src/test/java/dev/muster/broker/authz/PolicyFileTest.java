/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.muster.broker.DefaultPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyFileTest {
  private static final String HEAD = """
      version: 1
      roles:
        device:
          match: { issuer: device, O: "*", OU: device }
          clientId: ["${subject.CN}"]
      """;

  private static List<String> problems(String yaml) {
    return catchThrowableOfType(
            InvalidPolicyException.class, () -> PolicyFile.parse("policy.yaml", yaml))
        .problems();
  }

  @Test
  void problems_areAllTold_withLineAndColumn() {
    String yaml = HEAD + """
            publish:
              - fleets/a
              - fleets/#/b
              - 7
            limits: { payloadBytes: 0, sesions: 3, keepAliveSeconds: [60, 30] }
        extra: 1
        """.indent(0);
    assertThat(problems(yaml))
        .anySatisfy(problem ->
            assertThat(problem).startsWith("line 8, column 9: roles.device.publish[1]: "))
        .anySatisfy(problem ->
            assertThat(problem).startsWith("line 9, column 9: roles.device.publish[2]: no topic"))
        .anySatisfy(problem -> assertThat(problem)
            .startsWith("line 10, column 15: roles.device.limits.payloadBytes: 0 (expected: 1 to"))
        .anySatisfy(problem -> assertThat(problem)
            .startsWith("line 10, column 32: roles.device.limits.sesions: unknown key"))
        .anySatisfy(problem -> assertThat(problem)
            .startsWith("line 10, column 44: roles.device.limits.keepAliveSeconds: [60,30]"))
        .hasSize(6)
        .last()
        .asString()
        .startsWith("line 11, column 1: extra: unknown key");
  }

  @Test
  void whatIsMissing_isToldWhereItShouldStand() {
    assertThat(problems("version: 1\nroles:\n  device:\n    match: { issuer: device }\n"))
        .containsExactly("line 3, column 3: roles.device.clientId: missing (expected: a list, for"
            + " example [\"${subject.CN}\"])");
  }

  @Test
  void notYaml_isToldWithItsPlace() {
    assertThat(problems("version: 1\nroles: [\n"))
        .singleElement()
        .asString()
        .startsWith("line 2, column 9: not YAML");
  }

  @ParameterizedTest
  @CsvSource({
    "5,  fleets/f1/devices/d1/telemetry/a, limits.topicBytes",
    "64, fleets/f1/devices/d1/telemetry/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, limits.topicBytes",
    "64, a/b/c/d/e/f/g, limits.topicLevels",
    "64, fleets/a, roles.device.publish[0]"
  })
  void topic_beyondItsLimits_isDenied(int bytes, String topic, String rule) {
    String yaml = HEAD + "    publish: [fleets/a]\n    limits: { topicBytes: " + bytes
        + ", topicLevels: 6 }\n";
    ClientSubject device = new ClientSubject("device", "d1", "f1", "device");
    PolicyFile.Admission admission = PolicyFile.parse("test", yaml).admit(device, "d1");
    assertThat(((PolicyFile.Admission.Admitted) admission)
            .policy()
            .publish(topic, false, 1)
            .rule())
        .isEqualTo(rule);
  }

  @Test
  void fileThatGoesBad_leavesThePolicyBefore_untilItIsMended(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("policy.yaml"), DefaultPolicy.yaml());
    Policies policies = Policies.read(file);
    PolicyFile first = policies.current();
    assertThat(policies.reload()).isFalse();

    Files.delete(file);
    assertThat(policies.reload()).isFalse();
    assertThat(policies.problem().orElseThrow()).contains("cannot be read");
    Files.writeString(file, DefaultPolicy.yaml());
    assertThat(policies.reload()).as("back with the text that was seen last").isFalse();
    assertThat(policies.problem()).isEmpty();
    assertThat(policies.current()).isSameAs(first);

    Files.writeString(file, HEAD + "    publish: 7\n");
    assertThat(policies.reload()).isFalse();
    assertThat(policies.current()).isSameAs(first);
    assertThat(policies.problem().orElseThrow())
        .contains("line 6, column 5: roles.device.publish: wrong type (expected: a list)");

    Files.delete(file);
    assertThat(policies.reload()).isFalse();
    assertThat(policies.problem().orElseThrow()).contains("cannot be read");
    Files.writeString(file, DefaultPolicy.yaml());
    assertThat(policies.reload()).as("back as it was").isFalse();
    assertThat(policies.current()).isSameAs(first);
    assertThat(policies.problem()).isEmpty();

    Files.writeString(file, HEAD + "    publish: [x]\n");
    assertThat(policies.reload()).isTrue();
    assertThat(policies.current()).isNotSameAs(first);
    assertThat(policies.problem()).isEmpty();
  }
}
