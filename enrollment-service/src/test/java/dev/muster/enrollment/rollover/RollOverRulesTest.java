/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.testing.TestPki;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RollOverRulesTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
  private static final RollOverRules RULES = new RollOverRules(
      new RollOverConfig(Duration.ofDays(1), Duration.ofDays(30)),
      Map.of(
          "root", Duration.ofDays(1000),
          "device", Duration.ofDays(30),
          "service", Duration.ofDays(365)));

  private static Authority authority(String id, State state, int daysAgo, String parent, int left) {
    X509Certificate certificate = TestPki.selfSigned("CN=" + id)
        .ca()
        .validity(NOW.minus(Duration.ofDays(4000)), NOW.plus(Duration.ofDays(left)))
        .build()
        .certificate();
    return new Authority(id, state, NOW.minus(Duration.ofDays(daysAgo)), parent, certificate, null);
  }

  private static Authority root(int left) {
    return authority("root", State.ACTIVE, 100, "root", left);
  }

  private static Authority device(int left) {
    return authority("device", State.ACTIVE, 100, "root", left);
  }

  private static Authority service(int left) {
    return authority("service", State.ACTIVE, 100, "root", left);
  }

  /** What is there, when the last certificate of each retiring CA ends, and what is due. */
  static Stream<Arguments> situations() {
    Authority next = authority("device-2", State.PREPARED, 2, "root", 900);
    Authority fresh = authority("device-2", State.PREPARED, 0, "root", 900);
    Authority active = authority("device-2", State.ACTIVE, 40, "root", 900);
    Authority retiring = authority("device", State.RETIRING, 40, "root", 20);
    Authority newRoot = authority("root-2", State.ACTIVE, 0, "root-2", 3000);
    Authority oldRoot = authority("root", State.RETIRING, 1, "root", 500);
    return Stream.of(
        Arguments.of(
            "another server has dropped the CA, and its next one is not here yet",
            List.of(
                root(2000), authority("device", State.COMPROMISED, 0, "root", 900), service(900)),
            0,
            "none"),
        Arguments.of("nothing", List.of(root(2000), device(900), service(900)), 0, "none"),
        Arguments.of(
            "31 days left: the last certificates would be cut",
            List.of(root(2000), device(30), service(900)),
            0,
            "Prepare[kind=device]"),
        Arguments.of("just in time", List.of(root(2000), device(31), service(366)), 0, "none"),
        Arguments.of(
            "services live longer",
            List.of(root(2000), device(366), service(365)),
            0,
            "Prepare[kind=service]"),
        Arguments.of(
            "a root, before what it would sign is cut",
            List.of(root(1029), device(900), service(900)),
            0,
            "Prepare[kind=root]"),
        Arguments.of(
            "no new CA that ends with its root as the one before",
            List.of(
                root(20),
                device(20),
                service(20),
                authority("root-2", State.PREPARED, 5, "root-2", 3000)),
            0,
            "none"),
        Arguments.of(
            "prepared, and known by now",
            List.of(root(2000), device(20), service(900), next),
            0,
            "Activate[id=device-2]"),
        Arguments.of(
            "prepared, and not known yet",
            List.of(root(2000), device(20), service(900), fresh),
            0,
            "none"),
        Arguments.of(
            "prepared, and not known yet, but the one before has ended",
            List.of(root(2000), device(-1), service(900), fresh),
            0,
            "Activate[id=device-2]"),
        Arguments.of(
            "the old one has a certificate still",
            List.of(root(2000), retiring, service(900), active),
            1,
            "none"),
        Arguments.of(
            "the last certificate has ended",
            List.of(root(2000), retiring, service(900), active),
            0,
            "End[id=device]"),
        Arguments.of(
            "a new root: issuing CAs follow",
            List.of(oldRoot, newRoot, device(400), service(400)),
            0,
            "Prepare[kind=device]"),
        Arguments.of(
            "an old root has a child still",
            List.of(
                oldRoot,
                newRoot,
                authority("device", State.RETIRING, 40, "root", 400),
                authority("device-2", State.ACTIVE, 40, "root-2", 900),
                authority("service-2", State.ACTIVE, 40, "root-2", 900)),
            1,
            "none"),
        Arguments.of(
            "an old root has none any more",
            List.of(
                oldRoot,
                newRoot,
                authority("device", State.ENDED, 1, "root", 400),
                authority("device-2", State.ACTIVE, 40, "root-2", 900),
                authority("service-2", State.ACTIVE, 40, "root-2", 900)),
            0,
            "End[id=root]"),
        Arguments.of(
            "a compromised one is told of until its end",
            List.of(
                root(2000),
                authority("device", State.COMPROMISED, 9, "root", 5),
                active,
                service(900)),
            0,
            "none"),
        Arguments.of(
            "and no longer",
            List.of(
                root(2000),
                authority("device", State.COMPROMISED, 9, "root", -1),
                active,
                service(900)),
            0,
            "End[id=device]"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("situations")
  void step_isDue_asTheTableSays(
      String name, List<Authority> all, int lastEndInDays, String expected) {
    Optional<RollOverStep> due = RULES.due(
        new AuthorityHistory(1, all),
        id -> Optional.of(NOW.plus(Duration.ofDays(lastEndInDays))),
        NOW);
    assertThat(due.map(Object::toString).orElse("none")).isEqualTo(expected);
  }
}
