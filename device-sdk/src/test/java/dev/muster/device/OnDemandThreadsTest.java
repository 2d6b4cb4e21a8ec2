/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OnDemandThreadsTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final OnDemandThreads threads = new OnDemandThreads("test");
  private final CountDownLatch never = new CountDownLatch(1);

  private Runnable untilInterrupted(CompletableFuture<String> end) {
    return () -> {
      try {
        never.await();
      } catch (InterruptedException e) {
        end.complete("interrupted");
      }
    };
  }

  @Test
  void sequence_manyTasks_runInOrderWhileOthersRun() {
    List<Integer> order = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> last = new CompletableFuture<>();
    OnDemandThreads.Sequence sequence = threads.new Sequence(Integer.MAX_VALUE);
    threads.new Sequence(1).execute(untilInterrupted(new CompletableFuture<>()));
    for (int i = 0; i < 1000; i++) {
      int number = i;
      sequence.execute(() -> order.add(number));
    }
    sequence.execute(() -> last.complete(null));

    assertThat(last).succeedsWithin(LIMIT);
    assertThat(order).isEqualTo(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void sequence_taskThrows_goesOn() {
    CompletableFuture<Void> next = new CompletableFuture<>();
    OnDemandThreads.Sequence sequence = threads.new Sequence(2);
    sequence.execute(() -> {
      throw new IllegalStateException("as a defect");
    });

    sequence.execute(() -> next.complete(null));

    assertThat(next).succeedsWithin(LIMIT);
  }

  @Test
  void sequence_stopped_interruptsItsOwnTaskAndTakesNoOther() {
    OnDemandThreads.Sequence sequence = threads.new Sequence(1);
    OnDemandThreads.Sequence other = threads.new Sequence(1);
    CompletableFuture<String> running = new CompletableFuture<>();
    CompletableFuture<String> ofOther = new CompletableFuture<>();
    CompletableFuture<Void> begun = new CompletableFuture<>();
    CompletableFuture<String> waiting = new CompletableFuture<>();
    other.execute(untilInterrupted(ofOther));
    sequence.execute(() -> {
      begun.complete(null);
      untilInterrupted(running).run();
    });
    assertThat(begun).succeedsWithin(LIMIT);
    sequence.execute(() -> waiting.complete("run"));
    assertThatThrownBy(() -> sequence.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessage("1 tasks wait");

    sequence.stop();

    assertThat(running).succeedsWithin(LIMIT).isEqualTo("interrupted");
    assertThatThrownBy(() -> sequence.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class);
    CompletableFuture<Void> later = new CompletableFuture<>();
    threads.execute(() -> later.complete(null));
    assertThat(later).succeedsWithin(LIMIT);
    assertThat(waiting).isNotDone();
    assertThat(ofOther).isNotDone();
    never.countDown();
  }
}
