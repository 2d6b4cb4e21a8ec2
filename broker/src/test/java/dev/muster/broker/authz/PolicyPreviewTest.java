/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PolicyPreviewTest {
  private static final String NOW = """
      version: 1
      roles:
        device:
          match: { issuer: device, O: "*", OU: device }
          clientId: ["${subject.CN}"]
          publish:
            - d/${subject.CN}/telemetry/+
            - { topic: "d/${subject.CN}/state", retain: true }
          subscribe:
            - d/${subject.CN}/#
      """;

  private static List<String> losses(String then) {
    PolicyPreview preview =
        new PolicyPreview(PolicyFile.parse("now", NOW), PolicyFile.parse("then", then));
    for (String name : List.of("a", "b", "c")) {
      String fleet = name.equals("c") ? "test" : "plant";
      preview.look(new ClientSubject("device", name, fleet, "device"), name);
    }
    preview.look(new ClientSubject("device", "e", "plant", "device"), "another");
    assertThat(preview.clients()).isEqualTo(3);
    return preview.losses().stream()
        .map(loss -> String.join(
            " | ",
            loss.act(),
            loss.rule(),
            loss.topic(),
            loss.reason(),
            String.join(",", loss.sample())))
        .toList();
  }

  @Test
  void samePolicy_takesNothing() {
    assertThat(losses(NOW)).isEmpty();
    assertThat(losses(NOW.replace("telemetry/+", "#"))).isEmpty();
  }

  @Test
  void groupThatIsGone_isALoss() {
    String now = NOW + "    sharedGroups: [\"a\", \"b\"]\n";
    PolicyPreview preview = new PolicyPreview(
        PolicyFile.parse("now", now), PolicyFile.parse("then", now.replace("\"a\", ", "")));
    preview.look(new ClientSubject("device", "x", "plant", "device"), "x");
    assertThat(preview.losses())
        .extracting(loss -> loss.act() + " " + loss.rule() + " " + loss.topic())
        .containsExactly("share roles.device.sharedGroups a");
  }

  @Test
  void narrowerRules_takeWhatTheyGrantedBefore() {
    assertThat(losses(NOW.replace("telemetry/+", "telemetry/env").replace(", retain: true", "")))
        .containsExactlyInAnyOrder(
            "publish | roles.device.publish[0] | d/a/telemetry/+"
                + " | only a part of it would be granted | a,b,c",
            "publish | roles.device.publish[1] | d/a/state | not as a retained message | a,b,c");
    assertThat(losses(NOW.replace("      - d/${subject.CN}/telemetry/+\n", "")))
        .containsExactly("publish | roles.device.publish[0] | d/a/telemetry/+"
            + " | no rule would grant it | a,b,c");
  }

  @Test
  void moreLossesThanAnybodyReads_areCounted() {
    StringBuilder rules = new StringBuilder(NOW.substring(0, NOW.indexOf("    subscribe:")));
    IntStream.range(0, 520).forEach(i -> rules.append("      - x/").append(i).append('\n'));
    PolicyPreview preview =
        new PolicyPreview(PolicyFile.parse("now", rules.toString()), PolicyFile.parse("then", NOW));
    preview.look(new ClientSubject("device", "a", "plant", "device"), "a");
    preview.look(new ClientSubject("device", "b", "plant", "device"), "b");
    assertThat(preview.losses()).hasSize(500).allMatch(loss -> loss.clients() == 2);
    assertThat(preview.untold()).isEqualTo(20);
  }

  @Test
  void denial_takesFromThoseThatItNames() {
    assertThat(losses(NOW + "    deny:\n      subscribe:\n        - d/b/commands\n"))
        .containsExactly("subscribe | roles.device.subscribe[0] | d/b/#"
            + " | roles.device.deny.subscribe[0] would deny it, or a part of it | b");
  }

  @Test
  void narrowerMatch_disconnectsWhoIsLeftOut() {
    assertThat(losses(NOW.replace("O: \"*\"", "O: plant")))
        .containsExactly("connect | device |  | no role would match it | c");
  }
}
