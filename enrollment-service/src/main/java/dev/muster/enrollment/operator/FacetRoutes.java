/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceFacets;
import dev.muster.enrollment.inventory.DeviceFilter;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** {@code /facets/devices}: how many of the devices that are meant are of which kind. */
final class FacetRoutes {
  private static final int MOST = 50;
  private static final int KEPT = 64;
  /** Counting takes a while in a large fleet, and open pages ask again and again. */
  private static final Duration FRESH = Duration.ofSeconds(10);

  private final OperatorParts parts;
  private final Work work;
  private final Map<DeviceFilter, Counted> counted = new LinkedHashMap<>() {
    @Override
    protected boolean removeEldestEntry(Map.Entry<DeviceFilter, Counted> eldest) {
      return size() > KEPT;
    }
  };

  /** What is being counted: whoever else asks for it does not count it again. */
  private final Map<DeviceFilter, FutureTask<Counted>> counting = new ConcurrentHashMap<>();

  private record Counted(Instant at, DeviceFacets facets) {}

  FacetRoutes(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
  }

  void mount(Router router) {
    router.get("/facets/devices").handler(this::devices);
  }

  private void devices(RoutingContext request) {
    DeviceFilter filter = Work.checked(() -> DeviceRoutes.filter(request, parts));
    work.answer(request, 200, () -> json(count(filter)));
  }

  /** As of now, or of just before; while another counts, as it was before if it was counted. */
  private Counted count(DeviceFilter filter) {
    Instant now = parts.clock().instant();
    @Nullable Counted last;
    synchronized (counted) {
      last = counted.get(filter);
    }
    if (last != null && now.isBefore(last.at().plus(FRESH))) {
      return last;
    }
    FutureTask<Counted> own = new FutureTask<>(() -> countAnew(filter, now));
    @Nullable FutureTask<Counted> others = counting.putIfAbsent(filter, own);
    if (others != null) {
      return last == null ? result(others) : last;
    }
    try {
      own.run();
    } finally {
      counting.remove(filter);
    }
    return result(own);
  }

  private static Counted result(FutureTask<Counted> task) {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HttpException(503, "interrupted");
    }
  }

  private Counted countAnew(DeviceFilter filter, Instant now) {
    Counted newest = new Counted(
        now, parts.registry().read(tables -> tables.summaries().facets(filter, now, MOST)));
    synchronized (counted) {
      counted.remove(filter);
      counted.put(filter, newest);
    }
    return newest;
  }

  private static JsonObject json(Counted counted) {
    DeviceFacets facets = counted.facets();
    return new JsonObject()
        .put("at", counted.at().toString())
        .put("devices", facets.devices())
        .put("status", counts(facets.statuses()))
        .put("fleet", counts(facets.fleets()))
        .put("manufacturer", counts(facets.manufacturers()))
        .put("tag", counts(facets.tags()));
  }

  private static JsonArray counts(Map<String, Long> counts) {
    return counts(counts.entrySet().stream()
        .map(entry -> new DeviceFacets.Count(entry.getKey(), entry.getValue()))
        .sorted(Comparator.comparing(DeviceFacets.Count::devices)
            .reversed()
            .thenComparing(DeviceFacets.Count::value))
        .limit(MOST)
        .toList());
  }

  private static JsonArray counts(List<DeviceFacets.Count> counts) {
    JsonArray array = new JsonArray();
    counts.forEach(count ->
        array.add(new JsonObject().put("value", count.value()).put("devices", count.devices())));
    return array;
  }
}
