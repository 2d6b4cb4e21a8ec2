/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.twin;

import static java.util.Objects.requireNonNull;

import dev.muster.device.Twin;
import dev.muster.device.internal.connection.Dialogue;
import dev.muster.device.internal.json.Json;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.topic.FleetTopics;
import dev.muster.protocol.topic.FleetTopics.DeviceTopic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Keeps the twin in {@code twin.json}: what was last desired, and the reports that the backend has
 * not taken, joined as far as that goes. Listeners and users come by any thread, the rest is the
 * owner's.
 */
public final class DeviceTwin implements Dialogue, Twin {
  private static final Logger LOG = DeviceLogger.of(DeviceTwin.class);
  private static final int MAX_REPORT_BYTES = 32 * 1024;
  private static final String VERSION = "version";
  private static final String DESIRED = "desired";
  private static final String UNTOLD = "untold";
  private static final String TOLD_VERSION = "toldVersion";

  private record Desired(long version, Map<String, Object> content) {}

  private final Executor callbacks;
  private final List<Consumer<Map<String, Object>>> listeners = new CopyOnWriteArrayList<>();
  private volatile Desired desired = new Desired(0, Map.of());
  private volatile boolean used;
  private volatile Executor owner = task -> {};

  /** What to report, in order; guarded by this. */
  private List<Map<String, Object>> untold = List.of();
  /** The one report that is on its way, and came before all those; guarded by this. */
  private List<Map<String, Object>> underWay = List.of();

  private @Nullable Path file;
  private @Nullable FleetTopics topics;
  private @Nullable Speaker speaker;
  private boolean heardOnThisConnection;
  private boolean saying;
  private boolean stored = true;
  private boolean diskFails;
  private byte[] written = new byte[0];
  private long takenOver;
  private long toldVersion;

  public DeviceTwin(Executor callbacks) {
    this.callbacks = callbacks;
  }

  @Override
  public void onDesired(Consumer<Map<String, Object>> listener) {
    requireNonNull(listener, "listener");
    used = true;
    boolean isFirst = listeners.isEmpty();
    listeners.add(listener);
    Desired known = desired;
    if (known.version() > 0) {
      // Whether it was taken over, those have decided that were there before.
      tell(known, List.of(listener), isFirst);
    }
    owner.execute(() -> {});
  }

  @Override
  public Map<String, Object> desired() {
    return desired.content();
  }

  @Override
  public long desiredVersion() {
    return desired.version();
  }

  @Override
  public void report(Map<String, ?> patch) {
    // Written and read, so that it is a copy and nothing but JSON.
    Map<String, Object> copy = Json.parseObject(Json.write(requireNonNull(patch, "patch")));
    synchronized (this) {
      List<Map<String, Object>> joined = MergePatch.append(untold, copy);
      int size = MergePatch.concat(underWay, joined).stream()
          .mapToInt(waiting -> Json.write(waiting).length)
          .sum();
      if (size > MAX_REPORT_BYTES) {
        throw new IllegalArgumentException("report: " + size + " bytes wait to be sent"
            + " (expected: at most " + MAX_REPORT_BYTES + ")");
      }
      untold = joined;
    }
    used = true;
    owner.execute(() -> {
      stored = false;
      say();
    });
  }

  /** What the backend has not taken. */
  private synchronized List<Map<String, Object>> untold() {
    return MergePatch.concat(underWay, untold);
  }

  /** Sets out with the first report. @return whether it is the last as well */
  private synchronized boolean takeFirst() {
    int one = Math.min(1, untold.size());
    underWay = untold.subList(0, one);
    untold = untold.subList(one, untold.size());
    return untold.isEmpty();
  }

  private synchronized Map<String, Object> underWay() {
    return underWay.isEmpty() ? Map.of() : underWay.get(0);
  }

  private synchronized void told() {
    underWay = List.of();
  }

  private synchronized void notTold() {
    untold = untold();
    underWay = List.of();
  }

  @Override
  public void begin(Path stateDirectory, Executor ownerThread) {
    file = stateDirectory.resolve("twin.json");
    load(file);
    owner = ownerThread;
    if (desired.version() > 0) {
      tell(desired, listeners, true);
    }
    stored = untold().isEmpty();
  }

  private void load(Path from) {
    try {
      if (Files.exists(from)) {
        byte[] content = Files.readAllBytes(from);
        Map<String, Object> kept = Json.parseObject(content);
        desired = new Desired(number(kept, VERSION), unmodifiable(kept.get(DESIRED)));
        toldVersion = number(kept, TOLD_VERSION);
        synchronized (this) {
          untold = MergePatch.concat(patches(kept.get(UNTOLD)), untold);
        }
        written = content;
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("Twin passed over, the backend will tell it again reason={}", e.toString());
    }
  }

  private static long number(Map<String, Object> object, String name) {
    if (object.get(name) instanceof Long number) {
      return number;
    }
    throw new IllegalArgumentException(name + ": not a whole number");
  }

  private static List<Map<String, Object>> patches(@Nullable Object kept) {
    if (kept instanceof List<?> list) {
      return list.stream().map(patch -> Json.object(UNTOLD, patch)).toList();
    }
    // As it was written once: all reports joined in one.
    Map<String, Object> joined = Json.object(UNTOLD, kept);
    return joined.isEmpty() ? List.of() : List.of(joined);
  }

  private static Map<String, Object> unmodifiable(@Nullable Object content) {
    return Collections.unmodifiableMap(Json.object(DESIRED, content));
  }

  @Override
  public boolean isWanted() {
    return used;
  }

  @Override
  public String filter(FleetTopics ofDevice) {
    return ofDevice.twinDesired();
  }

  @Override
  public void connected(FleetTopics ofDevice, Speaker to) {
    topics = ofDevice;
    speaker = to;
    heardOnThisConnection = false;
    saying = false;
    say();
  }

  @Override
  public void disconnected() {
    speaker = null;
    saying = false;
    notTold();
  }

  @Override
  public boolean heard(String topic, byte[] payload) {
    if (DeviceTopic.parse(topic).filter(DeviceTopic::isDesired).isEmpty()) {
      return false;
    }
    try {
      Map<String, Object> message = Json.parseObject(payload);
      Desired next = new Desired(number(message, VERSION), unmodifiable(message.get(DESIRED)));
      // The first of a connection counts whatever its version: the backend may have been set back.
      if (!heardOnThisConnection || next.version() > desired.version()) {
        heardOnThisConnection = true;
        take(next);
      }
    } catch (IllegalArgumentException e) {
      LOG.warn("Twin not understood reason={}", e.getMessage());
    }
    return true;
  }

  private void take(Desired next) {
    boolean news = !next.equals(desired);
    desired = next;
    if (news) {
      stored = false;
      store();
    }
    if (news || toldVersion != next.version()) {
      tell(next, listeners, true);
    }
  }

  /** @param decides whether it counts as taken over when all of them have returned */
  private void tell(Desired told, List<Consumer<Map<String, Object>>> to, boolean decides) {
    callBack(() -> {
      try {
        to.forEach(listener -> listener.accept(told.content()));
      } catch (RuntimeException e) {
        LOG.warn("Twin not taken over version={}", told.version(), e);
        return;
      }
      if (decides && !to.isEmpty()) {
        owner.execute(() -> {
          takenOver = told.version();
          say();
        });
      }
    });
  }

  private void callBack(Runnable task) {
    try {
      callbacks.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("Twin not told, the executor of callbacks is closed");
    }
  }

  /** Reports what was not told yet, one report at a time. */
  private void say() {
    Speaker to = speaker;
    FleetTopics own = topics;
    boolean news = takenOver > 0 && takenOver != toldVersion || !untold().isEmpty();
    if (to == null || own == null || saying || !news) {
      return;
    }
    saying = true;
    boolean isLast = takeFirst();
    Map<String, Object> report = underWay();
    // Said with the last: what a listener has reported comes before the version that it took over.
    long version = isLast ? takenOver : 0;
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("reported", report);
    if (version > 0) {
      message.put("desiredVersion", version);
    }
    to.say(own.twinReported(), Json.write(message), taken -> {
      saying = false;
      if (!taken) {
        LOG.warn("Report refused for good, given up report={}", report.keySet());
      }
      toldVersion = version == 0 ? toldVersion : version;
      told();
      stored = false;
      say();
    });
  }

  @Override
  public boolean needsStore() {
    return !stored;
  }

  @Override
  public void store() {
    if (!stored) {
      write();
    }
  }

  private void write() {
    Path to = file;
    if (to == null) {
      return;
    }
    Map<String, Object> kept = new LinkedHashMap<>();
    kept.put(VERSION, desired.version());
    kept.put(DESIRED, desired.content());
    kept.put(TOLD_VERSION, toldVersion);
    kept.put(UNTOLD, untold());
    byte[] content = Json.write(kept);
    try {
      // A report that was taken before this moment leaves the file as it is.
      if (!Arrays.equals(content, written)) {
        DurableFiles.write(to, content);
        written = content;
      }
      stored = true;
      diskFails = false;
    } catch (IOException e) {
      if (!diskFails) {
        LOG.warn("Twin not kept on disk, tried again reason={}", e.toString());
      }
      diskFails = true;
    }
  }

  @Override
  public void end() {
    store();
    speaker = null;
  }
}
