/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.TelemetrySink.Stored;
import dev.muster.broker.telemetry.deadletter.DeadLetter;
import dev.muster.broker.telemetry.deadletter.DeadLetters;
import dev.muster.broker.telemetry.deadletter.HeldLetters;
import dev.muster.broker.telemetry.sequence.BootSequence;
import dev.muster.broker.telemetry.sequence.SequenceCount;
import dev.muster.broker.telemetry.sequence.SequenceQuery;
import dev.muster.broker.telemetry.skew.ClockSkew;
import dev.muster.broker.telemetry.skew.SkewQuery;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What becomes of messages that are not stored as they come, whichever database it is. */
abstract class IntakeContract extends QueryContract {
  /** 42 as CBOR writes it, which is no JSON. */
  private static final String CBOR_42 = "\u0018*";

  private Stored replay(DeadLetter letter, String contentType) throws Exception {
    return store(DeadLetters.reread(letter, contentType));
  }

  private List<String> latest() throws Exception {
    return new TelemetryQuery(database)
        .latest(DEVICE, TelemetryQuery.Place.START, 100).entries().stream()
            .map(one -> one.metric() + "=" + one.value())
            .toList();
  }

  private long countOfMessages() throws Exception {
    return new MessageQuery(database).messages(DEVICE, 0, 1_000).entries().size();
  }

  @Test
  void replay_ofALetterThatCanBeReadNow_isStoredOnceAndTakesTheLetterAway() throws Exception {
    assertThat(store(message("a", 7, CBOR_42))).isEqualTo(Stored.DEAD_LETTER);
    DeadLetter letter = letters(DEVICE).get(0);
    assertThat(letter.payload()).isNotNull();
    assertThat(letter.payload().hex()).isEqualTo("182a");

    assertThat(replay(letter, "application/cbor")).isEqualTo(Stored.NEW);
    assertThat(replay(letter, "application/cbor")).isEqualTo(Stored.DUPLICATE);
    assertThat(store(message("a", 7, CBOR_42))).isEqualTo(Stored.DUPLICATE);

    assertThat(letters(null)).isEmpty();
    assertThat(latest()).containsExactly("value=42.0");
    assertThat(countOfMessages()).isOne();
  }

  @Test
  void replaysOfOneLetterAtOnce_withoutAnIdentity_storeItOnce() throws Exception {
    store(message("a", 0, CBOR_42));
    DeadLetter letter = letters(DEVICE).get(0);
    List<CompletableFuture<Stored>> replays = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      replays.add(sink.store(DeadLetters.reread(letter, "application/cbor")));
    }
    for (CompletableFuture<Stored> replay : replays) {
      replay.get(10, TimeUnit.SECONDS);
    }
    assertThat(countOfMessages()).isOne();
    assertThat(letters(null)).isEmpty();
  }

  @Test
  void replay_thatStillCannotBeRead_staysWithTheNewReason() throws Exception {
    store(message("a", 1, "?"));
    assertThat(replay(letters(DEVICE).get(0), "text/html")).isEqualTo(Stored.DEAD_LETTER);
    assertThat(letters(DEVICE))
        .singleElement()
        .satisfies(letter -> assertThat(letter.reason()).contains("text/html"));
    assertThat(countOfMessages()).isZero();
  }

  @Test
  void discardedLetter_isGone() throws Exception {
    store(message("a", 1, "?"));
    long id = letters(DEVICE).get(0).id();
    DeadLetters kept = new DeadLetters(database);
    assertThat(kept.discard(id)).isTrue();
    assertThat(kept.discard(id)).isFalse();
    assertThat(kept.find(id)).isEmpty();
  }

  @Test
  void lettersBeyondADevicesShare_theOldestGo_andAreCounted() throws Exception {
    IntakeLimits limits = new IntakeLimits(Duration.ofMinutes(5), 20, 100, 0);
    try (JdbcTelemetrySink narrow =
        JdbcTelemetrySink.start(database, limits, AcknowledgedListener.NOBODY, meters)) {
      for (int i = 1; i <= 30; i++) {
        narrow.store(message("a", i, "?" + i)).get(10, TimeUnit.SECONDS);
      }
      narrow.store(message("d2", "a", 1, "?")).get(10, TimeUnit.SECONDS);
      assertThat(letters(DEVICE)).hasSizeBetween(15, 20);
      assertThat(letters(DEVICE).get(0).payload().text()).hasValue("?30");
      narrow.store(message("a", 31, "?".repeat(90))).get(10, TimeUnit.SECONDS);
      assertThat(letters(DEVICE)).hasSize(1);
    }
    assertThat(letters(null)).hasSize(2);
    assertThat(meters.counter("muster.telemetry.letters.dropped").count()).isEqualTo(30);
  }

  @Test
  void letters_arePaged() throws Exception {
    for (int i = 1; i <= 5; i++) {
      store(message("a", i, "?"));
    }
    DeadLetters kept = new DeadLetters(database);
    Page<DeadLetter> first = kept.list(DEVICE, Long.MAX_VALUE, 3, false);
    assertThat(first.more()).isTrue();
    Page<DeadLetter> second = kept.list(null, first.entries().get(2).id(), 3, false);
    assertThat(second.more()).isFalse();
    assertThat(second.entries())
        .hasSize(2)
        .allSatisfy(l -> assertThat(l.bytes()).isOne());
  }

  @Test
  void messageOfTheFuture_isHeldUntilThatHasCome() throws Exception {
    long ahead = NOW.getEpochSecond() + 3_600;
    assertThat(store(message("a", 1, pack(NOW.getEpochSecond() + 299, 1)))).isEqualTo(Stored.NEW);
    assertThat(store(message("a", 2, pack(ahead, 2)))).isEqualTo(Stored.HELD);
    assertThat(store(message("a", 2, pack(ahead, 2)))).isEqualTo(Stored.DUPLICATE);
    assertThat(latest()).containsExactly("t=1.0");
    assertThat(letters(DEVICE).get(0).due()).isEqualTo(NOW.plus(Duration.ofMinutes(55)));

    HeldLetters held = new HeldLetters(new DeadLetters(database), sink, clock, meters);
    clock.advance(Duration.ofMinutes(54));
    held.step();
    assertThat(latest()).containsExactly("t=1.0");
    clock.advance(Duration.ofMinutes(1));
    held.step();
    assertThat(latest()).containsExactly("t=2.0");
    assertThat(letters(null)).isEmpty();
    assertThat(held.step()).isFalse();
  }

  @Test
  void heldMessage_thatAnOperatorReplays_isStoredAtOnce() throws Exception {
    store(message("a", 1, pack(NOW.getEpochSecond() + 3_600, 2)));
    assertThat(replay(letters(DEVICE).get(0), null)).isEqualTo(Stored.NEW);
    assertThat(latest()).containsExactly("t=2.0");
  }

  @Test
  void oldMessage_isAccepted() throws Exception {
    assertThat(store(message("a", 1, pack(300_000_000, 2)))).isEqualTo(Stored.NEW);
    assertThat(latest()).containsExactly("t=2.0");
    assertThat(new TelemetryQuery(database)
            .latest(DEVICE, TelemetryQuery.Place.START, 1)
            .entries())
        .singleElement()
        .satisfies(value -> {
          assertThat(value.time()).isEqualTo(Instant.ofEpochSecond(300_000_000));
          assertThat(value.receivedAt()).isEqualTo(NOW);
        });
  }

  private BootSequence noted() throws Exception {
    new SequenceCount(database, meters).step();
    return new SequenceQuery(database).ofDevice(DEVICE).get(0);
  }

  @Test
  void gaps_liveInNumbersOfAllStreams_andCloseWhenLateOnesCome() throws Exception {
    store(message("a", 1, "1"));
    store(message("b", 2, "1"));
    store(message("a", 5, "?"));
    store(message("a", 0, "1"));
    store(message("a", 9, "1"));
    assertThat(noted().gaps())
        .containsExactly(new BootSequence.Gap(3, 4), new BootSequence.Gap(6, 8));
    assertThat(noted().missing()).isEqualTo(5);

    store(message("b", 3, "1"));
    store(message("b", 4, "1"));
    store(message("b", 7, "1"));
    BootSequence later = noted();
    assertThat(later.gaps())
        .containsExactly(new BootSequence.Gap(6, 6), new BootSequence.Gap(8, 8));
    assertThat(later.received()).isEqualTo(7);
    assertThat(later.lastReceivedAt()).isEqualTo(clock.instant());
  }

  @Test
  void gaps_stayWhatTheyWere_whenMessagesAndLettersAreGone() throws Exception {
    for (int i = 1; i <= 10; i++) {
      store(message("a", i == 4 ? 40 : i, i == 6 ? "?" : "1"));
    }
    BootSequence before = noted();
    try (Connection connection = database.connect();
        Statement delete = connection.createStatement()) {
      delete.executeUpdate("DELETE FROM sample WHERE message_id<8");
      delete.executeUpdate("DELETE FROM message WHERE id<8");
    }
    new DeadLetters(database).discard(letters(DEVICE).get(0).id());
    assertThat(noted()).isEqualTo(before);
    assertThat(before.gaps())
        .containsExactly(new BootSequence.Gap(4, 4), new BootSequence.Gap(11, 39));
  }

  @Test
  void clockOfADevice_isToldFromTimesOfItsOwn() throws Exception {
    SkewQuery skews = new SkewQuery(database);
    store(message("a", 1, "1"));
    store(message("a", 2, "[{\"n\":\"t\",\"v\":1,\"t\":-30}]"));
    assertThat(skews.ofDevice(DEVICE)).as("times that count from the receipt").isEmpty();
    for (int i = 3; i < 8; i++) {
      store(message("a", i, pack(NOW.getEpochSecond() - 20, 1)));
    }
    store(message("a", 8, pack(NOW.getEpochSecond() - 7_200, 1)));
    assertThat(skews.ofDevice(DEVICE)).hasValue(new ClockSkew(Duration.ofSeconds(20), 5, 6));
    for (int i = 10; i < 15; i++) {
      store(message("a", i, pack(NOW.getEpochSecond() + 600, 1)));
    }
    assertThat(skews.ofDevice(DEVICE))
        .as("of a clock that is ahead, messages are held")
        .hasValue(new ClockSkew(Duration.ofMinutes(-10), 5, 11));
  }
}
