/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventLoopTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final List<String> happened = new CopyOnWriteArrayList<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final EventLoop loop = new EventLoop(
      task -> {
        Thread thread = new Thread(task, "loop-under-test");
        threads.add(thread);
        return thread;
      },
      fault -> happened.add("fault " + fault.getMessage()));

  @AfterEach
  void closeLoop() {
    loop.close();
  }

  private void awaitAll(String... expected) {
    await().atMost(LIMIT).until(() -> happened.size() >= expected.length);
    assertThat(happened).containsExactly(expected);
  }

  @Test
  void execute_fromManyThreads_runsAllOnOneThreadInTheirOrder() throws Exception {
    List<Integer> ran = new CopyOnWriteArrayList<>();
    List<Thread> givers = IntStream.range(0, 4)
        .mapToObj(giver -> new Thread(() -> {
          for (int i = 0; i < 500; i++) {
            int number = giver * 1000 + i;
            loop.execute(() -> ran.add(number));
          }
        }))
        .toList();
    givers.forEach(Thread::start);
    for (Thread giver : givers) {
      giver.join();
    }

    await().atMost(LIMIT).until(() -> ran.size() == 2000);
    for (int giver = 0; giver < 4; giver++) {
      int first = giver * 1000;
      assertThat(ran.stream().filter(number -> number / 1000 * 1000 == first)).isSorted();
    }
    assertThat(threads).hasSize(1);
  }

  @Test
  void after_cancelledOrDue_runsWhatIsDueInItsOrder() {
    Runnable later = () -> happened.add("later");
    Runnable never = () -> happened.add("never");
    Runnable soon = () -> happened.add("soon");
    loop.execute(
        () -> { // In one task, so that a slow machine knows of all before any is due.
          loop.after(Duration.ofMillis(400), later);
          EventLoop.Timed cancelled = loop.after(Duration.ofMillis(20), never);
          loop.after(Duration.ofMillis(10), soon);
          cancelled.cancel();
        });

    awaitAll("soon", "later");
  }

  @Test
  void atRest_afterTasksThatWait_runsOnceTheyAreDone() {
    loop.execute(() -> {
      loop.execute(() -> happened.add("second"));
      loop.atRest(() -> happened.add("rest"));
      happened.add("first");
    });

    awaitAll("first", "second", "rest");
  }

  @Test
  void task_thatFails_isToldAndTheNextRuns() {
    loop.execute(() -> {
      throw new IllegalStateException("one");
    });
    loop.execute(() -> {
      throw new AssertionError("not told, but survived");
    });
    loop.after(Duration.ofMillis(1), () -> {
      throw new IllegalStateException("timed");
    });

    awaitAll("fault one", "fault timed");
  }

  @Test
  void fault_thatCannotBeTold_doesNotEndTheThread() {
    EventLoop deaf = new EventLoop(Thread::new, fault -> {
      throw new IllegalStateException("not told");
    });
    try {
      deaf.execute(() -> {
        throw new IllegalStateException("one");
      });
      deaf.after(Duration.ZERO, () -> {
        throw new IllegalStateException("timed");
      });
      deaf.execute(() -> deaf.atRest(() -> {
        throw new IllegalStateException("at rest");
      }));
      deaf.after(Duration.ofMillis(1), () -> happened.add("goes on"));

      awaitAll("goes on");
    } finally {
      deaf.close();
    }
  }

  @Test
  void interrupt_ofTheThread_doesNotKeepItAwake() throws Exception {
    CountDownLatch ran = new CountDownLatch(1);
    loop.execute(() -> Thread.currentThread().interrupt());
    loop.after(Duration.ofMillis(5), ran::countDown);
    assertThat(ran.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();

    await().atMost(LIMIT).until(() -> !threads.get(0).isInterrupted());
  }

  @Test
  void watch_readyChannel_isToldAndClosedWithTheLoop() throws Exception {
    Pipe pipe = Pipe.open();
    pipe.source().configureBlocking(false);
    loop.execute(() -> watch(pipe));
    pipe.sink().write(ByteBuffer.wrap(new byte[] {7}));
    awaitAll("read 7");

    loop.close();

    await().atMost(LIMIT).until(() -> !pipe.source().isOpen());
    await().atMost(LIMIT).until(() -> !threads.get(0).isAlive());
    loop.execute(() -> happened.add("too late"));
    loop.after(Duration.ZERO, () -> happened.add("too late"));
    assertThat(happened).containsExactly("read 7");
    pipe.sink().close();
  }

  private void watch(Pipe pipe) {
    try {
      loop.watch(pipe.source(), SelectionKey.OP_READ, key -> {
        ByteBuffer octet = ByteBuffer.allocate(1);
        try {
          pipe.source().read(octet);
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
        happened.add("read " + octet.get(0));
      });
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
