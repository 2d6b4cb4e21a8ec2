/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

/**
 * A program at a factory station: it works through a list of serial numbers from the top, however
 * often it is started. The one swtpm stands for the TPMs of all devices: cleared, it is another one
 * as far as keys go.
 */
final class RehearsalStation {
  private RehearsalStation() {}

  /** Arguments: the factory's folder, that of the devices, the TPM's port, its makers, how many. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Factory factory = Factory.open(Path.of(args[0]), Clock.systemUTC());
    Path devices = Path.of(args[1]);
    String port = args[2];
    List<X509Certificate> makers = PemFile.certificates(Path.of(args[3]));
    URI key = URI.create("tpm:tcp://127.0.0.1:" + port + "?handle=0x81020000");
    System.out.println("ready");
    for (int i = 1; i <= Integer.parseInt(args[4]); i++) {
      String serial = String.format("SN-%04d", i);
      Path device = devices.resolve(serial);
      if (!Files.exists(device)) {
        issue(factory, new IdevidOrder(serial, "Rehearsal", key, makers), device, port);
        System.out.println("issued " + serial);
      }
    }
  }

  private static void issue(Factory factory, IdevidOrder order, Path device, String port)
      throws IOException, InterruptedException {
    try {
      factory.issue(order, device);
    } catch (FactoryException e) {
      if (!e.getMessage().contains("its key is that of")) {
        throw e;
      }
      // The device before is still in the fixture, as after each one that was done.
      exchangeDevice(port);
      factory.issue(order, device);
    }
  }

  private static void exchangeDevice(String port) throws IOException, InterruptedException {
    Process clear = new ProcessBuilder(
            "tpm2", "clear", "-T", "swtpm:host=127.0.0.1,port=" + port, "-c", "l")
        .inheritIO()
        .start();
    if (clear.waitFor() != 0) {
      throw new IOException("tpm2 clear: " + clear.exitValue());
    }
  }
}
