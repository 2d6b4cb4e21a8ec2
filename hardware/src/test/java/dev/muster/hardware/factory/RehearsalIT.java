/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.Swtpm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A day at the factory: {@code -Drehearsal.devices=100 -Drehearsal.kills=20} is a longer one. */
class RehearsalIT {
  private static final int DEVICES = Integer.getInteger("rehearsal.devices", 3);
  private static final int KILLS = Integer.getInteger("rehearsal.kills", 2);
  private static final int LONGEST_BEFORE_A_KILL_MS = 1_500;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir
  Path folder;

  private static final long SEED = Long.getLong("rehearsal.seed", System.nanoTime());

  private final Random random = new Random(SEED);

  private Process start(List<Swtpm> tpms) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        RehearsalStation.class.getName(),
        folder.resolve("acme").toString(),
        folder.resolve("devices").toString(),
        tpms.get(0).maker().toString()));
    tpms.forEach(tpm -> command.add(String.valueOf(tpm.port())));
    return new ProcessBuilder(command)
        .redirectOutput(folder.resolve("out").toFile())
        .redirectError(folder.resolve("err").toFile())
        .start();
  }

  private void killInBetween(Process station) throws Exception {
    await()
        .atMost(LIMIT)
        .until(() ->
            !station.isAlive() || Files.readString(folder.resolve("out")).startsWith("ready"));
    station.waitFor(random.nextInt(LONGEST_BEFORE_A_KILL_MS), TimeUnit.MILLISECONDS);
    station.destroyForcibly().waitFor();
  }

  private void toTheEnd(Process station) throws Exception {
    boolean ended = station.waitFor(LIMIT.toSeconds() * (1 + DEVICES / 10), TimeUnit.SECONDS);
    if (!ended) {
      station.destroyForcibly();
    }
    assertThat(ended).isTrue();
    assertThat(station.exitValue()).as(() -> read("err")).isZero();
  }

  private String read(String name) {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void station_killedAgainAndAgain_makesEachDeviceOnce() throws Exception {
    System.out.println("-Drehearsal.seed=" + SEED);
    Factory factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
    List<Swtpm> tpms = new ArrayList<>();
    try {
      for (int i = 0; i < DEVICES; i++) {
        tpms.add(Swtpm.startCertified(folder));
      }
      for (int i = 0; i < KILLS; i++) {
        killInBetween(start(tpms));
      }
      toTheEnd(start(tpms));
      // All is done: it finds nothing to do.
      toTheEnd(start(tpms));
    } finally {
      tpms.forEach(Swtpm::close);
    }

    assertThat(read("out")).as("-Drehearsal.seed=%d", SEED).isEqualTo("ready\n");
    List<String> serials = IntStream.rangeClosed(1, DEVICES)
        .mapToObj(i -> String.format("SN-%04d", i))
        .toList();
    List<PublicKey> keys = new ArrayList<>();
    Set<PublicKey> chips = new HashSet<>();
    for (String serial : serials) {
      Path device = folder.resolve("devices").resolve(serial);
      X509Certificate idevid = FactoryFiles.certificate(device.resolve(Factory.DEVICE_CERTIFICATE));
      assertThat(FactoryCertificates.isOf(idevid, serial, factory.certificate()))
          .isTrue();
      chips.add(FactoryFiles.certificate(device.resolve(Factory.ENDORSEMENT_CERTIFICATE))
          .getPublicKey());
      assertThat(device.resolve(Factory.LABEL)).content().contains("<title>" + serial + "</title>");
      keys.add(idevid.getPublicKey());
    }
    assertThat(Set.copyOf(keys)).hasSize(DEVICES);
    assertThat(chips).hasSize(DEVICES);
    // No serial number was given to two keys, not even by a try that was cut short.
    assertThat(new HashSet<>(Files.readAllLines(folder.resolve("acme").resolve(Factory.LEDGER))))
        .hasSize(DEVICES);
    assertThat(factory.manifest(null, folder.resolve("manifest.p7m"))).isEqualTo(DEVICES);
  }
}
