/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.protocol.file.PemFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

/**
 * A program at a factory station: it works through a list of serial numbers from the top, however
 * often it is started. Each device has a TPM of its own.
 */
final class RehearsalStation {
  private RehearsalStation() {}

  /** Arguments: the factory's folder, that of the devices, the TPMs' maker, and the TPMs' ports. */
  public static void main(String[] args) {
    Factory factory = Factory.open(Path.of(args[0]), Clock.systemUTC());
    Path devices = Path.of(args[1]);
    List<X509Certificate> makers = PemFile.certificates(Path.of(args[2]));
    List<String> ports = List.of(args).subList(3, args.length);
    System.out.println("ready");
    for (int i = 0; i < ports.size(); i++) {
      String serial = String.format("SN-%04d", i + 1);
      Path device = devices.resolve(serial);
      if (!Files.exists(device)) {
        if (i > 0) {
          refused(factory, order(serial, ports.get(i - 1), makers), device);
        }
        factory.issue(order(serial, ports.get(i), makers), device);
        System.out.println("issued " + serial);
      }
    }
  }

  private static IdevidOrder order(String serial, String port, List<X509Certificate> makers) {
    URI key = URI.create("tpm:tcp://127.0.0.1:" + port + "?handle=0x81020000");
    return new IdevidOrder(serial, "Rehearsal", key, makers);
  }

  /** The device before is still in the fixture, as after each one that was done. */
  private static void refused(Factory factory, IdevidOrder order, Path device) {
    try {
      factory.issue(order, device);
    } catch (FactoryException e) {
      if (e.getMessage().contains("its key is that of")) {
        return;
      }
      throw e;
    }
    throw new IllegalStateException(order.serial() + ": issued to the device before");
  }
}
