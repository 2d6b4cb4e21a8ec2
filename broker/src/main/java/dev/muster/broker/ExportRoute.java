/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.query.Export;
import dev.muster.broker.telemetry.query.Selection;
import dev.muster.broker.telemetry.rollup.Tier;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All values of a selection, written as fast as they are read. An answer that ends is whole: one
 * that cannot be finished is broken off, which HTTP tells from an end.
 */
final class ExportRoute {
  private static final Logger LOG = LoggerFactory.getLogger(ExportRoute.class);
  private static final List<String> TIERS = List.of("raw", "1m", "1h", "1d");
  private static final long MAX_ROWS = 10_000_000;
  private static final int MAX_EXPORTS = 4;

  private final TelemetryDatabase database;
  private final WorkerExecutor executor;
  private final Clock clock;
  private final AtomicInteger running = new AtomicInteger();

  ExportRoute(TelemetryDatabase database, WorkerExecutor executor, Clock clock) {
    this.database = database;
    this.executor = executor;
    this.clock = clock;
  }

  void mount(Router router) {
    router
        .get("/telemetry/export")
        .handler(QueryParameters.checked(
            Set.of("device", "stream", "metric", "series", "from", "to", "tier", "format"),
            this::export));
  }

  private void export(RoutingContext context, QueryParameters parameters) {
    Selection selection = parameters.selection(parameters.devices(), clock);
    String label = parameters.choice("tier", TIERS.get(0), TIERS);
    ExportFormat format = ExportFormat.valueOf(
        parameters.choice("format", "ndjson", List.of("ndjson", "csv")).toUpperCase(Locale.ROOT));
    if (context.response().closed()) {
      return; // It has ended already, and would never be told so.
    }
    if (running.incrementAndGet() > MAX_EXPORTS) {
      running.decrementAndGet();
      ProblemDetails.failForNow(context, MAX_EXPORTS + " exports run already (try again later)");
      return;
    }
    context.addEndHandler(ended -> running.decrementAndGet());
    Tier tier = tierOf(label);
    context
        .response()
        .setChunked(true)
        .putHeader("Content-Type", format.contentType())
        .putHeader("Muster-Tier", label);
    new Running(context, new Export(database, selection, tier), format, tier != null).next();
  }

  private static @Nullable Tier tierOf(String label) {
    for (Tier tier : Tier.values()) {
      if (tier.label().equals(label)) {
        return tier;
      }
    }
    return null;
  }

  /** One export: reads some rows, writes them, waits until they are read, and again. */
  private final class Running {
    private final RoutingContext context;
    private final Export export;
    private final ExportFormat format;
    private final boolean rollups;
    private long rows;

    Running(RoutingContext context, Export export, ExportFormat format, boolean rollups) {
      this.context = context;
      this.export = export;
      this.format = format;
      this.rollups = rollups;
    }

    void next() {
      executor.executeBlocking(export::next, false).onComplete(this::write, this::fail);
    }

    private void write(List<Export.Row> some) {
      HttpServerResponse response = context.response();
      if (response.closed()) {
        return;
      }
      if (!response.headWritten()) {
        response.write(format.header(rollups));
      }
      if (some.isEmpty()) {
        response.end();
        return;
      }
      rows += some.size();
      if (rows > MAX_ROWS) {
        fail(new IllegalStateException("more than " + MAX_ROWS + " values"));
        return;
      }
      // Not by writeQueueFull(): that counts writes, of which each is large. To somebody who is
      // gone
      // there is nothing to say.
      response.write(format.lines(some)).onSuccess(taken -> next());
    }

    private void fail(Throwable problem) {
      if (context.response().headWritten()) {
        LOG.warn("Export broken off rows={} reason={}", rows, problem.toString());
        context.request().connection().close();
      } else {
        QueryParameters.fail(context, problem);
      }
    }
  }
}
