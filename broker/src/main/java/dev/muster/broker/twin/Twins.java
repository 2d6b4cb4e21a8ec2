/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.delivery.Letter;
import dev.muster.broker.delivery.LetterSource;
import dev.muster.broker.state.StateStore;
import dev.muster.broker.state.StrictJson;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.topic.FleetTopics;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** The twins of all devices. Safe for use by several threads. */
public final class Twins implements LetterSource {
  private final StateStore store;
  private final Clock clock;

  public Twins(StateStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** The twin of a device; an empty one if nothing was ever said about it. Blocks. */
  public Twin find(DeviceId device) throws SQLException {
    return store.read(connection -> new TwinTable(connection).find(device));
  }

  @Override
  public List<Letter> lettersFor(DeviceId device) throws SQLException {
    Twin twin = find(device);
    if (twin.desired().version() == 0) {
      return List.of();
    }
    return List.of(new Letter(
        "desired/" + twin.desired().version(),
        FleetTopics::twinDesired,
        TwinMessages.desired(twin),
        null,
        () -> {}));
  }

  /** Says what a device should be like. Returns at once; done when it is on stable storage. */
  public CompletableFuture<TwinOutcome> desire(DeviceId device, TwinChange change) {
    Instant now = clock.instant();
    return store.write(connection -> {
      TwinTable table = new TwinTable(connection);
      Twin twin = table.find(device);
      return change(
          twin,
          "desired",
          twin.desired(),
          change,
          now,
          part -> table.save(device, new Twin(part, twin.reported(), twin.appliedVersion())));
    });
  }

  /**
   * Takes what a device says of itself, as it came. Returns at once; done when it is on stable
   * storage.
   */
  public CompletableFuture<TwinOutcome> report(DeviceId device, byte[] payload) {
    TwinMessages.Report report;
    try {
      report = TwinMessages.report(payload);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedFuture(
          new TwinOutcome.Refused(String.valueOf(e.getMessage())));
    }
    Instant now = clock.instant();
    return store.write(connection -> {
      TwinTable table = new TwinTable(connection);
      Twin twin = table.find(device);
      long applied = report.desiredVersion().orElse(twin.appliedVersion());
      if (applied > twin.desired().version()) {
        return new TwinOutcome.Refused("desiredVersion: " + applied + " (expected: at most "
            + twin.desired().version() + ", the newest there is)");
      }
      Twin.Part before = twin.reported();
      return change(
          new Twin(twin.desired(), before, applied),
          "reported",
          before,
          report.change(),
          now,
          part -> table.save(device, new Twin(twin.desired(), part, applied)));
    });
  }

  private interface Saving {
    Twin save(Twin.Part part) throws SQLException;
  }

  private static TwinOutcome change(
      Twin twin, String what, Twin.Part part, TwinChange change, Instant now, Saving saving)
      throws SQLException {
    Set<Long> wanted = change.ifVersions().orElse(Set.of(part.version()));
    if (!wanted.contains(part.version())) {
      return new TwinOutcome.Stale(
          twin,
          what + " version: " + part.version() + " (expected by this change: " + words(wanted)
              + "; somebody else changed it, read it again)");
    }
    ObjectNode content = change.on(part.content());
    try {
      StrictJson.write(what, content, Twin.MAX_BYTES);
    } catch (IllegalArgumentException e) {
      return new TwinOutcome.Refused(String.valueOf(e.getMessage()));
    }
    boolean changed = !StrictJson.isSame(content, part.content());
    Twin.Part after = changed ? new Twin.Part(part.version() + 1, content, now) : part;
    return new TwinOutcome.Kept(saving.save(after), changed);
  }

  private static String words(Set<Long> versions) {
    return versions.isEmpty()
        ? "none"
        : versions.stream().sorted().map(String::valueOf).collect(Collectors.joining(" or "));
  }
}
