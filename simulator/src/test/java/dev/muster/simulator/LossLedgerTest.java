/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.LossLedger.Comparison;
import dev.muster.simulator.LossLedger.DeviceMessage;
import dev.muster.simulator.LossLedger.Found;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LossLedgerTest {
  private static final DeviceId A = new DeviceId("a");
  private static final DeviceId B = new DeviceId("b");
  private static final int CONTENT = 4711;

  private final LossLedger ledger = new LossLedger();

  @Test
  void compare_nothingAcknowledged_isClean() {
    assertThat(ledger.compare(device -> List.of()).clean()).isTrue();
    assertThat(ledger.size()).isZero();
  }

  @Test
  void compare_everythingStoredOnce_isClean() {
    remember(A, "x", 1, 100);
    remember(B, "y", 1, 50);
    Comparison comparison =
        ledger.compare(device -> device.equals(A) ? messages("x", 1, 100) : messages("y", 1, 50));
    assertThat(comparison)
        .isEqualTo(new Comparison(
            150,
            Found.NONE,
            Found.NONE,
            Found.NONE,
            Found.NONE,
            Found.NONE,
            Found.NONE,
            Found.NONE,
            Duration.ZERO));
    assertThat(ledger.size()).isEqualTo(150);
  }

  @Test
  void compare_acknowledgedButNotStored_isLost() {
    remember(A, "x", 1, 10);
    List<StoredMessage> stored = messages("x", 1, 10);
    stored.remove(6);
    Comparison comparison = ledger.compare(device -> stored);
    assertThat(comparison.clean()).isFalse();
    assertThat(comparison.lost().count()).isEqualTo(1);
    assertThat(comparison.lost().examples())
        .containsExactly(new DeviceMessage(A, new MessageIdentity("x", 7)));
  }

  @Test
  void compare_whatIsStoredAMomentLater_isNotLost() {
    remember(A, "x", 1, 10);
    remember(B, "y", 1, 10);
    List<StoredMessage> late = messages("y", 1, 7);
    List<Long> missing = new ArrayList<>();
    List<DeviceId> asked = new ArrayList<>();
    Comparison comparison = ledger.compare(
        device -> {
          asked.add(device);
          return device.equals(A) ? messages("x", 1, 10) : late;
        },
        found -> {
          missing.add(found);
          late.addAll(messages("y", 8 + missing.size() - 1, 8 + missing.size() - 1));
          return true;
        });
    assertThat(comparison.clean()).isTrue();
    assertThat(comparison.acknowledged()).isEqualTo(20);
    assertThat(missing).containsExactly(3L, 2L, 1L);
    assertThat(asked).containsExactly(A, B, B, B, B);
  }

  @Test
  void compare_whatIsNotWaitedForAnyMore_isLost() {
    remember(A, "x", 1, 10);
    remember(B, "y", 1, 10);
    Iterator<Boolean> again = List.of(true, true, false).iterator();
    Comparison comparison = ledger.compare(
        device -> device.equals(A) ? messages("x", 1, 10) : messages("y", 1, 7),
        missing -> again.next());
    assertThat(comparison.lost().count()).isEqualTo(3);
    assertThat(comparison.acknowledged()).isEqualTo(20);
    assertThat(again).isExhausted();
  }

  @Test
  void compare_storedUnderAnotherDevice_isLost() {
    remember(A, "x", 1, 2);
    Comparison comparison =
        ledger.compare(device -> device.equals(B) ? messages("x", 1, 2) : List.of());
    assertThat(comparison.lost().count()).isEqualTo(2);
  }

  @Test
  void compare_storedTwice_isDuplicated() {
    remember(A, "x", 1, 10);
    List<StoredMessage> stored = messages("x", 1, 12);
    stored.addAll(messages("x", 5, 5));
    stored.addAll(messages("x", 5, 5));
    stored.addAll(messages("x", 12, 12)); // not acknowledged, but stored twice all the same
    Comparison comparison = ledger.compare(device -> stored);
    assertThat(comparison.lost().count()).isZero();
    assertThat(comparison.duplicated().count()).isEqualTo(2);
    assertThat(comparison.duplicated().examples())
        .extracting(message -> message.identity().sequence())
        .containsExactly(5L, 12L);
  }

  @Test
  void compare_storedTwice_isDuplicated_alsoIfNothingWasAcknowledged() {
    ledger.sent(A, new MessageIdentity("x", 3), CONTENT);
    List<StoredMessage> stored = messages("x", 1, 5);
    assertThat(ledger.compare(device -> stored).clean()).isTrue();
    stored.addAll(messages("x", 3, 3));
    assertThat(ledger.compare(device -> stored).duplicated().count()).isEqualTo(1);
    assertThat(ledger.size()).isZero();
  }

  @Test
  void compare_storedWithoutAcknowledgementOrOfAnotherBoot_isNoFault() {
    remember(A, "x", 1, 10);
    List<StoredMessage> stored = messages("x", 1, 15);
    stored.addAll(messages("earlier", 1, 3));
    stored.addAll(messages("earlier", 1, 3));
    stored.add(message("x", Long.MAX_VALUE, "s", 0));
    assertThat(ledger.compare(device -> stored).clean()).isTrue();
  }

  @Test
  void compare_twoBoots_areKeptApart() {
    remember(A, "x", 1, 3);
    remember(A, "y", 1, 3);
    assertThat(ledger.compare(device -> messages("x", 1, 3)).lost().count()).isEqualTo(3);
  }

  @Test
  void compare_manyLost_showsSomeOfThem() {
    remember(A, "x", 1, 1000);
    Comparison comparison = ledger.compare(device -> List.of());
    assertThat(comparison.lost().count()).isEqualTo(1000);
    assertThat(comparison.lost().examples()).hasSize(20);
  }

  private void remember(DeviceId device, String boot, long first, long last) {
    messages(boot, first, last).forEach(message -> ledger.remember(device, message.identity()));
  }

  @Test
  void explain_nothingBroken_saysNothing() {
    ledger.note(A, Duration.ofSeconds(1), "online");
    assertThat(ledger.explain(ledger.compare(device -> List.of()))).isEmpty();
  }

  @Test
  void explain_losses_givesTheDeviceToWhichLeastHappened() {
    for (int i = 0; i < 3; i++) {
      ledger.note(A, Duration.ofSeconds(i), "online");
    }
    ledger.note(B, Duration.ofMillis(1500), "online");
    ledger.remember(A, new MessageIdentity("boot", 1));
    ledger.remember(B, new MessageIdentity("boot", 1));
    ledger.remember(B, new MessageIdentity("boot", 2));
    ledger.note(B, Duration.ofMillis(2500), "offline: reset");
    assertThat(ledger.explain(ledger.compare(device -> List.of())))
        .containsExactly(
            "b: message 1 of boot boot was acknowledged and is not stored",
            "     1.500 s  online; 0 acknowledged until then",
            "     2.500 s  offline: reset; 2 acknowledged until then");
  }

  @Test
  void compare_behindALaterOneOfItsStream_isReordered() {
    remember(A, "x", 1, 4);
    List<StoredMessage> stored = List.of(
        message("x", 2, "a", 0),
        message("x", 1, "a", 0),
        message("x", 4, "b", 0),
        message("x", 3, "a", 0));
    Comparison comparison = ledger.compare(device -> stored);
    assertThat(comparison.clean()).as("nobody promised an order").isTrue();
    assertThat(comparison.reordered())
        .isEqualTo(new Found(1, List.of(new DeviceMessage(A, new MessageIdentity("x", 1)))));
  }

  @Test
  void compare_tenSecondsUnderWay_isLate() {
    remember(A, "x", 1, 3);
    List<StoredMessage> stored = List.of(
        message("x", 1, "a", 9_999), message("x", 2, "a", 10_000), message("x", 3, "a", -50));
    Comparison comparison = ledger.compare(device -> stored);
    assertThat(comparison.late())
        .isEqualTo(new Found(1, List.of(new DeviceMessage(A, new MessageIdentity("x", 2)))));
    assertThat(comparison.slowest()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void compare_aDeadLetter_isNotLost_andHasNoPlaceInItsStream_andIsTold() {
    remember(A, "x", 1, 2);
    Comparison comparison = ledger.compare(
        device -> List.of(message("x", 2, "a", 0), deadLetter(1, Duration.ofSeconds(11))));
    assertThat(comparison.lost()).isEqualTo(Found.NONE);
    assertThat(comparison.reordered()).isEqualTo(Found.NONE);
    assertThat(comparison.late().count()).isEqualTo(1);
    assertThat(comparison.deadLetters())
        .isEqualTo(new Found(1, List.of(new DeviceMessage(A, new MessageIdentity("x", 1)))));
    assertThat(comparison.clean()).as("nothing was wrong with it").isFalse();
    assertThat(ledger.explain(comparison))
        .containsExactly("a: message 1 of boot x is kept aside as a dead letter");
  }

  @Test
  void compare_aDeadLetter_thatAClockDatedAhead_isAsItShouldBe() {
    remember(A, "x", 1, 2);
    ledger.dated(A, new MessageIdentity("x", 1), Duration.ofHours(1));
    ledger.dated(A, new MessageIdentity("x", 2), Duration.ofHours(-1));
    Comparison ahead = ledger.compare(
        device -> List.of(message("x", 2, "a", 0), deadLetter(1, Duration.ofHours(-1))));
    assertThat(ahead.early().count()).isEqualTo(1);
    assertThat(ahead.deadLetters()).isEqualTo(Found.NONE);
    assertThat(ahead.clean()).isTrue();
    Comparison behind = ledger.compare(
        device -> List.of(message("x", 1, "a", 0), deadLetter(2, Duration.ofHours(1))));
    assertThat(behind.deadLetters().count()).isEqualTo(1);
  }

  @Test
  void compare_inItsStreamAndAsideAsWell_isDuplicated() {
    remember(A, "x", 1, 1);
    Comparison comparison =
        ledger.compare(device -> List.of(message("x", 1, "a", 0), deadLetter(1, Duration.ZERO)));
    assertThat(comparison.duplicated().count()).isEqualTo(1);
    assertThat(comparison.deadLetters()).isEqualTo(Found.NONE);
  }

  @Test
  void compare_contentIsAnother_isAltered() {
    for (int number = 1; number <= 40; number++) {
      ledger.sent(A, new MessageIdentity("x", number), CONTENT + number);
    }
    remember(A, "x", 1, 30); // of the others nobody knows whether they were acknowledged
    List<StoredMessage> stored = new ArrayList<>(LongStream.rangeClosed(1, 40)
        .mapToObj(number -> stored(number, CONTENT + (int) number))
        .toList());
    assertThat(ledger.compare(device -> stored).clean()).isTrue();
    stored.set(6, stored(7, CONTENT + 8));
    stored.set(34, stored(35, CONTENT));
    Comparison comparison = ledger.compare(device -> stored);
    assertThat(comparison.altered().examples())
        .extracting(message -> message.identity().sequence())
        .containsExactly(7L, 35L);
    assertThat(comparison.lost()).isEqualTo(Found.NONE);
    assertThat(comparison.clean()).isFalse();
    assertThat(ledger.explain(comparison))
        .containsExactly("a: message 7 of boot x is stored with another content than was sent");
  }

  @Test
  void compare_contentOfADeadLetter_isComparedToo() {
    ledger.sent(A, new MessageIdentity("x", 1), CONTENT + 1);
    ledger.dated(A, new MessageIdentity("x", 1), Duration.ofHours(1));
    assertThat(ledger
            .compare(device -> List.of(deadLetter(1, Duration.ZERO)))
            .altered()
            .count())
        .isEqualTo(1);
  }

  /** Then the run is broken anyway; a backend stores the first. */
  @Test
  void compare_twoMessagesOfOneNumber_areHeldAgainstTheFirst() {
    ledger.sent(A, new MessageIdentity("x", 1), CONTENT);
    ledger.sent(A, new MessageIdentity("x", 1), CONTENT + 1);
    assertThat(ledger.compare(device -> List.of(stored(1, CONTENT))).altered())
        .isEqualTo(Found.NONE);
  }

  @Test
  void compare_datedByAClockThatWasWrong_isLateByTheClockThatWasRight() {
    remember(A, "x", 1, 4);
    ledger.dated(A, new MessageIdentity("x", 1), Duration.ofHours(-1));
    ledger.dated(A, new MessageIdentity("x", 2), Duration.ofHours(1));
    ledger.dated(A, new MessageIdentity("x", 3), Duration.ofHours(1));
    Comparison comparison = ledger.compare(device -> List.of(
        message("x", 1, "a", 3_600_020),
        message("x", 2, "a", -3_599_950),
        message("x", 3, "a", -3_588_000),
        message("x", 4, "a", 30)));
    assertThat(comparison.late())
        .isEqualTo(new Found(1, List.of(new DeviceMessage(A, new MessageIdentity("x", 3)))));
    assertThat(comparison.slowest()).isEqualTo(Duration.ofSeconds(12));
  }

  @Test
  void compare_whoseTimeIsNotKnown_isNotLate() {
    remember(A, "x", 1, 1);
    ledger.dated(A, new MessageIdentity("x", 1), Duration.ofHours(1));
    Comparison comparison = ledger.compare(device -> List.of(deadLetter(1, null)));
    assertThat(comparison.clean()).isTrue();
    assertThat(comparison.late()).isEqualTo(Found.NONE);
    assertThat(comparison.slowest()).isZero();
  }

  private static StoredMessage message(String boot, long sequence, String stream, long millis) {
    return new StoredMessage(
        new MessageIdentity(boot, sequence), stream, Duration.ofMillis(millis), CONTENT, false);
  }

  private static StoredMessage stored(long sequence, int checksum) {
    return new StoredMessage(
        new MessageIdentity("x", sequence), "a", Duration.ZERO, checksum, false);
  }

  private static StoredMessage deadLetter(long sequence, @Nullable Duration underWay) {
    return new StoredMessage(new MessageIdentity("x", sequence), "a", underWay, CONTENT, true);
  }

  private static List<StoredMessage> messages(String boot, long first, long last) {
    return new ArrayList<>(LongStream.rangeClosed(first, last)
        .mapToObj(sequence -> message(boot, sequence, "s", 0))
        .toList());
  }
}
