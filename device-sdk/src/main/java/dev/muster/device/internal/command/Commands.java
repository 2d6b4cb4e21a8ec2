/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.command;

import static java.util.Objects.requireNonNull;

import dev.muster.device.Command;
import dev.muster.device.CommandContext;
import dev.muster.device.CommandHandler;
import dev.muster.device.CommandResult;
import dev.muster.device.internal.connection.Dialogue;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.protocol.topic.FleetTopics;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Has commands done, each once. When it is its turn, that it begins is on the disk before it does:
 * whatever happens then, it is not begun again. The backend repeats what it has no answer to with
 * each connection, so an answer that was lost is given again from the disk.
 */
public final class Commands implements Dialogue {
  private static final Logger LOG = DeviceLogger.of(Commands.class);
  private static final String CLOSED = "the device is closed";

  private final Map<String, CommandHandler> handlers = new ConcurrentHashMap<>();
  private final Clock clock;
  private final Executor worker;
  private final Executor callbacks;
  private final BiConsumer<String, String> onProgress;
  private final Set<String> running = new HashSet<>();
  /** What waits for its answer to be on the disk. */
  private final Set<CompletableFuture<Void>> keeping = ConcurrentHashMap.newKeySet();

  private volatile Executor owner = task -> {};
  private volatile boolean stopping;
  private volatile boolean ended;
  private @Nullable CommandLog log;
  private @Nullable FleetTopics topics;
  private @Nullable Speaker speaker;

  /**
   * @param worker runs handlers, one at a time; may refuse
   * @param onProgress told of a command's id and how far it is, on the handler's thread
   */
  public Commands(
      Clock clock, Executor worker, Executor callbacks, BiConsumer<String, String> onProgress) {
    this.clock = clock;
    this.worker = worker;
    this.callbacks = callbacks;
    this.onProgress = onProgress;
  }

  /** Has commands of this name done by {@code handler}; may be called at any time. */
  public void handle(String name, CommandHandler handler) {
    handlers.put(name, handler);
    owner.execute(() -> {});
  }

  /** Begins no more: the backend repeats them after the next start. May be called at any time. */
  public void stop() {
    stopping = true;
  }

  @Override
  public void begin(Path stateDirectory, Executor ownerThread) {
    owner = ownerThread;
    try {
      log = CommandLog.open(stateDirectory);
    } catch (IOException e) {
      LOG.warn("Commands refused, what was done before cannot be read reason={}", e.toString());
    }
  }

  @Override
  public boolean isWanted() {
    return !handlers.isEmpty();
  }

  @Override
  public String filter(FleetTopics ofDevice) {
    return ofDevice.command("any").replace("/any", "/+");
  }

  @Override
  public void connected(FleetTopics ofDevice, Speaker to) {
    topics = ofDevice;
    speaker = to;
  }

  @Override
  public void disconnected() {
    speaker = null;
  }

  @Override
  public boolean heard(String topic, byte[] payload) {
    Optional<String> id = DeviceTopic.parse(topic).flatMap(DeviceTopic::command);
    id.ifPresent(known -> take(known, payload));
    return id.isPresent();
  }

  private void take(String id, byte[] payload) {
    CommandLog kept = log;
    if (stopping || running.contains(id)) {
      return; // It will be answered when it ends, or after the next start.
    }
    byte[] result = kept == null ? null : kept.result(id);
    if (result != null) {
      answer(id, result);
    } else if (kept != null && kept.isBegun(id)) {
      end(
          id,
          CommandMessages.write(
              CommandResult.failed("the device was restarted while it was at it")));
    } else {
      queue(kept, id, payload);
    }
  }

  private void queue(@Nullable CommandLog kept, String id, byte[] payload) {
    Command command;
    try {
      command = CommandMessages.read(id, payload);
    } catch (IllegalArgumentException e) {
      refuse(id, e.getMessage());
      return;
    }
    CommandHandler handler = handlers.get(command.name());
    if (handler == null) {
      refuse(id, "this device knows no command of this name");
    } else if (isLate(command)) {
      refuse(id, "came after its deadline");
    } else if (kept == null) {
      refuse(id, "the device cannot read what it has done before");
    } else {
      queue(command, handler);
    }
  }

  private boolean isLate(Command command) {
    return !clock.instant().isBefore(command.deadline());
  }

  private void queue(Command command, CommandHandler handler) {
    running.add(command.id());
    try {
      worker.execute(() -> run(command, handler));
    } catch (RejectedExecutionException e) {
      running.remove(command.id());
      if (!stopping) {
        refuse(command.id(), "the device has too many commands to do");
      }
    }
  }

  private void run(Command command, CommandHandler handler) {
    Running context = new Running(command.id());
    if (isLate(command)) {
      context.answer(CommandResult.refused("its turn came after its deadline"));
      return;
    }
    if (!awaitNote(command.id())) {
      return;
    }
    try {
      CommandResult result = handler.handle(command, context);
      context.answer(
          result == null ? CommandResult.failed("the handler returned nothing") : result);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      context.answer(CommandResult.failed("interrupted, the device is closed"));
    } catch (Exception | Error e) {
      LOG.warn("Command failed id={} name={}", command.id(), command.name(), e);
      context.answer(CommandResult.failed(e.toString()));
    }
  }

  /** Has the owner note that it begins, now that it is its turn. @return whether it may */
  private boolean awaitNote(String id) {
    AtomicBoolean decided = new AtomicBoolean(); // By the owner, to note it; or by us, not to.
    CompletableFuture<Boolean> noted = CompletableFuture.supplyAsync(
        () -> decided.compareAndSet(false, true) && noteBegin(id), owner);
    try {
      return noted.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !decided.compareAndSet(false, true) && noted.join();
    } catch (ExecutionException e) {
      throw new IllegalStateException("command not begun: " + id, e.getCause());
    }
  }

  private boolean noteBegin(String id) {
    try {
      if (log == null) {
        throw new IOException(CLOSED);
      }
      log.begin(id);
      return true;
    } catch (IOException | RuntimeException e) {
      running.remove(id);
      refuse(id, "the device cannot note that it begins: " + e);
      return false;
    }
  }

  /** One command while it is done. */
  private final class Running implements CommandContext {
    private final String id;
    private final AtomicBoolean answered = new AtomicBoolean();
    private final CompletableFuture<Void> kept = new CompletableFuture<>();

    Running(String id) {
      this.id = id;
    }

    @Override
    public void progress(String text) {
      onProgress.accept(id, text);
    }

    @Override
    public CompletableFuture<Void> answer(CommandResult result) {
      // Here and now: the handler may change its payload afterwards.
      byte[] written = CommandMessages.write(requireNonNull(result, "result"));
      if (answered.compareAndSet(false, true)) {
        keeping.add(kept);
        owner.execute(() -> tellKept(kept, end(id, written)));
        if (ended) {
          tellKept(kept, new IOException(CLOSED)); // Nobody may have taken the task.
        }
      }
      return kept.copy();
    }
  }

  private void tellKept(CompletableFuture<Void> kept, @Nullable Exception problem) {
    if (!keeping.remove(kept)) {
      return;
    }
    Runnable task = () -> {
      if (problem == null) {
        kept.complete(null);
      } else {
        kept.completeExceptionally(problem);
      }
    };
    try {
      callbacks.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }

  private void refuse(String id, @Nullable String reason) {
    answer(id, CommandMessages.write(CommandResult.refused(String.valueOf(reason))));
  }

  /** @return why the result is not on the disk; it is said all the same */
  private @Nullable Exception end(String id, byte[] result) {
    running.remove(id);
    Exception problem = null;
    try {
      if (log == null) {
        throw new IOException(ended ? CLOSED : "what was done before cannot be read");
      }
      log.end(id, result);
    } catch (IOException | RuntimeException e) {
      LOG.warn("Result of a command not kept id={} reason={}", id, e.toString());
      problem = e;
    }
    answer(id, result);
    return problem;
  }

  private void answer(String id, byte[] result) {
    if (speaker != null && topics != null) {
      speaker.say(topics.commandResult(id), result, taken -> {
        if (!taken) {
          LOG.warn("Result of a command refused by the broker id={}", id);
        }
      });
    }
  }

  @Override
  public void end() {
    ended = true;
    speaker = null;
    if (log != null) {
      try {
        log.close();
      } catch (IOException e) {
        LOG.debug("Log of commands not closed", e);
      }
      log = null;
    }
    List.copyOf(keeping).forEach(kept -> tellKept(kept, new IOException(CLOSED)));
  }
}
