/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.DeviceClosedException;
import dev.muster.device.DropPolicy;
import dev.muster.device.DropReason;
import dev.muster.device.MessageClass;
import dev.muster.device.PublishException;
import dev.muster.device.PublishQueueFullException;
import dev.muster.device.PublishReceipt;
import dev.muster.device.PublishReceipt.Status;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.testing.PowerCutDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The queue with its journals: what is stored, left for the next start, dropped. */
class StoredMessagesTest {
  private static final int KIBIBYTE = 1024;
  private static final int NOT_AUTHORIZED = 0x87; // MQTT 5, 3.4.2.1

  @TempDir
  Path folder;

  private OutboundQueue started(String boot, QueueLimits limits, Executor callbacks) {
    OutboundQueue queue = new OutboundQueue(
        boot, limits, DeviceClock.of(Clock.systemUTC(), Instant.EPOCH), callbacks);
    queue.keepIn(folder);
    return queue;
  }

  private static QueueLimits limits(
      int messages, long journalBytes, Map<MessageClass, DropPolicy> policies) {
    return new QueueLimits(messages, 1024L * KIBIBYTE, journalBytes, policies);
  }

  private OutboundQueue started(
      String boot, int messages, long journalBytes, Map<MessageClass, DropPolicy> policies) {
    return started(boot, limits(messages, journalBytes, policies), Runnable::run);
  }

  private OutboundQueue started(String boot, Executor callbacks) {
    return started(boot, limits(1000, 1024L * KIBIBYTE, Map.of()), callbacks);
  }

  private OutboundQueue started(String boot) {
    return started(boot, Runnable::run);
  }

  private static PublishReceipt submit(
      OutboundQueue queue, MessageClass messageClass, String text) {
    return queue.submit(
        messageClass, Message.Kind.TELEMETRY, "s", text.getBytes(StandardCharsets.UTF_8));
  }

  private static PublishReceipt submit(OutboundQueue queue, int n) {
    return submit(queue, MessageClass.TELEMETRY, "t" + n);
  }

  private static String text(Entry entry) {
    return new String(entry.message().payload(), StandardCharsets.UTF_8);
  }

  private static List<String> drain(OutboundQueue queue) {
    List<String> texts = new ArrayList<>();
    for (Entry entry = queue.takeNext(); entry != null; entry = queue.takeNext()) {
      texts.add(entry.message().identity().boot() + " "
          + entry.message().identity().sequence() + " " + text(entry));
      queue.settle(entry, 0, "success");
    }
    return texts;
  }

  @Test
  void store_telemetry_receiptSaysStoredOnlyThen() {
    OutboundQueue queue = started("b1");
    PublishReceipt receipt = submit(queue, 1);
    assertThat(receipt.status()).isEqualTo(Status.ACCEPTED);

    queue.store(MessageClass.TELEMETRY);

    assertThat(receipt.stored()).isCompleted();
    assertThat(receipt.acknowledged()).isNotDone();
    assertThat(receipt.status()).isEqualTo(Status.STORED);
  }

  @Test
  void storeUrgent_alarmAndTelemetry_onlyTheAlarmIsOnTheDisk() {
    OutboundQueue queue = started("b1");
    PublishReceipt telemetry = submit(queue, 1);
    PublishReceipt alarm = submit(queue, MessageClass.ALARM, "a");

    queue.storeUrgent();

    assertThat(alarm.status()).isEqualTo(Status.STORED);
    assertThat(telemetry.status()).isEqualTo(Status.ACCEPTED);
  }

  @Test
  void receipt_sentAndAcknowledged_saysSoInTurn() {
    OutboundQueue queue = started("b1");
    PublishReceipt receipt = submit(queue, 1);

    Entry entry = queue.takeNext();
    assertThat(receipt.status()).isEqualTo(Status.SENT);
    queue.settle(entry, 0, "success");

    assertThat(receipt.status()).isEqualTo(Status.ACKNOWLEDGED);
    assertThat(receipt.stored()).isCompleted();
  }

  @Test
  void journalFull_alarms_newOneIsRefusedAndCountedAndStoredOnesStay() {
    OutboundQueue queue = started("b1", 10, 64L * KIBIBYTE, Map.of());
    List<PublishReceipt> receipts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      receipts.add(submit(queue, MessageClass.ALARM, "a" + i + " ".repeat(200)));
      queue.storeUrgent();
    }

    assertThat(receipts.get(0).status()).isEqualTo(Status.STORED);
    assertThatThrownBy(receipts.get(199).stored()::join)
        .hasCauseInstanceOf(PublishQueueFullException.class);
    assertThat(queue.counts().lost()).isEqualTo(queue.counts().overflowed()).isPositive();
    List<String> sent = drain(queue);
    assertThat(sent).hasSize((int) (200 - queue.counts().lost()));
    assertThat(sent).anyMatch(text -> text.contains(" a0 "));
  }

  @Test
  void store_acknowledgedBeforeItIsDue_writesNothing() {
    OutboundQueue queue = started("b1");
    for (int i = 0; i < 100; i++) {
      submit(queue, i);
    }
    drain(queue);

    queue.store(MessageClass.TELEMETRY);

    assertThat(folder.resolve("journal")).doesNotExist();
    assertThat(queue.counts().stored()).isZero();
  }

  @Test
  void counts_oldest_isFollowedFromMemoryToTheDiskAndOverAStart() {
    OutboundQueue queue = started("b1", 20, 1024L * KIBIBYTE, Map.of());
    assertThat(queue.counts().oldestMs()).isEqualTo(Long.MAX_VALUE);
    long begin = System.currentTimeMillis();
    submit(queue, 0);
    final long oldest = queue.counts().oldestMs();
    for (int i = 1; i < 40; i++) {
      submit(queue, i);
      queue.storeUrgent();
    }
    assertThat(queue.counts().backlog()).isPositive();

    assertThat(oldest).isGreaterThanOrEqualTo(begin);
    assertThat(queue.counts().oldestMs()).isEqualTo(oldest);
    queue.abandon("closed");
    OutboundQueue next = started("b2");
    assertThat(next.counts().oldestMs()).isEqualTo(oldest);
    drain(next);
    assertThat(next.counts().oldestMs()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void nextStart_afterAKill_sendsWhatWasStoredUnderItsIdentities() {
    OutboundQueue killed = started("b1");
    submit(killed, 1);
    submit(killed, 2);
    killed.settle(killed.takeNext(), 0, "success");
    submit(killed, 3);
    killed.store(MessageClass.TELEMETRY);
    submit(killed, 4); // Not stored: it is gone.

    OutboundQueue next = started("b2");
    submit(next, 1);

    assertThat(drain(next)).containsExactlyInAnyOrder("b1 2 t2", "b1 3 t3", "b2 1 t1");
  }

  /** Each round fills files and ends with a power cut. */
  @Test
  void powerCut_againAndAgain_allThatWasStoredIsSentAfterIt() throws IOException {
    PowerCutDisk disk = new PowerCutDisk(folder);
    folder = disk.root();
    Set<String> expected = new HashSet<>();
    for (int round = 0; round < 5; round++) {
      OutboundQueue cut = started("b" + round, 1000, 512L * KIBIBYTE, Map.of());
      for (int i = 0; i < 60; i++) {
        String text = " ".repeat(500) + "r" + round + "." + i;
        boolean isAlarm = i % 10 == 0;
        PublishReceipt receipt =
            submit(cut, isAlarm ? MessageClass.ALARM : MessageClass.TELEMETRY, text);
        cut.storeUrgent();
        if (i % 7 == 0) {
          cut.store(MessageClass.TELEMETRY);
        }
        if (isAlarm) {
          assertThat(receipt.stored()).isCompleted();
        }
        expected.add(text);
      }
      cut.store(MessageClass.TELEMETRY);
      for (int i = 0; i < 20; i++) {
        Entry entry = cut.takeNext();
        cut.settle(entry, 0, "success");
        expected.remove(text(entry));
      }
      submit(cut, MessageClass.TELEMETRY, "not stored");
      disk.cutPower();
    }

    List<String> sent = new ArrayList<>();
    OutboundQueue last = started("last");
    for (Entry entry = last.takeNext(); entry != null; entry = last.takeNext()) {
      sent.add(text(entry));
      last.settle(entry, 0, "success");
    }

    assertThat(sent).containsAll(expected).doesNotContain("not stored");
    assertThat(last.counts().lost()).isZero();
  }

  @Test
  void nextStart_afterClosing_sendsAllThatWasNotAcknowledged() {
    OutboundQueue closed = started("b1");
    PublishReceipt inFlight = submit(closed, 1);
    PublishReceipt waiting = submit(closed, 2);
    closed.takeNext();

    closed.abandon("closed");

    assertThat(inFlight.status()).isEqualTo(Status.STORED);
    assertThatThrownBy(waiting.acknowledged()::join)
        .hasCauseInstanceOf(DeviceClosedException.class)
        .hasMessageContaining("sent after the next start");
    assertThat(drain(started("b2"))).containsExactly("b1 1 t1", "b1 2 t2");
  }

  @Test
  void closing_callbacksAreSlow_receiptsOfWhatIsStoredDoNotSayDropped() {
    List<Runnable> callbacks = new ArrayList<>();
    OutboundQueue closed = started("b1", callbacks::add);
    PublishReceipt inFlight = submit(closed, 1);
    PublishReceipt waiting = submit(closed, 2);
    PublishReceipt debug = submit(closed, MessageClass.DEBUG, "d");
    closed.takeNext();

    closed.abandon("closed");

    assertThat(inFlight.status()).isEqualTo(Status.STORED);
    assertThat(waiting.status()).isEqualTo(Status.STORED);
    assertThat(debug.status()).isEqualTo(Status.DROPPED);
  }

  @Test
  void acknowledged_backlog_isNotSentAgain() {
    OutboundQueue first = started("b1");
    IntStream.range(0, 5).forEach(i -> submit(first, i));
    first.abandon("closed");
    OutboundQueue second = started("b2");
    second.settle(second.takeNext(), 0, "success");
    second.settle(second.takeNext(), 0, "success");
    second.store(MessageClass.TELEMETRY);

    assertThat(drain(started("b3"))).containsExactly("b1 3 t2", "b1 4 t3", "b1 5 t4");
  }

  @Test
  void takeNext_backlogAndNewMessages_takeTurnsAndAlarmsGoFirst() {
    OutboundQueue first = started("b1");
    IntStream.range(0, 3).forEach(i -> submit(first, i));
    first.abandon("closed");
    OutboundQueue queue = started("b2");
    IntStream.range(10, 13).forEach(i -> submit(queue, i));
    submit(queue, MessageClass.DEBUG, "debug");
    submit(queue, MessageClass.ALARM, "alarm");

    assertThat(drain(queue).stream().map(text -> text.replaceAll(".* ", "")))
        .containsExactly("alarm", "t10", "t0", "t11", "t1", "t12", "t2", "debug");
  }

  @Test
  void store_memoryFillsUp_leavesTheOldestToTheDiskAndFollowsTheirReceipts() {
    OutboundQueue queue = started("b1", 100, 1024L * KIBIBYTE, Map.of());
    List<PublishReceipt> receipts = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      receipts.add(submit(queue, i));
      queue.storeUrgent();
    }
    assertThat(queue.counts().messages()).isLessThanOrEqualTo(100);
    assertThat(queue.counts().messages() + queue.counts().backlog()).isEqualTo(120);

    assertThat(drain(queue)).hasSize(120).doesNotHaveDuplicates();
    assertThat(receipts)
        .allSatisfy(receipt -> assertThat(receipt.status()).isEqualTo(Status.ACKNOWLEDGED));
    assertThat(queue.counts().messages()).isZero();
    assertThat(queue.counts().backlog()).isZero();
  }

  @Test
  void store_memoryFillsUpWhileInFlight_nothingIsSentTwice() {
    OutboundQueue queue = started("b1", 100, 1024L * KIBIBYTE, Map.of());
    IntStream.range(0, 60).forEach(i -> submit(queue, i));
    List<Entry> sent = new ArrayList<>();
    IntStream.range(0, 5).forEach(i -> sent.add(queue.takeNext()));
    queue.store(MessageClass.TELEMETRY);
    queue.returnInFlight();
    IntStream.range(0, 3).forEach(i -> sent.add(queue.takeNext()));

    List<String> rest = drain(queue);
    sent.subList(5, 8).forEach(entry -> queue.settle(entry, 0, "success"));

    assertThat(rest).hasSize(57).doesNotHaveDuplicates();
    queue.store(MessageClass.TELEMETRY);
    assertThat(drain(started("b2"))).isEmpty();
  }

  @Test
  void store_tooManyToFollow_tellsThoseThatWait() {
    OutboundQueue queue = started("b1", 20, 1024L * KIBIBYTE, Map.of());
    List<PublishReceipt> receipts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      receipts.add(submit(queue, i));
      queue.storeUrgent();
    }

    assertThat(receipts.get(0).stored()).isCompleted();
    assertThat(receipts.get(0).status()).isEqualTo(Status.STORED);
    assertThat(reasonOf(receipts.get(0))).isEqualTo(DropReason.NOT_FOLLOWED);
    assertThat(drain(queue)).hasSize(100);
  }

  @Test
  void takeNext_recordDamagedOnTheDisk_isToldByItsReceiptAndCostsNoOther() throws IOException {
    OutboundQueue queue = started("b1", 100, 1024L * KIBIBYTE, Map.of());
    List<PublishReceipt> receipts = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      receipts.add(submit(queue, MessageClass.TELEMETRY, "n" + i + "."));
      queue.storeUrgent();
    }
    flipIn("n5.");

    assertThat(drain(queue)).hasSize(119).noneMatch(text -> text.endsWith("n5."));

    assertThat(reasonOf(receipts.get(5))).isEqualTo(DropReason.DAMAGED);
    receipts.remove(5);
    assertThat(receipts)
        .allSatisfy(receipt -> assertThat(receipt.status()).isEqualTo(Status.ACKNOWLEDGED));
  }

  /** A bit of the text, wherever it is stored. */
  private void flipIn(String text) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] content = Files.readAllBytes(file);
        int at = new String(content, StandardCharsets.ISO_8859_1).indexOf(text);
        if (at >= 0) {
          content[at] ^= 1;
          Files.write(file, content);
          return;
        }
      }
    }
    throw new AssertionError(text + ": not stored");
  }

  private static DropReason reasonOf(PublishReceipt receipt) {
    return receipt
        .acknowledged()
        .handle((done, failure) -> ((PublishException) failure).dropReason())
        .join();
  }

  @Test
  void journalFull_oldestGo_toldByReceiptCountAndReport() {
    OutboundQueue queue = started("b1", 1000, 64L * KIBIBYTE, Map.of());
    List<PublishReceipt> receipts = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      receipts.add(submit(queue, MessageClass.TELEMETRY, "t" + i + " ".repeat(200)));
      queue.storeUrgent();
    }
    long lost = queue.counts().lost();
    assertThat(lost).isPositive();
    assertThat(receipts.get(0).status()).isEqualTo(Status.DROPPED);
    assertThat(reasonOf(receipts.get(0))).isEqualTo(DropReason.MADE_ROOM);
    assertThat(receipts.get(599).status()).isNotEqualTo(Status.DROPPED);

    queue.reportLosses();

    List<String> sent = drain(queue);
    assertThat(sent).hasSize((int) (600 - lost + 1));
    assertThat(sent)
        .anyMatch(text -> text.contains("\"n\":\"lost.telemetry\",\"v\":" + lost + "}"));
  }

  @Test
  void losses_notToldBeforeARestart_areToldAfterIt() {
    OutboundQueue offline = started("b1", 1000, 64L * KIBIBYTE, Map.of());
    for (int i = 0; i < 600; i++) {
      submit(offline, MessageClass.TELEMETRY, "t" + i + " ".repeat(200));
      offline.storeUrgent();
    }
    offline.abandon("closed");
    long lost = offline.counts().lost();
    assertThat(lost).isPositive();

    OutboundQueue next = started("b2");
    next.reportLosses();
    next.reportLosses();

    assertThat(next.counts().lost()).isEqualTo(lost);
    assertThat(drain(next).stream().filter(text -> text.contains("lost.telemetry\"")))
        .singleElement()
        .satisfies(
            text -> assertThat(text).contains("\"n\":\"lost.telemetry\",\"v\":" + lost + "}"));
    next.store(MessageClass.TELEMETRY);
    OutboundQueue last = started("b3");
    last.reportLosses();
    assertThat(drain(last)).isEmpty();
  }

  @Test
  void losses_noRoomForTheReport_areToldWithTheNext() {
    OutboundQueue queue = started("b1", 1, 64L * KIBIBYTE, Map.of());
    submit(queue, 1);
    assertThat(submit(queue, 2).status()).isEqualTo(Status.DROPPED);
    queue.reportLosses();
    assertThat(queue.counts().lost()).isEqualTo(1);
    assertThat(queue.counts().overflowed()).isEqualTo(1);
    queue.settle(queue.takeNext(), 0, "success");

    queue.reportLosses();

    assertThat(drain(queue))
        .singleElement()
        .satisfies(text ->
            assertThat(text).startsWith("b1 3 ").contains("\"n\":\"lost.telemetry\",\"v\":1}"));
  }

  @Test
  void refused_byTheBroker_isReportedAsLost() {
    OutboundQueue queue = started("b1");
    submit(queue, MessageClass.ALARM, "a");
    queue.settle(queue.takeNext(), NOT_AUTHORIZED, "not authorized");
    assertThat(queue.counts().lost()).isEqualTo(queue.counts().refused()).isEqualTo(1);

    queue.reportLosses();
    queue.reportLosses();

    assertThat(drain(queue))
        .singleElement()
        .satisfies(text -> assertThat(text).contains("\"n\":\"lost.alarm\",\"v\":1}"));
  }

  /** It is no loss by itself, and the broker is not asked about it again and again. */
  @Test
  void refused_reportOfLosses_isToldAgainOverTheNextConnection() {
    OutboundQueue queue = started("b1");
    submit(queue, 1);
    queue.settle(queue.takeNext(), NOT_AUTHORIZED, "not authorized");
    queue.reportLosses();
    queue.settle(queue.takeNext(), NOT_AUTHORIZED, "not authorized");
    queue.reportLosses();
    assertThat(queue.takeNext()).isNull();
    assertThat(queue.counts().lost()).isEqualTo(1);

    queue.returnInFlight();
    queue.reportLosses();

    assertThat(drain(queue))
        .singleElement()
        .satisfies(text -> assertThat(text).contains("\"n\":\"lost.telemetry\",\"v\":1}"));
  }

  @Test
  void journalFull_newestGo_storedOnesStay() {
    OutboundQueue queue =
        started("b1", 100, 64L * KIBIBYTE, Map.of(MessageClass.TELEMETRY, DropPolicy.NEWEST));
    List<PublishReceipt> receipts = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      receipts.add(submit(queue, MessageClass.TELEMETRY, "t" + i + " ".repeat(200)));
      queue.storeUrgent();
    }

    assertThat(receipts.get(0).status()).isEqualTo(Status.STORED);
    assertThatThrownBy(receipts.get(599).acknowledged()::join)
        .hasCauseInstanceOf(PublishQueueFullException.class);
    assertThat(queue.counts().lost()).isEqualTo(queue.counts().overflowed()).isPositive();
    assertThat(drain(queue)).hasSize((int) (600 - queue.counts().lost()));
  }

  @Test
  void debug_memoryFull_oldestGoAndNothingIsWritten() {
    OutboundQueue queue = started("b1", 3, 64L * KIBIBYTE, Map.of());
    PublishReceipt oldest = submit(queue, MessageClass.DEBUG, "d0");
    IntStream.range(1, 4).forEach(i -> submit(queue, MessageClass.DEBUG, "d" + i));

    assertThat(reasonOf(oldest)).isEqualTo(DropReason.MADE_ROOM);
    assertThat(drain(queue)).containsExactly("b1 2 d1", "b1 3 d2", "b1 4 d3");
    assertThat(folder.resolve("journal")).doesNotExist();
  }

  @Test
  void debug_memoryFull_callbacksOfThoseThatGoMayUseTheQueueFromAnotherThread() {
    AtomicReference<OutboundQueue> queue = new AtomicReference<>();
    queue.set(started(
        "b1",
        limits(1, 64L * KIBIBYTE, Map.of()),
        task -> CompletableFuture.runAsync(() -> {
              queue.get().counts();
              task.run();
            })
            .orTimeout(5, TimeUnit.SECONDS)
            .join()));
    PublishReceipt oldest = submit(queue.get(), MessageClass.DEBUG, "d0");

    submit(queue.get(), MessageClass.DEBUG, "d1");

    assertThat(reasonOf(oldest)).isEqualTo(DropReason.MADE_ROOM);
  }

  @Test
  void disk_unusable_goesOnInMemoryAndStoresLater() throws IOException {
    Files.writeString(folder.resolve("journal"), "a file where the folder should be");
    OutboundQueue queue = started("b1");
    PublishReceipt receipt = submit(queue, 1);
    queue.store(MessageClass.TELEMETRY);
    assertThat(queue.storageProblem()).contains("journal");
    assertThat(receipt.status()).isEqualTo(Status.ACCEPTED);

    Files.delete(folder.resolve("journal"));
    queue.store(MessageClass.TELEMETRY);

    assertThat(queue.storageProblem()).isNull();
    assertThat(receipt.stored()).isCompleted();
    assertThat(drain(queue)).containsExactly("b1 1 t1");
  }

  @Test
  void storeUrgent_diskUnusable_isAskedAgainOnlyWhenItIsTimeForAll() throws IOException {
    Files.writeString(folder.resolve("journal"), "a file where the folder should be");
    OutboundQueue queue = started("b1");
    PublishReceipt alarm = submit(queue, MessageClass.ALARM, "a");
    queue.storeUrgent();
    assertThat(queue.storageProblem()).contains("journal");
    Files.delete(folder.resolve("journal"));

    queue.storeUrgent();
    queue.store(MessageClass.TELEMETRY); // Has nothing to write, and so proves nothing.
    assertThat(queue.storageProblem()).contains("journal");
    queue.store(MessageClass.ALARM);

    assertThat(queue.storageProblem()).isNull();
    assertThat(alarm.stored()).isCompleted();
  }

  @Test
  void storeUrgent_listenersAreSlow_doesNotFlushForEachMessage() {
    List<Runnable> callbacks = new ArrayList<>();
    OutboundQueue queue = started("b1", limits(100, 1024L * KIBIBYTE, Map.of()), callbacks::add);
    for (int i = 0; i < 80; i++) {
      submit(queue, MessageClass.TELEMETRY, " ".repeat(10 * KIBIBYTE));
      queue.storeUrgent();
      queue.settle(queue.takeNext(), 0, "success");
    }

    assertThat(queue.counts().messages()).isEqualTo(80);
    assertThat(queue.counts().stored()).isZero();
  }

  @Test
  void message_ofAnyKind_isReadBackAsWritten() {
    OutboundQueue queue = started("b1");
    queue.submit(MessageClass.ALARM, Message.Kind.EVENT, "door", new byte[] {1, 2});
    queue.abandon("closed");

    Entry entry = started("b2").takeNext();

    assertThat(entry.message().kind()).isEqualTo(Message.Kind.EVENT);
    assertThat(entry.message().name()).isEqualTo("door");
    assertThat(entry.message().identity().boot()).isEqualTo("b1-e");
    assertThat(entry.message().payload()).containsExactly(1, 2);
  }
}
