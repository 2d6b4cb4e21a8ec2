/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.DeviceClosedException;
import dev.muster.device.MessageClass;
import dev.muster.device.PublishQueueFullException;
import dev.muster.device.PublishReceipt;
import dev.muster.device.PublishRefusedException;
import dev.muster.device.internal.clock.DeviceClock;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class OutboundQueueTest {
  private static final byte[] TEN_BYTES = new byte[10];

  private final OutboundQueue queue = queue(3, Runnable::run);

  private static OutboundQueue queue(int messages, Executor callbacks) {
    QueueLimits limits = new QueueLimits(messages, 100, 1024 * 1024, Map.of());
    return new OutboundQueue(
        "boot", limits, DeviceClock.of(Clock.systemUTC(), Instant.EPOCH), callbacks);
  }

  private static PublishReceipt submit(OutboundQueue to, String stream, byte[] payload) {
    return to.submit(MessageClass.TELEMETRY, Message.Kind.TELEMETRY, stream, payload);
  }

  private PublishReceipt submit() {
    return submit(queue, "s", TEN_BYTES);
  }

  @Test
  void submit_tooMany_failsThatOneAndCounts() {
    submit();
    submit();
    PublishReceipt last = submit();
    PublishReceipt over = submit();

    assertThat(last.acknowledged()).isNotDone();
    assertThatThrownBy(over.acknowledged()::join)
        .hasCauseInstanceOf(PublishQueueFullException.class)
        .hasMessageContaining("at most 3 messages");
    assertThat(queue.counts().overflowed()).isEqualTo(1);
  }

  @Test
  void submit_tooManyBytes_failsThatOne() {
    assertThat(submit(queue, "s", new byte[101]).acknowledged()).isCompletedExceptionally();
    assertThat(submit(queue, "s", new byte[100]).acknowledged()).isNotDone();
    assertThat(submit(queue, "s", new byte[1]).acknowledged()).isCompletedExceptionally();
  }

  @Test
  void submit_badStream_isRefusedAtOnce() {
    assertThatThrownBy(() -> submit(queue, "a/b", TEN_BYTES))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(queue.counts().messages()).isZero();
  }

  @Test
  void settle_acknowledged_completesAndMakesRoom() {
    PublishReceipt receipt = submit();
    Entry entry = queue.takeNext();

    queue.settle(entry, 0x10, "no matching subscribers");
    queue.settle(entry, 0, "late");

    assertThat(receipt.acknowledged()).isCompleted();
    assertThat(queue.counts())
        .isEqualTo(new OutboundQueue.Counts(0, 0, 1, 0, 0, 0, 0, 0, 0, Long.MAX_VALUE));
  }

  @Test
  void settle_refused_tellsTheReason() {
    PublishReceipt receipt = submit();
    Entry entry = queue.takeNext();

    queue.settle(entry, 0x87, "not authorized");

    assertThatThrownBy(receipt.acknowledged()::join)
        .cause()
        .isInstanceOfSatisfying(
            PublishRefusedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(0x87));
  }

  @Test
  void returnInFlight_someTaken_keepsTheOrder() {
    for (int i = 0; i < 3; i++) {
      submit();
    }
    queue.takeNext();
    queue.takeNext();

    queue.returnInFlight();

    List<Long> order = new ArrayList<>();
    for (Entry entry = queue.takeNext(); entry != null; entry = queue.takeNext()) {
      order.add(entry.message().identity().sequence());
    }
    assertThat(order).containsExactly(1L, 2L, 3L);
  }

  @Test
  void abandon_waitingAndInFlight_allFail() {
    PublishReceipt first = submit();
    PublishReceipt second = submit();
    queue.takeNext();

    queue.abandon("closed");

    assertThatThrownBy(first.acknowledged()::join).hasCauseInstanceOf(DeviceClosedException.class);
    assertThatThrownBy(second.acknowledged()::join).hasCauseInstanceOf(DeviceClosedException.class);
    assertThatThrownBy(submit().acknowledged()::join)
        .hasCauseInstanceOf(DeviceClosedException.class);
    assertThat(queue.counts().messages()).isZero();
  }

  @Test
  void settle_callerHasNotNoticedYet_stillCounts() {
    List<Runnable> callbacks = new ArrayList<>();
    OutboundQueue slow = queue(1, callbacks::add);
    PublishReceipt receipt = submit(slow, "s", TEN_BYTES);
    slow.settle(slow.takeNext(), 0, "success");

    assertThat(submit(slow, "s", TEN_BYTES).acknowledged()).isCompletedExceptionally();
    callbacks.forEach(Runnable::run);
    assertThat(receipt.acknowledged()).isCompleted();
    assertThat(submit(slow, "s", TEN_BYTES).acknowledged()).isNotDone();
  }
}
