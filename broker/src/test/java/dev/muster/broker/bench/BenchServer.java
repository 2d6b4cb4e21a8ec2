/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import dev.muster.broker.BenchBroker;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.testing.PeerProgram;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A broker under measurement, with its ports. */
record BenchServer(String name, BenchProcess process, int port, int api) implements AutoCloseable {
  /** Ours, with its store on disk. */
  static BenchServer ours(BenchFleet fleet) throws IOException {
    return ours(fleet, fleet.folder.toString());
  }

  /** Ours, with its store on a server. */
  static BenchServer on(BenchFleet fleet, TelemetryStorage.Server store) throws IOException {
    return ours(fleet, fleet.folder.toString(), store.url(), store.user());
  }

  private static BenchServer ours(BenchFleet fleet, String... arguments) throws IOException {
    BenchProcess process = BenchProcess.java(log(fleet, "ours"), BenchBroker.class, arguments);
    int port = Integer.parseInt(process.await("PORT "));
    return new BenchServer("ours", process, port, Integer.parseInt(process.await("API ")));
  }

  /** HiveMQ CE, that stores nothing. */
  static BenchServer plain(BenchFleet fleet) throws IOException {
    int port = freePort();
    BenchProcess process = BenchProcess.java(
        log(fleet, "plain"), PlainBroker.class, fleet.folder.toString(), Integer.toString(port));
    process.await("PORT ");
    return new BenchServer("plain CE", process, port, 0);
  }

  /** Mosquitto, that stores nothing. */
  static BenchServer mosquitto(BenchFleet fleet) throws IOException {
    int port = freePort();
    Path config = fleet.folder.resolve("mosquitto.conf");
    Files.writeString(config, """
        listener %d 127.0.0.1
        cafile %2$s/clients.pem
        certfile %2$s/server.pem
        keyfile %2$s/server.key
        require_certificate true
        use_identity_as_username true
        allow_anonymous true
        persistence false
        set_tcp_nodelay true
        user root
        """.formatted(port, fleet.folder));
    Path program = PeerProgram.require("mosquitto").executable();
    BenchProcess process = BenchProcess.start(
        log(fleet, "mosquitto"), List.of(program.toString(), "-v", "-c", config.toString()));
    process.await("");
    return new BenchServer("mosquitto", process, port, 0);
  }

  private static Path log(BenchFleet fleet, String name) {
    return fleet.folder.resolve(name + ".log");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Asks its operator API. */
  JsonObject get(String path) throws IOException, InterruptedException {
    return new JsonObject(text(path));
  }

  String text(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api + "/api/v1" + path))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
