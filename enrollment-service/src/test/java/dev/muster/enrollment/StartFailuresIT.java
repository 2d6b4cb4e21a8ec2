/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.ServiceCredential;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in the way of starting is said in one sentence, and nothing is left behind. */
class StartFailuresIT {
  @TempDir
  Path folder;

  private final Vertx vertx = Vertx.vertx();
  private CertificateAuthorities authorities;
  private ServiceCredential server;

  @BeforeEach
  void createAuthorities() {
    CertificateAuthorities.create(folder.resolve("ca"), Clock.systemUTC());
    authorities = CertificateAuthorities.open(folder.resolve("ca"));
    server = authorities.issueServer(List.of("localhost"), Clock.systemUTC());
  }

  @AfterEach
  void closeVertx() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private EnrollmentService start(Path database, int estPort, int httpPort) {
    return EnrollmentService.start(
        RunningService.config(database, estPort, httpPort),
        authorities,
        server,
        vertx,
        Clock.systemUTC(),
        new SimpleMeterRegistry());
  }

  @Test
  void portInUse_isNamed_andADatabaseIsFreeAgain() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> start(folder.resolve("db"), port, 0))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("estPort")
          .hasMessageContaining("" + port)
          .hasMessageContaining("in use");
      assertThatThrownBy(() -> start(folder.resolve("db"), 0, port))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("httpPort");
    }
    start(folder.resolve("db"), 0, 0).close();
  }

  @Test
  void databaseInUse_isNamed() {
    try (EnrollmentService first = start(folder.resolve("db"), 0, 0)) {
      assertThat(first.problem()).isEmpty();
      assertThatThrownBy(() -> start(folder.resolve("db"), 0, 0))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("db")
          .hasMessageContaining("in use");
    }
  }

  @Test
  void databaseDamaged_isNamed_andNotReplaced() throws IOException {
    start(folder.resolve("db"), 0, 0).close();
    Path file = folder.resolve("db/registry.mv.db");
    byte[] garbage = new byte[(int) Files.size(file)];
    Arrays.fill(garbage, (byte) 7);
    Files.write(file, garbage);
    assertThatThrownBy(() -> start(folder.resolve("db"), 0, 0))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("registry.mv.db")
        .hasMessageContaining("damaged");
    assertThat(Files.readAllBytes(file)).isEqualTo(garbage);
  }

  @Test
  void fileInPlaceOfTheDirectory_isNamed() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> start(folder.resolve("file"), 0, 0))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("databaseDirectory");
  }

  @Test
  void secondStart_keepsDevicesAndRaisesTheCrlNumber() throws Exception {
    BigInteger before;
    try (EnrollmentService first = start(folder.resolve("db"), 0, 0)) {
      before = crlNumber(first);
    }
    try (EnrollmentService second = start(folder.resolve("db"), 0, 0)) {
      assertThat(crlNumber(second)).isGreaterThan(before);
    }
  }

  private static BigInteger crlNumber(EnrollmentService service) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + service.httpPort() + "/crl/device.crl");
    try (InputStream der = uri.toURL().openStream()) {
      X509CRL crl = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(der);
      return ASN1Integer.getInstance(
              JcaX509ExtensionUtils.parseExtensionValue(crl.getExtensionValue("2.5.29.20")))
          .getValue();
    }
  }
}
