/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long a session lives on when its certificate is revoked: from the signed CRL's arrival at the
 * broker to the end of the socket, among thousands of sessions that stay.
 */
class RevocationBenchmark {
  private static final int SESSIONS = Integer.getInteger("bench.clients", 3_000);
  private static final int REVOKED = Integer.getInteger("bench.revoked", 300);
  private static final int TRIED = 20;

  @TempDir
  Path folder;

  private final List<BigInteger> serials = new ArrayList<>();
  private BenchFleet fleet;

  @Test
  void revocations() throws Exception {
    BenchProcess.leaveServersAlone();
    fleet = new BenchFleet(folder, SESSIONS);
    try (BenchServer server = BenchServer.ours(fleet);
        MqttClients clients = new MqttClients(fleet, server.port(), MqttPackets.MQTT_5);
        MqttConnection service =
            MqttConnection.open(fleet.service(), server.port(), "enrollment", MqttPackets.MQTT_5)) {
      double[] closed = new double[REVOKED];
      double[] answered = new double[REVOKED];
      for (int i = 0; i < REVOKED; i++) {
        int victim = i * (SESSIONS / REVOKED);
        revoke(victim, service, clients.clients().get(victim).connection, i, closed, answered);
      }
      for (int i = 0; i < TRIED; i++) {
        int victim = i * (SESSIONS / REVOKED);
        assertThatThrownBy(() -> MqttConnection.open(
                fleet.device(victim), server.port(), BenchFleet.name(victim), MqttPackets.MQTT_5))
            .isInstanceOf(IOException.class);
      }
      int left = server.get("/sessions").getJsonArray("sessions").size();
      assertThat(left).as("nobody else was cut").isEqualTo(SESSIONS - REVOKED + 1);
      say("closed", closed);
      say("answered", answered);
    }
  }

  /** Revokes one, who publishes as fast as it can from the answer on. */
  private void revoke(
      int victim,
      MqttConnection service,
      MqttConnection connection,
      int round,
      double[] closed,
      double[] answered)
      throws IOException {
    serials.add(fleet.devices.get(victim).certificate().getSerialNumber());
    byte[] crl = fleet.crl(2L + round, serials);
    long start = System.nanoTime();
    service.publishRetained("muster/revocations/device", crl);
    while (closed[round] == 0 || answered[round] == 0) {
      service.read((type, body) -> {
        if (type == MqttPackets.PUBACK) {
          answered[round] = (System.nanoTime() - start) / 1e6;
        }
      });
      if (closed[round] == 0 && isClosed(connection, victim, answered[round] > 0)) {
        closed[round] = (System.nanoTime() - start) / 1e6;
      }
    }
  }

  private static boolean isClosed(MqttConnection connection, int victim, boolean answered) {
    try {
      if (answered) {
        connection.publish(
            "fleets/f1/devices/" + BenchFleet.name(victim) + "/telemetry/env",
            Map.of(),
            "1".getBytes(StandardCharsets.US_ASCII));
      }
      connection.read((type, body) -> {
        boolean accepted = type == MqttPackets.PUBACK && (body.remaining() < 3 || body.get(2) >= 0);
        assertThat(accepted).as("accepted of a revoked certificate").isFalse();
      });
      return false;
    } catch (EOFException e) {
      return true;
    } catch (IOException e) {
      // Reset, because of what it had sent.
      return true;
    }
  }

  private static void say(String what, double[] tookMs) {
    double[] sorted = tookMs.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "FIGURE CRL to %s, %d of %d sessions, one at a time: p50 %.1f ms, p99 %.1f ms, most %.1f ms%n",
        what,
        REVOKED,
        SESSIONS,
        sorted[sorted.length / 2],
        sorted[sorted.length * 99 / 100],
        sorted[sorted.length - 1]);
  }
}
