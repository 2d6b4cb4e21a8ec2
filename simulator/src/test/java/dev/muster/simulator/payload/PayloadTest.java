/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.protocol.telemetry.Measurement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PayloadTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00Z");

  @TempDir
  Path folder;

  @Test
  void everyPayload_sameSeed_saysTheSame() throws IOException {
    Payload csv = csv("a,b\n1,2\n3,\n5,6\n");
    for (Payload payload :
        List.of(Payload.DAY_CURVE, Payload.RANDOM_WALK, Payload.BURSTS, Payload.CONSTANT, csv)) {
      assertThat(messages(payload, 1, 50)).isEqualTo(messages(payload, 1, 50));
    }
    assertThat(messages(Payload.RANDOM_WALK, 1, 50))
        .isNotEqualTo(messages(Payload.RANDOM_WALK, 2, 50));
  }

  @Test
  void randomWalk_wanders_constant_stays() {
    assertThat(values(messages(Payload.RANDOM_WALK, 1, 50))).hasSizeGreaterThan(20);
    assertThat(values(messages(Payload.CONSTANT, 1, 50))).containsExactly(21.5);
  }

  @Test
  void bursts_sendLittleForLong_andThenWaves() {
    List<Reading> messages = messages(Payload.BURSTS, 1, 1000);
    List<Reading> waves =
        messages.stream().filter(message -> message.stream().equals("wave")).toList();
    assertThat(waves)
        .hasSizeBetween(40, 200)
        .allMatch(wave -> wave.measurements().size() == 64);
    assertThat(waves.get(0).measurements()).extracting(Measurement::time).isSorted();
    assertThat(messages)
        .filteredOn(message -> message.stream().equals("vibration"))
        .hasSizeGreaterThan(800);
  }

  @Test
  void csv_startsAnywhereAndBeginsAgain() throws IOException {
    Payload payload = csv("time, temperature ,humidity\n0,20,40\n60,21,\n120,22,42\n");
    List<Reading> messages = messages(payload, 1, 6);
    assertThat(messages).allMatch(message -> message.stream().equals("replay"));
    List<Double> temperatures =
        messages.stream().map(message -> number(message.measurements().get(0))).toList();
    assertThat(temperatures.subList(0, 3)).containsExactlyInAnyOrder(20.0, 21.0, 22.0);
    assertThat(temperatures.subList(3, 6)).isEqualTo(temperatures.subList(0, 3));
    assertThat(messages.get(temperatures.indexOf(21.0)).measurements())
        .as("an empty cell was not measured")
        .hasSize(1);
    Set<Double> first = new HashSet<>();
    IntStream.range(0, 50).forEach(seed -> first.addAll(values(messages(payload, seed, 1))));
    assertThat(first).contains(20.0, 21.0, 22.0);
  }

  @Test
  void csv_broken_namesTheLine() {
    refused("", ": no rows (expected:");
    refused("a\n", ": no rows (expected:");
    refused("a\n\n \n", ": no rows (expected:");
    refused("a b\n1\n", ":1: metric: \"a b\" (expected:");
    refused("a,b\n1,2\n3\n", ":3: 1 values (expected: 2,");
    refused("a\nNaN\n", ":2: a: \"NaN\" (expected: a number)");
    refused("a,b\n,\n", ":2: no value (expected:");
  }

  @Test
  void csv_thatCannotBeRead_isNamed() throws IOException {
    Path latin1 = Files.write(folder.resolve("latin1.csv"), new byte[] {(byte) 0xe9, '\n', '1'});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Payload.csv(latin1))
        .withMessage(latin1 + ": is no text (expected: CSV in UTF-8)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Payload.csv(folder))
        .withMessageStartingWith(folder + ": cannot be read (")
        .withMessageEndingWith("expected: a CSV file)");
  }

  private void refused(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> csv(text))
        .withMessageStartingWith(folder.resolve("rows.csv") + message);
  }

  private Payload csv(String text) throws IOException {
    return Payload.csv(Files.writeString(folder.resolve("rows.csv"), text));
  }

  private static List<Reading> messages(Payload payload, long seed, int count) {
    MessageSource source = payload.source(new SplittableRandom(seed));
    return IntStream.range(0, count)
        .mapToObj(i -> source.next(NOON.plus(Duration.ofMinutes(i))))
        .toList();
  }

  private static Set<Double> values(List<Reading> messages) {
    Set<Double> values = new HashSet<>();
    messages.forEach(
        message -> message.measurements().forEach(measurement -> values.add(number(measurement))));
    return values;
  }

  private static double number(Measurement measurement) {
    return ((Measurement.Value.Number) measurement.value()).number();
  }
}
