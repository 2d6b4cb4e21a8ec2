/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.DeviceClosedException;
import dev.muster.device.PublishQueueFullException;
import dev.muster.device.PublishReceipt;
import dev.muster.device.PublishRefusedException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutboundQueueTest {
  private static final byte[] TEN_BYTES = new byte[10];

  private final OutboundQueue queue = new OutboundQueue("boot", 3, 100, Runnable::run);

  private PublishReceipt submit() {
    return queue.submit("s", TEN_BYTES);
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
    assertThat(queue.submit("s", new byte[101]).acknowledged()).isCompletedExceptionally();
    assertThat(queue.submit("s", new byte[100]).acknowledged()).isNotDone();
    assertThat(queue.submit("s", new byte[1]).acknowledged()).isCompletedExceptionally();
  }

  @Test
  void submit_badStream_isRefusedAtOnce() {
    assertThatThrownBy(() -> queue.submit("a/b", TEN_BYTES))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(queue.counts().messages()).isZero();
  }

  @Test
  void settle_acknowledged_completesAndMakesRoom() {
    PublishReceipt receipt = submit();
    queue.takeNext();

    queue.settle(receipt.identity().sequence(), 0x10, "no matching subscribers");
    queue.settle(receipt.identity().sequence(), 0, "late");

    assertThat(receipt.acknowledged()).isCompleted();
    assertThat(queue.counts()).isEqualTo(new OutboundQueue.Counts(0, 0, 1, 0, 0));
  }

  @Test
  void settle_refused_tellsTheReason() {
    PublishReceipt receipt = submit();
    queue.takeNext();

    queue.settle(receipt.identity().sequence(), 0x87, "not authorized");

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
    for (OutboundQueue.Entry entry = queue.takeNext(); entry != null; entry = queue.takeNext()) {
      order.add(entry.identity().sequence());
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
    OutboundQueue slow = new OutboundQueue("boot", 1, 100, callbacks::add);
    PublishReceipt receipt = slow.submit("s", TEN_BYTES);
    slow.takeNext();
    slow.settle(receipt.identity().sequence(), 0, "success");

    assertThat(slow.submit("s", TEN_BYTES).acknowledged()).isCompletedExceptionally();
    callbacks.forEach(Runnable::run);
    assertThat(receipt.acknowledged()).isCompleted();
    assertThat(slow.submit("s", TEN_BYTES).acknowledged()).isNotDone();
  }
}
