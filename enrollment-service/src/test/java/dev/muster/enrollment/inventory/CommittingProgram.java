/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Records devices on four threads and prints each once it is committed, until it is killed. */
final class CommittingProgram {
  private CommittingProgram() {}

  public static void main(String[] arguments) {
    Registry registry = Registry.open(new StorageConfig(Path.of(arguments[0])));
    registry.commit(tables -> {
      Manufacturer maker = new Manufacturer("acme", Admission.AUTO, null, List.of());
      tables.manufacturers().save(maker, Instant.now());
      return maker;
    });
    Fingerprint key = Fingerprint.of(TestPki.newKey().getPublic());
    AtomicInteger count = new AtomicInteger();
    Runnable work = () -> {
      while (true) {
        DeviceId id = new DeviceId("d" + count.incrementAndGet());
        registry.commit(tables -> {
          tables
              .devices()
              .insert(new DeviceRecord(
                  id,
                  new FleetName("f"),
                  "acme",
                  id.value(),
                  key,
                  DeviceStatus.ACTIVE,
                  NextKey.JUDGED,
                  Instant.now(),
                  null,
                  0,
                  Identification.IDEVID));
          return id;
        });
        System.out.println(id);
      }
    };
    for (int i = 0; i < 4; i++) {
      new Thread(work).start();
    }
  }
}
