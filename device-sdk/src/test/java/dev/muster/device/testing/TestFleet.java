/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The certificates of a fleet and of a manufacturer, and the files that a device needs. */
public final class TestFleet {
  private final Path folder;
  private final Credential root = TestPki.root("CN=Fleet Root");
  private final Credential deviceCa = root.issue("CN=Device CA").ca().build();
  private final Credential serviceCa = root.issue("CN=Service CA").ca().build();
  private final Credential server =
      serviceCa.issue("CN=server, OU=server").server().build();
  private final Credential manufacturer = TestPki.root("CN=Acme Root");

  public TestFleet(Path folder) {
    this.folder = folder;
    write("root.pem", TestPki.pem(List.of(root.certificate())));
    TestPki.write(
        folder, "idevid", manufacturer.issue("CN=Acme 1, serialNumber=0001").build());
  }

  public Path folder() {
    return folder;
  }

  public Credential root() {
    return root;
  }

  public Credential deviceCa() {
    return deviceCa;
  }

  public Credential serviceCa() {
    return serviceCa;
  }

  public Credential server() {
    return server;
  }

  public Credential manufacturer() {
    return manufacturer;
  }

  /** The root to trust, in PEM. */
  public Path trust() {
    return folder.resolve("root.pem");
  }

  public Path factoryKey() {
    return folder.resolve("idevid.key");
  }

  public Path factoryChain() {
    return folder.resolve("idevid.pem");
  }

  private void write(String name, String text) {
    try {
      Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
