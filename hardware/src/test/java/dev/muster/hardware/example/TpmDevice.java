/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.example;

import dev.muster.device.FleetDevice;
import java.net.URI;
import java.nio.file.Path;

/** The first lines of docs/hardware.md. */
final class TpmDevice {
  private TpmDevice() {}

  static FleetDevice build(Path files) {
    URI tpm = URI.create("tpm:/dev/tpmrm0");
    URI idevid = URI.create("tpm:/dev/tpmrm0?handle=0x81020000");
    return FleetDevice.builder()
        .enrollment(URI.create("https://muster.example:8443"))
        .broker(URI.create("mqtts://muster.example:8883"))
        .trust(files.resolve("root.pem"))
        .factoryIdentity(idevid, files.resolve("chain.pem"))
        .keys(tpm)
        .stateDirectory(files.resolve("state"))
        .build();
  }
}
