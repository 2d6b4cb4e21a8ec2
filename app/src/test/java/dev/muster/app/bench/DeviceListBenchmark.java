/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.operator.OperatorClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long an operator waits for a page of the list of devices, from the request over HTTPS to the
 * answer, read. Server and operator have a core each.
 */
class DeviceListBenchmark {
  private static final int DEVICES = Integer.getInteger("bench.devices", 100_000);
  private static final int PAGES = Integer.getInteger("bench.pages", 300);
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String QUERIES = """
      fleet:north
      status:pending
      tag:model=a
      seen<1h
      seen>7d
      seen>49d
      cert.expires<30d
      is:never
      renewal:overdue
      fleet:south status:active tag:model=a seen<1h cert.expires<30d
      """;

  @TempDir
  Path folder;

  @Test
  void fromTheRequest_toTheAnswer() throws Exception {
    // The server makes its tables, and is away while they are filled.
    stop(start());
    fill();
    Process server = start();
    try {
      OperatorClient operator = OperatorClient.local(folder.resolve("data"));
      Random random = new Random(1);
      measure(operator, "", random);
      QUERIES.lines().forEach(query -> measure(operator, query, random));
    } finally {
      stop(server);
    }
  }

  private Process start() throws Exception {
    Process server = Pinned.process(
            folder, Pinned.SERVERS, Pinned.muster("serve", "--data", "data", "--ephemeral-ports"))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> Files.readAllLines(folder.resolve("log")).stream()
            .anyMatch(line -> line.startsWith("ready ")));
    return server;
  }

  private static void stop(Process server) throws InterruptedException {
    server.destroy();
    assertThat(server.waitFor(60, TimeUnit.SECONDS)).isTrue();
  }

  /** As those of the list's own test: half are connected, the others were up to 50 days ago. */
  private void fill() throws SQLException {
    String url = "jdbc:h2:file:" + folder.resolve("data/enrollment/registry");
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO manufacturer (name, admission, created_at)"
          + " VALUES ('acme', 'auto', CURRENT_TIMESTAMP)");
      statement.execute("INSERT INTO device (id, fleet, manufacturer, serial, factory_key, status,"
          + " created_at, seen_until, certificate_ends, renew_by)"
          + " SELECT 'd' || LPAD(x, 6, '0'), CASE WHEN MOD(x, 10) = 0 THEN 'north' ELSE 'south'"
          + " END, 'acme', x, CAST(LPAD(x, 32, '0') AS BYTEA), CASE WHEN MOD(x, 1000) = 0 THEN 'pending' ELSE"
          + " 'active' END, CURRENT_TIMESTAMP, CASE WHEN MOD(x, 2) = 0 THEN TIMESTAMP WITH"
          + " TIME ZONE '9999-12-31 00:00:00+00:00' WHEN MOD(x, 10) = 5 THEN NULL ELSE"
          + " DATEADD(SECOND, -x * 4320000 / " + DEVICES + ", CURRENT_TIMESTAMP) END,"
          + " DATEADD(SECOND, x * CASE WHEN MOD(x, 2) = 0 THEN 8640000 ELSE 864000 END / " + DEVICES
          + ", CURRENT_TIMESTAMP), DATEADD(SECOND, MOD(x, 100) - 20, CURRENT_TIMESTAMP)"
          + " FROM SYSTEM_RANGE(1, " + DEVICES + ")");
      statement.execute("INSERT INTO certificate (serial, issuer, role, device, public_key,"
          + " not_after, renew_by, issued_at, status, certificate) SELECT LPAD(x, 8, '0'),"
          + " 'device', 'device', 'd' || LPAD(x, 6, '0'), CAST(LPAD(x, 32, '0') AS BYTEA), DATEADD(DAY, 30,"
          + " CURRENT_TIMESTAMP), CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'active',"
          + " CAST(SPACE(700) AS BYTEA) FROM SYSTEM_RANGE(1, " + DEVICES + ")");
      statement.execute("INSERT INTO device_tag SELECT id, 'model', 'a' FROM device");
      // As the database does by itself after a while.
      statement.execute("ANALYZE");
    }
  }

  /** Pages from anywhere on; the first of them, in which the server warms up, do not count. */
  private static void measure(OperatorClient operator, String query, Random random) {
    double[] took = new double[PAGES];
    int devices = 0;
    String path = "devices?limit=100&q=" + OperatorClient.segment(query) + "&after=d";
    for (int i = -PAGES / 3; i < PAGES; i++) {
      String after = String.format("%06d", random.nextInt(DEVICES));
      long start = System.nanoTime();
      JsonNode page = operator.get(path + after);
      if (i >= 0) {
        devices += page.path("devices").size();
        took[i] = (System.nanoTime() - start) / 1e6;
      }
    }
    Arrays.sort(took);
    System.out.printf(
        "FIGURE page of %d devices, of %d, over HTTPS, \"%s\": p50 %.1f ms, p95 %.1f ms, most %.1f"
            + " ms%n",
        devices / PAGES, DEVICES, query, took[PAGES / 2], took[PAGES * 95 / 100], took[PAGES - 1]);
  }
}
