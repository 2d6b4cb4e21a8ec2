/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.modular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.FleetDevice;
import dev.muster.device.MqttClient;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.identity.DeviceSubject;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.CertificationRequest;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** The SDK as the named module that it is, with its libraries as modules. */
class ModulePathIT {
  /** Of each jar that the SDK needs, one class. */
  private static final List<Class<?>> LIBRARIES = List.of(
      FleetDevice.class,
      DeviceSubject.class,
      PKCS10CertificationRequest.class,
      CertificationRequest.class,
      CMSObjectIdentifiers.class,
      org.eclipse.paho.mqttv5.client.MqttClient.class,
      LoggerFactory.class);

  @TempDir
  Path folder;

  @ParameterizedTest
  @EnumSource
  void namedModule_enrollsAndPublishes(MqttClient client) throws Exception {
    TestFleet fleet = new TestFleet(folder);
    Path out = folder.resolve("out");
    try (EstDouble est = new EstDouble(fleet);
        Mosquitto broker = Mosquitto.start(fleet)) {
      Process program = new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-p",
              modulePath(),
              "--add-modules",
              "dev.muster.device",
              "-cp",
              placeOf(ModularProgram.class),
              ModularProgram.class.getName(),
              fleet.folder().toString(),
              folder.resolve("state").toString(),
              est.uri().toString(),
              broker.uri().toString(),
              client.name())
          .redirectOutput(out.toFile())
          .redirectErrorStream(true)
          .start();
      try {
        assertThat(program.waitFor(90, TimeUnit.SECONDS)).isTrue();
      } finally {
        program.destroyForcibly();
      }
      assertThat(Files.readString(out)).contains("acknowledged, by module dev.muster.device");
    }
  }

  private static String modulePath() throws URISyntaxException {
    List<String> places = new ArrayList<>();
    for (Class<?> type : LIBRARIES) {
      places.add(placeOf(type));
    }
    return String.join(File.pathSeparator, places.stream().distinct().toList());
  }

  private static String placeOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
        .toString();
  }
}
