/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.live.LiveFeed;
import dev.muster.broker.telemetry.live.LiveFilter;
import dev.muster.broker.telemetry.live.LiveValue;
import dev.muster.broker.telemetry.live.LiveViewer;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Values as they come, as Server-Sent Events: four times a second the newest of each series that
 * has changed. Who reads more slowly gets fewer of them, and nothing waits for him but the newest.
 */
final class LiveRoute {
  private static final long FLUSH_MS = 250;
  /**
   * A quarter of a minute: often enough for whoever cuts connections that are idle. An event, and
   * no comment, which a browser keeps to itself: who hears nothing for long knows that the stream
   * is gone.
   */
  private static final int HEARTBEAT_FLUSHES = 60;

  /** A minute. */
  private static final int PATIENCE_FLUSHES = 240;

  private final LiveFeed feed;
  private final int heartbeatFlushes;

  LiveRoute(LiveFeed feed) {
    this(feed, HEARTBEAT_FLUSHES);
  }

  /** @param heartbeatFlushes after so many without a value it says that it is still there */
  LiveRoute(LiveFeed feed, int heartbeatFlushes) {
    this.feed = feed;
    this.heartbeatFlushes = heartbeatFlushes;
  }

  void mount(Router router) {
    router
        .get("/telemetry/live")
        .handler(QueryParameters.checked(Set.of("device", "stream", "metric"), this::live));
  }

  private void live(RoutingContext context, QueryParameters parameters) {
    LiveFilter filter = new LiveFilter(
        parameters.devicesOrNone().stream().map(DeviceId::value).collect(Collectors.toSet()),
        parameters.text("stream"),
        parameters.text("metric"));
    LiveViewer viewer = feed.open(filter).orElse(null);
    if (viewer == null) {
      ProblemDetails.failForNow(
          context, LiveFeed.MAX_VIEWERS + " look on already (expected: at most so many at a time)");
      return;
    }
    context
        .response()
        .setChunked(true)
        .putHeader("Content-Type", "text/event-stream")
        .putHeader("Muster-Tier", "raw")
        .write(": values as they come\n\n");
    Running running = new Running(context.response(), viewer);
    long timer = context.vertx().setPeriodic(FLUSH_MS, id -> running.flush());
    context.addEndHandler(ended -> {
      context.vertx().cancelTimer(timer);
      feed.close(viewer);
    });
  }

  /** One who looks on. */
  private final class Running {
    private final HttpServerResponse response;
    private final LiveViewer viewer;
    private int quiet;
    private int stuck;
    private long missed;
    private boolean writing;

    Running(HttpServerResponse response, LiveViewer viewer) {
      this.response = response;
      this.viewer = viewer;
    }

    void flush() {
      // Not by writeQueueFull(): that counts writes, of which each may be large.
      if (writing) {
        if (++stuck > PATIENCE_FLUSHES) {
          response.reset();
        }
        return;
      }
      stuck = 0;
      List<LiveValue> values = viewer.take();
      StringBuilder text = new StringBuilder();
      if (!values.isEmpty()) {
        JsonArray array = new JsonArray();
        values.forEach(value -> array.add(TelemetryJson.of(value)));
        text.append(event("values", array.encode()));
      }
      if (viewer.missed() > missed) {
        missed = viewer.missed();
        JsonObject told =
            new JsonObject().put("values", missed).put("maxSeries", LiveViewer.MAX_SERIES);
        text.append(event("missed", told.encode()));
      }
      if (text.length() > 0) {
        quiet = 0;
      } else if (++quiet >= heartbeatFlushes) {
        quiet = 0;
        text.append(event("alive", "{}"));
      }
      if (text.length() > 0) {
        writing = true;
        response.write(text.toString()).onComplete(taken -> writing = false);
      }
    }

    private static String event(String name, String json) {
      return "event: " + name + "\ndata: " + json + "\n\n";
    }
  }
}
