/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OnDemandThreadsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Longer than any test, on however busy a machine. */
  private static final Duration IDLE = Duration.ofHours(1);

  private final List<Thread> made = new CopyOnWriteArrayList<>();
  private final AtomicBoolean machineIsFull = new AtomicBoolean();
  private final OnDemandThreads threads = new OnDemandThreads(this::newThread, IDLE);
  private final CountDownLatch end = new CountDownLatch(1);

  /** Threads that are made begin when it is open. */
  private volatile CountDownLatch gate = new CountDownLatch(0);

  private Thread newThread(Runnable task) {
    CountDownLatch opened = gate;
    Thread thread =
        new Thread(() -> {
          awaitQuietly(opened);
          task.run();
        }) {
          @Override
          public void start() {
            if (machineIsFull.get()) {
              throw new OutOfMemoryError("unable to create native thread");
            }
            super.start();
          }
        };
    thread.setDaemon(true);
    made.add(thread);
    return thread;
  }

  @AfterEach
  void letGo() {
    end.countDown();
  }

  /** Has a task run that holds its thread; returns when it does. */
  private CompletableFuture<String> hold(Executor executor) {
    return hold(() -> {}, executor);
  }

  /** @param given what to do when the task is given, and has perhaps not begun */
  private CompletableFuture<String> hold(Runnable given, Executor executor) {
    CompletableFuture<String> outcome = new CompletableFuture<>();
    CountDownLatch begun = new CountDownLatch(1);
    executor.execute(() -> {
      begun.countDown();
      try {
        end.await();
        outcome.complete("let go");
      } catch (InterruptedException e) {
        outcome.complete("interrupted");
      }
    });
    given.run();
    try {
      assertThat(begun.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return outcome;
  }

  private static CompletableFuture<Void> run(Executor executor) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    executor.execute(() -> done.complete(null));
    return done;
  }

  @Test
  void execute_bothSequencesHeld_runsAllTheSame() {
    hold(threads.new Sequence(1));
    hold(threads.new Sequence(1));

    assertThat(run(threads)).succeedsWithin(LIMIT);
    assertThat(made).hasSize(3);
  }

  @Test
  void execute_bothSequencesHeld_thirdThreadEndsWithTheConversation() {
    hold(threads.new Sequence(1));
    hold(threads.new Sequence(1));
    assertThat(run(threads)).succeedsWithin(LIMIT);

    await().atMost(LIMIT).until(() -> made.get(2).getState() == Thread.State.TERMINATED);
  }

  @Test
  void execute_calledBackWithItsThreadNotBegun_takesThatThread() {
    hold(threads.new Sequence(1));
    gate = new CountDownLatch(1);
    CompletableFuture<Void> call = run(threads.new Sequence(1));

    CompletableFuture<Void> conversation = run(threads);

    assertThat(made).hasSize(2);
    gate.countDown();
    assertThat(conversation).succeedsWithin(LIMIT);
    assertThat(call).succeedsWithin(LIMIT);
    assertThat(made).hasSize(2);
  }

  @Test
  void execute_firstThreadNotBegunForACall_takesAnother() {
    gate = new CountDownLatch(1);
    CompletableFuture<Void> call = run(threads.new Sequence(1));

    hold(() -> gate.countDown(), threads);

    assertThat(made).hasSize(2);
    assertThat(call).succeedsWithin(LIMIT);
  }

  @Test
  void execute_taskBeforeLeftItsInterrupt_doesNotMeetIt() {
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    threads.new Sequence(1).execute(() -> {
      awaitQuietly(go);
      Thread.currentThread().interrupt();
    });
    machineIsFull.set(true); // It has to wait for the thread of the other.
    threads.execute(() -> interrupted.complete(Thread.currentThread().isInterrupted()));

    go.countDown();

    assertThat(interrupted).succeedsWithin(LIMIT).isEqualTo(false);
  }

  /** Even to be logged makes it throw. */
  private static void throwWhatCannotBeTold() {
    throw new IllegalStateException() {
      private static final long serialVersionUID = 1L;

      @Override
      public String getMessage() {
        throw new IllegalArgumentException("as a defect");
      }
    };
  }

  @Test
  void execute_tasksThrowWhatCannotBeLogged_nextOneRuns() {
    for (int i = 0; i < 5; i++) {
      threads.execute(OnDemandThreadsTest::throwWhatCannotBeTold);
    }

    assertThat(run(threads)).succeedsWithin(LIMIT);
  }

  @Test
  void sequence_taskThrowsWhatCannotBeLogged_goesOn() {
    OnDemandThreads.Sequence sequence = threads.new Sequence(2);
    sequence.execute(OnDemandThreadsTest::throwWhatCannotBeTold);

    assertThat(run(sequence)).succeedsWithin(LIMIT);
  }

  @Test
  void execute_oneAfterTheOther_takesOneThread() {
    for (int i = 0; i < 5; i++) {
      assertThat(run(threads)).succeedsWithin(LIMIT);
      // The future is done before its thread is free again.
      await().atMost(LIMIT).until(() -> made.get(0).getState() == Thread.State.TIMED_WAITING);
    }

    assertThat(made).hasSize(1);
  }

  @Test
  void sequence_anotherAndAConversationHold_waitsForTheConversation() {
    hold(threads.new Sequence(1));
    CountDownLatch answered = new CountDownLatch(1);
    threads.execute(() -> awaitQuietly(answered));
    CompletableFuture<Void> waiting = run(threads.new Sequence(1));
    assertThat(made).hasSize(2);
    assertThat(waiting).isNotDone();

    answered.countDown();

    assertThat(waiting).succeedsWithin(LIMIT);
    assertThat(made).hasSize(2);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void execute_nothingForAWhile_threadEndsAndAnotherIsMade() {
    OnDemandThreads soonTired = new OnDemandThreads(this::newThread, Duration.ofMillis(1));
    assertThat(run(soonTired)).succeedsWithin(LIMIT);
    await().atMost(LIMIT).until(() -> made.get(0).getState() == Thread.State.TERMINATED);

    assertThat(run(soonTired)).succeedsWithin(LIMIT);

    assertThat(made).hasSize(2);
  }

  @Test
  void execute_noThreadCanBeHad_isRefusedAndLaterRuns() {
    machineIsFull.set(true);
    assertThatThrownBy(() -> threads.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessage("no thread can be had");
    machineIsFull.set(false);

    assertThat(run(threads)).succeedsWithin(LIMIT);
  }

  @Test
  void sequence_noThreadCanBeHad_runsItWithTheNextInOrder() {
    List<Integer> order = new CopyOnWriteArrayList<>();
    OnDemandThreads.Sequence sequence = threads.new Sequence(2);
    machineIsFull.set(true);
    sequence.execute(() -> order.add(1));
    machineIsFull.set(false);
    assertThat(order).isEmpty();

    sequence.execute(() -> order.add(2));

    await().atMost(LIMIT).untilAsserted(() -> assertThat(order).containsExactly(1, 2));
  }

  @Test
  void sequence_manyTasks_runInOrderWhileOthersRun() {
    List<Integer> order = new CopyOnWriteArrayList<>();
    OnDemandThreads.Sequence sequence = threads.new Sequence(Integer.MAX_VALUE);
    hold(threads.new Sequence(1));
    for (int i = 0; i < 1000; i++) {
      int number = i;
      sequence.execute(() -> order.add(number));
    }

    assertThat(run(sequence)).succeedsWithin(LIMIT);
    assertThat(order).isEqualTo(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void sequence_taskThrowsOrIsInterrupted_goesOn() {
    CompletableFuture<Boolean> next = new CompletableFuture<>();
    OnDemandThreads.Sequence sequence = threads.new Sequence(3);
    sequence.execute(() -> {
      throw new IllegalStateException("as a defect");
    });
    sequence.execute(() -> Thread.currentThread().interrupt());

    sequence.execute(() -> next.complete(Thread.currentThread().isInterrupted()));

    assertThat(next).succeedsWithin(LIMIT).isEqualTo(false);
  }

  @Test
  void sequence_stopped_interruptsItsOwnTaskAndTakesNoOther() {
    OnDemandThreads.Sequence sequence = threads.new Sequence(1);
    CompletableFuture<String> ofOther = hold(threads.new Sequence(1));
    CompletableFuture<String> running = hold(sequence);
    CompletableFuture<Void> waiting = run(sequence);
    assertThatThrownBy(() -> run(sequence))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessage("1 tasks wait");

    sequence.stop();

    assertThat(running).succeedsWithin(LIMIT).isEqualTo("interrupted");
    assertThatThrownBy(() -> run(sequence))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessage("stopped");
    assertThat(run(threads)).succeedsWithin(LIMIT);
    assertThat(waiting).isNotDone();
    assertThat(ofOther).isNotDone();
  }
}
