/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.broker.Allocation;
import dev.muster.broker.DefaultPolicy;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicPolicyTest {
  /** In bytes, with pointers of eight; an iterator would be 24 more, whatever they have. */
  private static final long A_DECISION = 40;

  private static final PolicyFile DEFAULT = PolicyFile.parse("default", DefaultPolicy.yaml());
  private static final ClientSubject DEVICE = new ClientSubject("device", "d1", "f1", "device");

  private static TopicPolicy admit(PolicyFile file, ClientSubject subject, String clientId) {
    return ((PolicyFile.Admission.Admitted) file.admit(subject, clientId)).policy();
  }

  private static ClientSubject service(String fleet, String role) {
    return new ClientSubject("service", "s1", fleet, role);
  }

  @ParameterizedTest
  @CsvSource({
    "fleets/f1/devices/d1/telemetry/env,      true,  roles.device.publish[0]",
    "fleets/f1/devices/d1/events/door,        true,  roles.device.publish[1]",
    "fleets/f1/devices/d1/twin/reported,      true,  roles.device.publish[2]",
    "fleets/f1/devices/d1/commands/7/result,  true,  roles.device.publish[3]",
    "fleets/f1/devices/d1/telemetry,          false, default",
    "fleets/f1/devices/d1/telemetry/a/b,      false, default",
    "fleets/f1/devices/d1x/telemetry/env,     false, default",
    "fleets/f1/devices/d/telemetry/env,       false, default",
    "fleets/f1x/devices/d1/telemetry/env,     false, default",
    "Fleets/f1/devices/d1/telemetry/env,      false, default",
    "fleets/f1/devices/d1/presence,           false, default",
    "fleets/f1/devices/d1/twin/desired,       false, default",
    "fleets/f1/devices/+/telemetry/env,       false, default",
    "$SYS/x,                                  false, default",
    "muster/revocations/device,               false, default"
  })
  void device_publish(String topic, boolean allowed, String rule) {
    Decision decision = admit(DEFAULT, DEVICE, "d1").publish(topic, false, 10);
    assertThat(decision.allowed()).isEqualTo(allowed);
    assertThat(decision.rule()).isEqualTo(rule);
  }

  @ParameterizedTest
  @CsvSource({
    "fleets/f1/devices/d1/commands/+, true",
    "fleets/f1/devices/d1/commands/7, true",
    "fleets/f1/devices/d1/twin/desired, true",
    "fleets/f1/devices/d1/commands/#, false",
    "fleets/f1/devices/d1/#, false",
    "fleets/f1/devices/+/commands/+, false",
    "fleets/+/devices/d1/commands/+, false",
    "+/f1/devices/d1/commands/+, false",
    "#, false",
    "+, false",
    "$share/g/fleets/f1/devices/d1/commands/+, false",
    "$share/d1/fleets/f1/devices/d1/commands/+, false",
    "$SYS/#, false",
    "a/#/b, false"
  })
  void device_subscribe(String filter, boolean allowed) {
    assertThat(admit(DEFAULT, DEVICE, "d1").subscribe(filter).allowed()).isEqualTo(allowed);
  }

  @ParameterizedTest
  @CsvSource({
    "fleets/f1/devices/d1/commands/7, true",
    "fleets/f1/devices/d2/commands/7, false",
    "fleets/f1/devices/d1/telemetry/s, false",
    "fleets/f1/devices/d1/commands/+, false",
    "$SYS/x, false"
  })
  void device_receive(String topic, boolean allowed) {
    assertThat(admit(DEFAULT, DEVICE, "d1").receive(topic).allowed()).isEqualTo(allowed);
  }

  @Test
  void rate_isLimitedForDevices_unlessThePolicySaysOtherwise() {
    assertThat(admit(DEFAULT, DEVICE, "d1").limits().rate())
        .isEqualTo(new RateLimit(200, 1_048_576));
    assertThat(admit(DEFAULT, service(null, "consumer"), "s1").limits().rate())
        .isEqualTo(RateLimit.NONE);
    String text = "version: 1\nroles:\n  d:\n    match: { issuer: device }\n"
        + "    clientId: ['${subject.CN}']\n";
    assertThat(admit(PolicyFile.parse("p", text), DEVICE, "d1").limits().rate())
        .isEqualTo(RateLimit.DEVICE);
    PolicyFile free =
        PolicyFile.parse("p", text + "    limits: { messagesPerSecond: 0, bytesPerSecond: 7 }\n");
    assertThat(admit(free, DEVICE, "d1").limits().rate()).isEqualTo(new RateLimit(0, 7));
    assertThatThrownBy(
            () -> PolicyFile.parse("p", text + "    limits: { messagesPerSecond: -1 }\n"))
        .hasMessageContaining("roles.d.limits.messagesPerSecond: -1");
  }

  @Test
  void answerTo_onlyWhatItCouldSubscribe() {
    TopicPolicy policy = admit(DEFAULT, DEVICE, "d1");
    assertThat(policy.answerTo("fleets/f1/devices/d1/commands/r").allowed()).isTrue();
    assertThat(policy.answerTo("muster/revocations/device").allowed()).isFalse();
    assertThat(policy.answerTo("fleets/f1/devices/d2/commands/r").allowed()).isFalse();
  }

  @Test
  void device_retainedTooLargeAndWill() {
    TopicPolicy policy = admit(DEFAULT, DEVICE, "d1");
    assertThat(policy.publish("fleets/f1/devices/d1/telemetry/e", true, 1).allowed())
        .isFalse();
    assertThat(
            policy.publish("fleets/f1/devices/d1/telemetry/e", false, 131_073).rule())
        .isEqualTo("limits.payloadBytes");
    assertThat(policy.will("fleets/f1/devices/d1/events/lost", false, 1).allowed())
        .isTrue();
    assertThat(policy.will("fleets/f1/devices/d1/events/lost", true, 1).allowed())
        .isFalse();
    assertThat(policy.will("fleets/f1/devices/d1/telemetry/e", false, 1).allowed())
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "'',  fleets/+/devices/+/telemetry/#,             true",
    "'',  fleets/f2/devices/d9/telemetry/env,         true",
    "'',  fleets/+/devices/+/commands/+,              false",
    "'',  fleets/#,                                   false",
    "'',  $share/s1/fleets/+/devices/+/telemetry/#,   true",
    "'',  $share/s1:a/fleets/+/devices/+/telemetry/#, true",
    "'',  $share/s2/fleets/+/devices/+/telemetry/#,   false",
    "'',  $share/s1/#,                                false",
    "'',  $share/+/fleets/+/devices/+/telemetry/#,    false",
    "'',  $share/s1,                                  false",
    "f1,  fleets/f1/devices/+/telemetry/#,            true",
    "f1,  fleets/+/devices/+/telemetry/#,             false",
    "f1,  fleets/f2/devices/+/telemetry/#,            false"
  })
  void consumer_subscribe(String fleet, String filter, boolean allowed) {
    ClientSubject consumer = service(fleet.isEmpty() ? null : fleet, "consumer");
    TopicPolicy policy = admit(DEFAULT, consumer, "s1");
    assertThat(policy.subscribe(filter).allowed()).isEqualTo(allowed);
    assertThat(policy.publish("fleets/f1/devices/d1/commands/1", false, 1).allowed())
        .isFalse();
  }

  @Test
  void service_publishesRevocationsRetained() {
    TopicPolicy policy = admit(DEFAULT, service(null, "service"), "s1");
    assertThat(policy.publish("muster/revocations/device", true, 1_000).allowed())
        .isTrue();
    assertThat(policy.publish("muster/revocations/device/applied", false, 1).allowed())
        .isFalse();
    assertThat(policy.subscribe("muster/revocations/+/applied").allowed()).isTrue();
    assertThat(policy.subscribe("fleets/+/devices/+/telemetry/#").allowed()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "device,  d1, f1, device,   d1,     Admitted",
    "device,  d1, f1, device,   d2,     WrongClientId",
    "device,  d1, f1, device,   d1:x,   WrongClientId",
    "service, d1, f1, device,   d1,     NoRole",
    "device,  s1, f1, consumer, s1,     NoRole",
    "service, s1, ,   consumer, s1:7,   Admitted",
    "service, s1, ,   consumer, s11,    WrongClientId",
    "service, s1, f1, service,  s1,     NoRole",
    "service, s1, ,   server,   s1,     NoRole"
  })
  void admission(
      String issuer, String name, String fleet, String unit, String clientId, String expected) {
    ClientSubject subject = new ClientSubject(issuer, name, fleet, unit);
    assertThat(DEFAULT.admit(subject, clientId).getClass().getSimpleName()).isEqualTo(expected);
  }

  @Test
  void deny_wins_alsoOverWiderSubscriptions() {
    PolicyFile file = PolicyFile.parse("test", """
        version: 1
        roles:
          all:
            match: { issuer: service, OU: operator }
            clientId: ["*"]
            publish: ["a/#"]
            subscribe: ["a/#", "b/+"]
            deny: { publish: ["a/secret/#"], subscribe: ["a/+/secret"] }
          more:
            match: { issuer: service, CN: s1 }
            clientId: ["*"]
            publish: ["a/secret/x"]
        """);
    TopicPolicy policy = admit(file, service(null, "operator"), "any");
    assertThat(policy.roles()).containsExactly("all", "more");
    assertThat(policy.publish("a/b", false, 1).allowed()).isTrue();
    assertThat(policy.publish("a/secret/x", false, 1).rule())
        .isEqualTo("roles.all.deny.publish[0]");
    assertThat(policy.publish("a/secret", false, 1).allowed()).isFalse();
    assertThat(policy.subscribe("a/#").rule()).isEqualTo("roles.all.deny.subscribe[0]");
    assertThat(policy.subscribe("a/x/+").allowed()).isFalse();
    assertThat(policy.subscribe("a/x/open").allowed()).isTrue();
    assertThat(policy.subscribe("b/+").allowed()).isTrue();
  }

  @Test
  void templates_standForEachPartOfTheSubject_andForTheClientId() {
    PolicyFile file = PolicyFile.parse("test", """
        version: 1
        roles:
          all:
            match: { issuer: device, O: "*", OU: "*" }
            clientId: ["${subject.CN}:*"]
            publish: ["a/${subject.OU}/${client.id}/${subject.O}"]
            subscribe: ["${client.id}/${subject.CN}/#"]
        """);
    TopicPolicy policy = admit(file, DEVICE, "d1:7");
    assertThat(policy.publish("a/device/d1:7/f1", false, 1).allowed()).isTrue();
    assertThat(policy.publish("a/device/d1/f1", false, 1).allowed()).isFalse();
    assertThat(policy.publish("a/gadget/d1:7/f1", false, 1).allowed()).isFalse();
    assertThat(policy.subscribe("d1:7/d1/x").allowed()).isTrue();
    assertThat(policy.subscribe("d1:8/d1/x").allowed()).isFalse();
  }

  /** A client that sends a thousand messages a second is no reason to collect garbage. */
  @Test
  void decision_ofAMessage_allocatesLittle() {
    TopicPolicy policy = admit(DEFAULT, DEVICE, "d1");
    Map<String, Supplier<Decision>> decisions = Map.of(
        "publish", () -> policy.publish("fleets/f1/devices/d1/telemetry/env", false, 10),
        "will", () -> policy.will("fleets/f1/devices/d1/events/lost", false, 10),
        "receive", () -> policy.receive("fleets/f1/devices/d1/commands/7"),
        "answer to", () -> policy.answerTo("fleets/f1/devices/d1/commands/7"));
    decisions.forEach((act, decision) -> assertThat(bytesOf(decision))
        .as(act + ": the decision, and nothing else")
        .isLessThanOrEqualTo(A_DECISION));
  }

  /** The filter is read, once; what is granted is compiled, however much it is. */
  @Test
  void decision_ofASubscription_allocatesNoMore_theMoreIsGranted() {
    String filter = "fleets/f1/devices/d1/commands/+";
    StringBuilder yaml =
        new StringBuilder("version: 1\nroles:\n  d:\n    match: { issuer: device, O: '*' }\n"
            + "    clientId: ['${subject.CN}']\n    subscribe:\n");
    for (int i = 0; i < 100; i++) {
      yaml.append("      - 'fleets/${subject.O}/devices/${subject.CN}/other")
          .append(i)
          .append("/+'\n");
    }
    String last = "      - 'fleets/${subject.O}/devices/${subject.CN}/commands/+'\n";
    TopicPolicy many = admit(PolicyFile.parse("p", yaml + last), DEVICE, "d1");
    assertThat(bytesOf(() -> admit(DEFAULT, DEVICE, "d1").subscribe(filter)))
        .as("what would be if it were not compiled")
        .isGreaterThan(2_000);
    assertThat(bytesOf(() -> many.subscribe(filter)))
        .as("the levels of this filter, and the decision; of a hundred others it would be more")
        .isLessThan(800);
  }

  private static long bytesOf(Supplier<Decision> decision) {
    assertThat(decision.get().allowed()).isTrue();
    return Allocation.of(decision);
  }

  @Test
  void file_withProblems_namesAllOfThem() {
    assertThatThrownBy(() -> PolicyFile.parse("policy.yaml", """
            version: 2
            rolls: {}
            roles:
              a:
                match: { issuer: devices, OU: 7 }
                clientId: ["a*b"]
                publish: ["x/#/y", "${subject.X}/a", "${subject.O}/a", 5]
                subscribe: x
                deny: { pub: [] }
                limits: { rate: 1 }
            """))
        .isInstanceOfSatisfying(
            InvalidPolicyException.class,
            e -> assertThat(e.problems())
                .anyMatch(p -> p.contains(": rolls: unknown key"))
                .anyMatch(p -> p.contains(": version:"))
                .anyMatch(p -> p.contains(": roles.a.match.issuer: \"devices\""))
                .anyMatch(p -> p.contains(": roles.a.match.OU: not text"))
                .anyMatch(p -> p.contains(": roles.a.clientId[0]:"))
                .anyMatch(p -> p.contains(": roles.a.publish[0]: topic filter"))
                .anyMatch(p -> p.contains(": roles.a.publish[1]: variable"))
                .anyMatch(p -> p.contains(": roles.a.publish[2]: uses ${subject.O}"))
                .anyMatch(p -> p.contains(": roles.a.publish[3]: no topic"))
                .anyMatch(p -> p.contains(": roles.a.subscribe: wrong type"))
                .anyMatch(p -> p.contains(": roles.a.deny.pub: unknown key"))
                .anyMatch(p -> p.contains(": roles.a.limits.rate: unknown key")));
  }

  @ParameterizedTest
  @CsvSource({"''", "'['", "'version: 1\nversion: 1\nroles: {}'", "'a: &a [*a]'", "'- 1'"})
  void file_thatIsNoPolicy_isRefused(String yaml) {
    assertThatThrownBy(() -> PolicyFile.parse("policy.yaml", yaml))
        .isInstanceOf(InvalidPolicyException.class);
  }
}
