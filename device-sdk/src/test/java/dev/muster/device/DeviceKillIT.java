/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.est.EstOperation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kills a program with a device (SIGKILL) at random moments, while it enrolls, publishes and
 * renews. More rounds: {@code -Dkill.rounds=200}.
 */
class DeviceKillIT {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 4);
  private static final Pattern IDENTITY = Pattern.compile("muster-boot:(\\S+) muster-seq:(\\d+)");

  @TempDir
  Path folder;

  @ParameterizedTest
  @EnumSource
  void kill_atRandomMoments_everyMessageThatWasPromisedArrives(MqttClient client) throws Exception {
    int rounds = client == MqttClient.PAHO ? Math.max(2, ROUNDS / 4) : ROUNDS;
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TestFleet fleet = new TestFleet(folder);
    Path state = folder.resolve("state");
    Set<String> promised = new HashSet<>();
    try (EstDouble est = new EstDouble(fleet);
        Mosquitto broker = Mosquitto.start(fleet);
        Mosquitto.Subscriber consumer = broker.subscribe()) {
      for (int round = 0; round < rounds; round++) {
        // Every other round it has nobody to send to.
        boolean offline = round % 2 == 1;
        String uri = offline ? "mqtts://localhost:1" : broker.uri().toString();
        Path out = folder.resolve("out" + round);
        Process child = KillChild.start(
            System.getProperty("java.class.path"),
            fleet,
            state,
            est.uri().toString(),
            uri,
            client,
            out);
        await().atMost(Duration.ofSeconds(60)).until(() -> Files.size(out) > 0);
        if (round > 0 && !offline) {
          long renewals = est.asked(EstOperation.SIMPLE_REENROLL);
          await()
              .atMost(Duration.ofSeconds(60))
              .until(() -> est.asked(EstOperation.SIMPLE_REENROLL) > renewals);
        }
        Thread.sleep(random.nextInt(700)); // The moment of the kill is the input here.
        child.destroyForcibly();
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        promised.addAll(promises(out));
      }
      drain(fleet, state, est, broker, client);

      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(arrived(consumer.lines()))
              .as("seed %d, %d promised", seed, promised.size())
              .containsAll(promised));
      assertThat(est.requests().stream()
              .filter(request -> request.operation() == EstOperation.SIMPLE_ENROLL)
              .map(EstDouble.Request::key))
          .as("keys of first enrollments, seed %d", seed)
          .containsOnly(est.requests().get(0).key());
      assertThat(keysAfterEachCertificate(est).values())
          .as("a server takes a second one for that of a thief, seed %d", seed)
          .isNotEmpty()
          .allSatisfy(keys -> assertThat(keys).hasSize(1));
    }
    assertThat(promised).hasSizeGreaterThan(rounds);
    System.err.printf(
        "%s: %d kills, %d messages promised, none lost%n", client, rounds, promised.size());
  }

  /** For which keys the certificates were renewed. */
  private static Map<X509Certificate, Set<PublicKey>> keysAfterEachCertificate(EstDouble est) {
    return est.requests().stream()
        .filter(request -> request.operation() == EstOperation.SIMPLE_REENROLL)
        .collect(Collectors.groupingBy(
            request -> Objects.requireNonNull(request.client()),
            Collectors.mapping(EstDouble.Request::key, Collectors.toSet())));
  }

  private static Set<String> promises(Path out) throws IOException {
    Set<String> promises = new HashSet<>();
    for (String line : Files.readString(out).split("(?<=\n)")) {
      if (line.endsWith("\n")) {
        promises.add(line.substring(2).strip());
      }
    }
    return promises;
  }

  private void drain(
      TestFleet fleet, Path state, EstDouble est, Mosquitto broker, MqttClient client) {
    Path current = state.resolve("identity/current");
    try (FleetDevice device = FleetDevice.builder()
        .enrollment(est.uri())
        .broker(broker.uri())
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(state)
        .clock(KillChild.RENEWING)
        .timing(TestTiming.FAST)
        .mqttClient(client)
        .build()) {
      device.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> Files.exists(current) && !Files.readString(current).equals("1\n"));
      est.issuing(Clock.systemUTC(), Duration.ofDays(365));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> device.state() == DeviceState.ONLINE && device.statistics().waiting() == 0);
      assertThat(device.statistics().lost()).isZero();
    }
  }

  private static Set<String> arrived(List<String> lines) {
    Set<String> arrived = new HashSet<>();
    for (String line : lines) {
      Matcher matcher = IDENTITY.matcher(line);
      if (matcher.find()) {
        arrived.add(matcher.group(1) + " " + matcher.group(2));
      }
    }
    return arrived;
  }
}
