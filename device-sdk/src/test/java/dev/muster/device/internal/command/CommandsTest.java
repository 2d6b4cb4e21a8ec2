/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.CommandHandler;
import dev.muster.device.CommandResult;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.topic.FleetTopics;
import dev.muster.testing.MovableClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on one thread: whose turn it is, the test decides. */
class CommandsTest {
  private static final FleetTopics TOPICS =
      new FleetTopics(new DeviceSubject(new FleetName("f"), new DeviceId("d")));
  private static final CommandHandler DONE = (command, context) -> CommandResult.done();

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.at(Instant.parse("2026-01-01T00:00:00Z"));
  private final Deque<Runnable> turns = new ArrayDeque<>();
  private final List<String> answers = new ArrayList<>();
  private Commands commands;

  @BeforeEach
  void start() {
    turns.clear();
    startWith(turns::add, Runnable::run);
  }

  private void startWith(Executor worker, Executor owner) {
    commands = new Commands(clock, worker, Runnable::run, (id, text) -> {});
    commands.begin(folder, owner);
    connect();
  }

  private void connect() {
    commands.connected(
        TOPICS,
        (topic, payload, settled) -> answers.add(topic.replaceAll(".*commands/", "") + " "
            + new String(payload, StandardCharsets.UTF_8)));
  }

  private void hear(String id) {
    String command = "{\"id\":\"" + id + "\",\"name\":\"go\",\"deadline\":\""
        + clock.instant().plusSeconds(60) + "\"}";
    commands.heard(TOPICS.command(id), command.getBytes(StandardCharsets.UTF_8));
  }

  private void restart() {
    commands.stop();
    commands.end();
    start();
  }

  @Test
  void heard_endedBeforeItsTurn_isDoneAfterTheNextStart() {
    commands.handle("go", DONE);
    hear("c1");
    restart();
    commands.handle("go", DONE);

    hear("c1");
    turns.remove().run();

    assertThat(answers).containsExactly("c1/result {\"status\":\"done\"}");
  }

  @Test
  void heard_afterStop_isLeftForTheNextStart() {
    startWith(
        task -> {
          throw new RejectedExecutionException("stopped");
        },
        Runnable::run);
    commands.handle("go", DONE);
    commands.stop();
    hear("c1");
    restart();
    commands.handle("go", DONE);

    hear("c1");
    turns.remove().run();

    assertThat(answers).containsExactly("c1/result {\"status\":\"done\"}");
  }

  @Test
  void turn_interruptedBeforeItIsNoted_isLeftForTheNextStart() {
    Deque<Runnable> owned = new ArrayDeque<>();
    startWith(turns::add, owned::add);
    commands.handle("go", DONE);
    hear("c1");
    Thread.currentThread().interrupt();
    turns.remove().run();
    assertThat(Thread.interrupted()).isTrue();
    owned.forEach(Runnable::run);
    restart();
    commands.handle("go", DONE);

    hear("c1");
    turns.remove().run();

    assertThat(answers).containsExactly("c1/result {\"status\":\"done\"}");
  }

  @Test
  void turn_afterItsDeadline_isRefusedAndNotBegun() {
    AtomicBoolean isDone = new AtomicBoolean();
    commands.handle("go", (command, context) -> {
      isDone.set(true);
      return CommandResult.done();
    });
    hear("c1");
    clock.advance(Duration.ofSeconds(60));

    turns.remove().run();

    assertThat(isDone).isFalse();
    assertThat(answers)
        .containsExactly("c1/result {\"status\":\"refused\",\"detail\":\"its turn came after its"
            + " deadline\"}");
  }

  @Test
  void end_diskFailsWithoutAConnection_isRememberedInMemory() {
    commands.handle("go", (command, context) -> {
      Thread.currentThread().interrupt(); // An interrupted thread cannot write to the disk.
      return CommandResult.done(42);
    });
    commands.disconnected();
    hear("c1");
    turns.remove().run();
    assertThat(Thread.interrupted()).isTrue();

    connect();
    hear("c1");

    assertThat(answers).containsExactly("c1/result {\"status\":\"done\",\"payload\":42}");
  }

  @Test
  void answer_notWrittenWhenTheDeviceEnds_isNotSaidToBeKept() {
    Deque<Runnable> owned = new ArrayDeque<>();
    AtomicBoolean isBusy = new AtomicBoolean();
    startWith(turns::add, task -> {
      if (isBusy.get()) {
        owned.add(task);
      } else {
        task.run();
      }
    });
    List<CompletableFuture<Void>> kept = new ArrayList<>();
    commands.handle("go", (command, context) -> {
      isBusy.set(true);
      kept.add(context.answer(CommandResult.done()));
      return CommandResult.done();
    });
    hear("c1");
    turns.remove().run();
    assertThat(kept.get(0)).isNotDone();

    commands.end(); // And the owner runs nothing any more.

    assertThat(kept.get(0)).isCompletedExceptionally();
    owned.forEach(Runnable::run);
    assertThat(answers).isEmpty();
  }

  @Test
  void answer_afterTheDeviceHasEnded_isNotSaidToBeKept() {
    List<CompletableFuture<Void>> kept = new ArrayList<>();
    commands.handle("go", (command, context) -> {
      commands.end();
      kept.add(context.answer(CommandResult.done()));
      return CommandResult.done();
    });
    hear("c1");

    turns.remove().run();

    assertThat(kept.get(0)).isCompletedExceptionally();
  }

  @Test
  @SuppressWarnings("NullAway")
  void handler_returnsNothing_isAFailure() {
    commands.handle("go", (command, context) -> null);
    hear("c1");

    turns.remove().run();

    assertThat(answers)
        .containsExactly(
            "c1/result {\"status\":\"failed\",\"detail\":\"the handler returned nothing\"}");
  }

  @Test
  void handler_changesItsPayloadAfterwards_isAnsweredAsItWas() {
    AtomicBoolean isBusy = new AtomicBoolean();
    Deque<Runnable> waiting = new ArrayDeque<>();
    startWith(turns::add, task -> {
      if (isBusy.get()) {
        waiting.add(task);
      } else {
        task.run();
      }
    });
    Map<String, Object> payload = new HashMap<>(Map.of("n", 1));
    commands.handle("go", (command, context) -> {
      isBusy.set(true);
      context.answer(CommandResult.done(payload));
      payload.put("n", 2);
      return CommandResult.done();
    });
    hear("c1");

    turns.remove().run();
    waiting.forEach(Runnable::run);

    assertThat(answers).containsExactly("c1/result {\"status\":\"done\",\"payload\":{\"n\":1}}");
  }
}
