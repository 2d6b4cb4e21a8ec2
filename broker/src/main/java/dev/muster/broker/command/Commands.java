/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import dev.muster.broker.delivery.Letter;
import dev.muster.broker.delivery.LetterSource;
import dev.muster.broker.state.StateStore;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands to all devices. Safe for use by several threads. */
public final class Commands implements LetterSource {
  private static final Logger LOG = LoggerFactory.getLogger(Commands.class);
  /** How many of a device may be open. */
  public static final int MAX_OPEN = 100;
  /** How many of a device are remembered. */
  public static final int MAX_KEPT = 1_000;

  private final StateStore store;
  private final Clock clock;
  private final CommandIds ids;

  /** Commands that ended before their deadline; one may still lie in a queue of HiveMQ. */
  private final ConcurrentMap<String, Instant> endedEarly = new ConcurrentHashMap<>();

  public Commands(StateStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
    this.ids = new CommandIds(clock);
  }

  /** Whether a text may be the id of a command. */
  public static boolean isId(String text) {
    return CommandIds.isId(text);
  }

  /** Queues a command. Returns at once; done when it is on stable storage. */
  public CompletableFuture<CommandOutcome> send(DeviceId device, CommandOrder order) {
    Instant now = now();
    Command command = command(device, order, now);
    return store.write(connection -> queue(new CommandTable(connection), command));
  }

  /**
   * As {@link #send(DeviceId, CommandOrder)}, but once for a day: sent again, the command is the
   * one that the request has made before, as it is by now.
   */
  public CompletableFuture<CommandOutcome> send(
      DeviceId device, CommandOrder order, CommandRequest request) {
    Instant now = now();
    Command command = command(device, order, now);
    return store.write(connection -> {
      CommandKeys keys = new CommandKeys(connection);
      Optional<CommandKeys.Before> before = keys.find(request, now);
      if (before.isPresent()) {
        return again(connection, request, before.get(), now);
      }
      CommandOutcome outcome = queue(new CommandTable(connection), command);
      if (outcome instanceof CommandOutcome.Kept) {
        keys.keep(request, command);
      }
      return outcome;
    });
  }

  private static CommandOutcome again(
      Connection connection, CommandRequest request, CommandKeys.Before before, Instant now)
      throws SQLException {
    if (!before.request().equals(request.digest())) {
      return new CommandOutcome.Misused();
    }
    return find(connection, before.command(), now)
        .<CommandOutcome>map(command -> new CommandOutcome.Kept(command, false))
        .orElseGet(() -> new CommandOutcome.Conflict(
            "command " + before.command() + ": made by this request, and forgotten since"));
  }

  private Command command(DeviceId device, CommandOrder order, Instant now) {
    return new Command(
        ids.next(),
        device,
        order.name(),
        order.payload(),
        Command.State.QUEUED,
        now,
        now.plus(order.validFor()),
        null,
        null,
        null);
  }

  private static CommandOutcome queue(CommandTable table, Command command) throws SQLException {
    DeviceId device = command.device();
    if (table.countOpen(device, command.createdAt()) >= MAX_OPEN) {
      return new CommandOutcome.Conflict("commands of " + device + ": " + MAX_OPEN
          + " are open (expected: fewer; wait for them, or cancel some)");
    }
    table.insert(command);
    table.keepNewest(device, MAX_KEPT);
    return new CommandOutcome.Kept(command, true);
  }

  /**
   * Takes what a device answers, as it came. Returns at once; done when it is on stable storage.
   * The first answer counts.
   */
  public CompletableFuture<CommandOutcome> result(DeviceId device, String id, byte[] payload) {
    Instant now = now();
    Command.Result result;
    try {
      result = CommandMessages.result(payload, now);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedFuture(
          new CommandOutcome.Refused(String.valueOf(e.getMessage())));
    }
    return store
        .<CommandOutcome>write(connection -> {
          Optional<Command> found = find(connection, id, now);
          if (found.isEmpty() || !found.get().device().equals(device)) {
            return new CommandOutcome.Unknown();
          }
          return answered(new CommandTable(connection), found.get(), result);
        })
        .whenComplete((outcome, failure) -> noteEnd(outcome));
  }

  private static CommandOutcome answered(CommandTable table, Command command, Command.Result result)
      throws SQLException {
    if (command.result() != null) {
      return new CommandOutcome.Kept(command, false);
    }
    table.result(command.id(), result);
    if (command.state().isOpen()) {
      table.end(command.id(), result.status().state(), result.at());
    } else if (command.state() == Command.State.EXPIRED) {
      // The sweep may not have come by; from now on it would find a result, and leave it be.
      table.end(command.id(), Command.State.EXPIRED, command.deadline());
    }
    return new CommandOutcome.Kept(table.find(command.id()).orElseThrow(), true);
  }

  /** Takes a command back, as far as that is possible. Returns at once. */
  public CompletableFuture<CommandOutcome> cancel(String id) {
    Instant now = now();
    return store
        .<CommandOutcome>write(connection -> {
          Optional<Command> found = find(connection, id, now);
          if (found.isEmpty()) {
            return new CommandOutcome.Unknown();
          }
          Command command = found.get();
          if (command.state() == Command.State.CANCELLED) {
            return new CommandOutcome.Kept(command, false);
          }
          if (!command.state().isOpen()) {
            return new CommandOutcome.Conflict("command " + id + ": "
                + CommandMessages.nameOf(command.state()) + " (expected: queued or sent)");
          }
          new CommandTable(connection).end(id, Command.State.CANCELLED, now);
          return new CommandOutcome.Kept(command.ended(Command.State.CANCELLED, now), true);
        })
        .whenComplete((outcome, failure) -> noteEnd(outcome));
  }

  private void noteEnd(CommandOutcome outcome) {
    if (outcome instanceof CommandOutcome.Kept kept
        && kept.command().deadline().isAfter(clock.instant())) {
      endedEarly.put(kept.command().id(), kept.command().deadline());
    }
  }

  /** Whether a command is known to have ended, so that nothing of it may reach its device. */
  public boolean hasEnded(String id) {
    return endedEarly.containsKey(id);
  }

  /** One command; blocks. */
  public Optional<Command> find(String id) throws SQLException {
    Instant now = now();
    return store.read(connection -> find(connection, id, now));
  }

  private static Optional<Command> find(Connection connection, String id, Instant now)
      throws SQLException {
    return new CommandTable(connection).find(id).map(command -> command.at(now));
  }

  /** Those of a device before an id, the newest first; blocks. */
  public List<Command> list(DeviceId device, String before, int limit) throws SQLException {
    Instant now = now();
    return store
        .read(connection -> new CommandTable(connection).list(device, before, limit))
        .stream()
        .map(command -> command.at(now))
        .toList();
  }

  @Override
  public List<Letter> lettersFor(DeviceId device) throws SQLException {
    Instant now = now();
    List<Letter> letters = new ArrayList<>();
    for (Command command :
        store.read(connection -> new CommandTable(connection).open(device, now))) {
      letters.add(new Letter(
          command.id(),
          topics -> topics.command(command.id()),
          CommandMessages.order(command),
          Duration.between(now, command.deadline()),
          () -> noteSent(command)));
    }
    return letters;
  }

  private void noteSent(Command command) {
    if (command.state() != Command.State.QUEUED) {
      return;
    }
    Instant now = now();
    store
        .write(connection -> {
          new CommandTable(connection).sent(command.id(), now);
          return command.id();
        })
        .exceptionally(failure -> {
          // It stays queued, and is sent again; the device knows it by its id.
          LOG.warn("Command not noted as sent id={} error={}", command.id(), failure.toString());
          return command.id();
        });
  }

  /** Ends those whose time has come. Blocks; called every now and then. */
  public void expire() throws SQLException {
    Instant now = now();
    endedEarly.values().removeIf(deadline -> !deadline.isAfter(now));
    // A write is a flush of the disk: not without need.
    if (store.read(connection -> new CommandTable(connection).hasDue(now))) {
      store.write(connection -> new CommandTable(connection).expire(now));
    }
  }

  /** What the database can hold. */
  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
