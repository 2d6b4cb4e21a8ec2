/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.log.LogRing;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnDemandThreadsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Longer than any test, on however busy a machine. */
  private static final Duration IDLE = Duration.ofHours(1);

  private static final int MANY = 5_000;

  private final List<Thread> made = new CopyOnWriteArrayList<>();
  private final AtomicBoolean machineIsFull = new AtomicBoolean();
  private final OnDemandThreads threads = new OnDemandThreads(this::newThread, IDLE, 1);
  private final LogRing log = new LogRing(Clock.systemUTC());
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

  /** As {@link #hold(Executor)}, but whatever interrupts it. */
  private AtomicInteger holdStubbornly(Executor executor) {
    AtomicInteger interrupts = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    executor.execute(() -> {
      begun.countDown();
      while (end.getCount() > 0) {
        try {
          end.await();
        } catch (InterruptedException e) {
          interrupts.incrementAndGet();
        }
      }
    });
    awaitQuietly(begun);
    return interrupts;
  }

  /** A conversation, and whether it has been done. */
  private static final class Conversation implements Runnable {
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    @Override
    public void run() {
      done.complete(null);
    }
  }

  private Conversation converse() {
    Conversation conversation = new Conversation();
    threads.execute(conversation);
    return conversation;
  }

  /** As its device does. */
  private boolean makeRoom(Runnable conversation) {
    AtomicBoolean waits = new AtomicBoolean();
    log.bound(() -> waits.set(threads.makeRoom(conversation))).run();
    return waits.get();
  }

  private List<String> logged() {
    return log.snapshot().lines();
  }

  @Test
  void execute_callHeld_runsBesides() {
    CompletableFuture<String> call = hold(threads.calls());

    assertThat(converse().done).succeedsWithin(LIMIT);
    assertThat(call).isNotDone();
  }

  @Test
  void makeRoom_callAndCommandHeld_interruptsTheCallAlone() {
    CompletableFuture<String> command = hold(threads.commands());
    CompletableFuture<String> call = hold(threads.calls());
    Conversation conversation = converse();
    assertThat(conversation.done).isNotDone();
    CompletableFuture<Void> nextCall = run(threads.calls());

    assertThat(makeRoom(conversation)).isTrue();

    assertThat(call).succeedsWithin(LIMIT).isEqualTo("interrupted");
    assertThat(conversation.done).succeedsWithin(LIMIT);
    assertThat(nextCall).succeedsWithin(LIMIT);
    assertThat(makeRoom(conversation)).isFalse();
    assertThat(command).isNotDone();
    assertThat(made).hasSize(2);
    assertThat(logged())
        .singleElement()
        .asString()
        .contains("WARN", "Callback interrupted", "OnDemandThreadsTest");
  }

  @Test
  void makeRoom_callIgnoresIt_isToldAndTheCommandsThreadServes() {
    CompletableFuture<String> command = hold(threads.commands());
    AtomicInteger interrupts = holdStubbornly(threads.calls());
    Conversation conversation = converse();

    for (int i = 1; i <= 3; i++) {
      int count = i;
      assertThat(threads.problem() == null).isEqualTo(i <= 2);
      assertThat(makeRoom(conversation)).isTrue();
      await().atMost(LIMIT).until(() -> interrupts.get() == count);
    }

    assertThat(threads.problem()).contains("OnDemandThreadsTest");
    assertThat(logged()).hasSize(2);
    assertThat(logged().get(1)).contains("ERROR", "in vain", "OnDemandThreadsTest");
    threads.commands().stop();
    assertThat(command).succeedsWithin(LIMIT).isEqualTo("interrupted");
    assertThat(conversation.done).succeedsWithin(LIMIT);
    assertThat(threads.problem()).isNull();
    assertThat(made).hasSize(2);
  }

  @Test
  void makeRoom_twoConversationsWait_isForTheFirst() {
    hold(threads.commands());
    CompletableFuture<String> call = hold(threads.calls());
    Conversation first = converse();
    Conversation second = converse();

    assertThat(makeRoom(second)).isTrue();
    assertThat(logged()).isEmpty();
    assertThat(makeRoom(first)).isTrue();

    assertThat(call).succeedsWithin(LIMIT).isEqualTo("interrupted");
    assertThat(first.done).succeedsWithin(LIMIT);
    assertThat(second.done).succeedsWithin(LIMIT);
  }

  /** With a command: so it is, too, with an executor of the program for its callbacks. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void makeRoom_callOrCommandAndConversationHold_interruptsNeither(boolean isCall) {
    CompletableFuture<String> ofUser = hold(isCall ? threads.calls() : threads.commands());
    CompletableFuture<String> conversation = hold(threads);
    Conversation waiting = converse();

    assertThat(makeRoom(waiting)).isTrue();

    assertThat(logged()).isEmpty();
    end.countDown();
    assertThat(waiting.done).succeedsWithin(LIMIT);
    assertThat(ofUser).succeedsWithin(LIMIT).isEqualTo("let go");
    assertThat(conversation).succeedsWithin(LIMIT).isEqualTo("let go");
  }

  @Test
  void execute_manyCallsWait_isNext() {
    List<String> order = new CopyOnWriteArrayList<>();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    hold(threads.commands());
    threads.calls().execute(() -> {
      begun.countDown();
      awaitQuietly(go);
    });
    awaitQuietly(begun);
    for (int i = 0; i < 100; i++) {
      threads.calls().execute(() -> order.add("call"));
    }
    threads.execute(() -> order.add("conversation"));

    go.countDown();

    await().atMost(LIMIT).until(() -> order.size() == 101);
    assertThat(order.get(0)).isEqualTo("conversation");
  }

  @Test
  void command_waitsForACallThatComesLater_isTold() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    threads.commands().execute(() -> {
      run(threads.calls()).join();
      done.complete(null);
    });

    assertThat(done).succeedsWithin(LIMIT);
  }

  /** As they come, with threads that end and begin in between. */
  @Test
  void all_atOnceAndMany_runOnTwoThreads() {
    OnDemandThreads restless = new OnDemandThreads(this::newThread, Duration.ofNanos(1), MANY);
    AtomicInteger atWork = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    Runnable task = () -> {
      most.accumulateAndGet(atWork.incrementAndGet(), Math::max);
      Thread.onSpinWait();
      atWork.decrementAndGet();
      done.incrementAndGet();
    };

    Stream.of(restless, restless.calls(), restless.commands()).parallel().forEach(executor -> {
      for (int i = 0; i < MANY; i++) {
        executor.execute(task);
      }
    });

    await().atMost(LIMIT).until(() -> done.get() == 3 * MANY);
    assertThat(most.get()).isLessThanOrEqualTo(2);
  }

  @Test
  void execute_calledBackWithItsThreadNotBegun_takesThatThread() {
    hold(threads.commands());
    gate = new CountDownLatch(1);
    CompletableFuture<Void> call = run(threads.calls());

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
    CompletableFuture<Void> call = run(threads.calls());

    hold(() -> gate.countDown(), threads);

    assertThat(made).hasSize(2);
    assertThat(call).succeedsWithin(LIMIT);
  }

  @Test
  void execute_taskBeforeLeftItsInterrupt_doesNotMeetIt() {
    CountDownLatch go = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    threads.calls().execute(() -> {
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
    threads.calls().execute(OnDemandThreadsTest::throwWhatCannotBeTold);

    assertThat(run(threads.calls())).succeedsWithin(LIMIT);
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
    hold(threads.commands());
    CountDownLatch answered = new CountDownLatch(1);
    threads.execute(() -> awaitQuietly(answered));
    CompletableFuture<Void> waiting = run(threads.calls());
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
    OnDemandThreads soonTired = new OnDemandThreads(this::newThread, Duration.ofMillis(1), 1);
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
  void makeRoom_machineHasAThreadByNow_runsWithoutInterrupting() {
    CompletableFuture<String> call = hold(threads.calls());
    machineIsFull.set(true);
    Conversation conversation = converse();
    assertThat(conversation.done).isNotDone();
    machineIsFull.set(false);

    makeRoom(conversation);

    assertThat(conversation.done).succeedsWithin(LIMIT);
    assertThat(call).isNotDone();
    assertThat(logged()).isEmpty();
  }

  @Test
  void sequence_noThreadCanBeHad_runsItWithTheNextInOrder() {
    List<Integer> order = new CopyOnWriteArrayList<>();
    OnDemandThreads.Sequence sequence = threads.calls();
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
    OnDemandThreads.Sequence sequence = threads.calls();
    hold(threads.commands());
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
    OnDemandThreads.Sequence sequence = threads.calls();
    sequence.execute(() -> {
      throw new IllegalStateException("as a defect");
    });
    sequence.execute(() -> Thread.currentThread().interrupt());

    sequence.execute(() -> next.complete(Thread.currentThread().isInterrupted()));

    assertThat(next).succeedsWithin(LIMIT).isEqualTo(false);
  }

  @Test
  void sequence_stopped_interruptsItsOwnTaskAndTakesNoOther() {
    OnDemandThreads.Sequence sequence = threads.commands();
    CompletableFuture<String> ofOther = hold(threads.calls());
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
