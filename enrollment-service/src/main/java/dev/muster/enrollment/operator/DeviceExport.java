/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceSummary;
import dev.muster.protocol.identity.Quoted;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /export/devices}: all that are meant, written as fast as they are read. An answer that
 * ends is whole: one that cannot be finished is broken off, which HTTP tells from an end.
 */
final class DeviceExport {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceExport.class);
  private static final int AT_ONCE = 1_000;
  private static final int MAX_EXPORTS = 4;

  private final OperatorParts parts;
  private final Work work;
  private final DeviceJson json;
  private final AtomicInteger running = new AtomicInteger();

  DeviceExport(OperatorParts parts, Work work) {
    this.parts = parts;
    this.work = work;
    this.json = new DeviceJson(parts);
  }

  void mount(Router router) {
    router.get("/export/devices").handler(this::export);
  }

  private void export(RoutingContext request) {
    DeviceTable table = table(request.request().getParam("format", "ndjson"));
    DevicePages pages = DevicePages.of(request, parts);
    if (request.response().closed()) {
      return; // It has ended already, and would never be told so.
    }
    if (running.incrementAndGet() > MAX_EXPORTS) {
      running.decrementAndGet();
      request.response().putHeader("Retry-After", "10");
      throw new HttpException(503, MAX_EXPORTS + " exports run already (try again later)");
    }
    request.addEndHandler(ended -> running.decrementAndGet());
    next(request, table, pages, true);
  }

  private static DeviceTable table(String format) {
    return switch (format) {
      case "ndjson" -> DeviceTable.NDJSON;
      case "csv" -> DeviceTable.CSV;
      default ->
        throw Work.badRequest("format: " + Quoted.of(format) + " (expected: ndjson or csv)");
    };
  }

  /** The lines of some devices. */
  private record Part(Buffer lines, boolean last) {}

  private void next(RoutingContext request, DeviceTable table, DevicePages pages, boolean first) {
    work.run(
        request,
        () -> parts.registry().read(tables -> {
          List<DeviceSummary> page = pages.next(tables, AT_ONCE);
          Buffer lines = Buffer.buffer(first ? table.header() : "");
          return new Part(
              lines.appendBuffer(table.lines(tables, page, json)), page.size() < AT_ONCE);
        }),
        part -> write(request, table, pages, part),
        problem -> fail(request, problem));
  }

  private void write(RoutingContext request, DeviceTable table, DevicePages pages, Part part) {
    HttpServerResponse response = request.response();
    if (response.closed()) {
      return;
    }
    if (!response.headWritten()) {
      response
          .setChunked(true)
          .putHeader("Content-Type", table.contentType())
          .putHeader(
              "Content-Disposition",
              "attachment; filename=\"devices." + table.name().toLowerCase(Locale.ROOT) + "\"");
    }
    if (part.last()) {
      response.end(part.lines());
    } else {
      // Once these are taken; to somebody who is gone there is nothing to say.
      response.write(part.lines()).onSuccess(taken -> next(request, table, pages, false));
    }
  }

  private static void fail(RoutingContext request, Throwable problem) {
    if (request.response().headWritten()) {
      LOG.warn("Export of devices broken off reason={}", problem.toString());
      request.request().connection().close();
    } else {
      request.fail(problem);
    }
  }
}
