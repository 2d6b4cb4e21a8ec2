/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateAuthoritiesTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC);

  @TempDir
  Path folder;

  private Path ca;

  @BeforeEach
  void create() {
    ca = folder.resolve("ca");
    CertificateAuthorities.create(ca, CLOCK);
  }

  @Test
  void create_writesFilesForTheOwnerAlone_andLeavesNothingBeside() throws IOException {
    try (Stream<Path> files = Files.list(ca)) {
      for (Path file : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .isEqualTo("rw-------");
      }
    }
    try (Stream<Path> beside = Files.list(folder)) {
      assertThat(beside).containsExactly(ca);
    }
  }

  @Test
  void open_givesARootAndTwoIssuersThatItSigned() throws Exception {
    CertificateAuthorities opened = CertificateAuthorities.open(ca);
    for (X509Certificate issuing : List.of(opened.deviceCa(), opened.serviceCa())) {
      issuing.verify(opened.root().getPublicKey());
      assertThat(issuing.getBasicConstraints()).isZero();
      assertThat(issuing.getCriticalExtensionOIDs()).contains("2.5.29.15", "2.5.29.19");
      assertThat(issuing.getNotAfter()).isBefore(opened.root().getNotAfter());
    }
  }

  @Test
  void create_whereSomethingIs_isRefused() {
    assertThatThrownBy(() -> CertificateAuthorities.create(ca, CLOCK))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("already there");
  }

  @Test
  void create_belowAFile_isRefusedWithTheName() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> CertificateAuthorities.create(file.resolve("ca"), CLOCK))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot be written");
  }

  @ParameterizedTest
  @ValueSource(strings = {"password", "root.p12", "device-ca.p12", "service-ca.p12"})
  void open_missingEmptyOrCutFile_isNamedAndNotMadeAnew(String name) throws IOException {
    Path file = ca.resolve(name);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    refusedNaming(name);
    Files.write(file, new byte[0]);
    refusedNaming(name);
    Files.delete(file);
    refusedNaming(name);
    assertThat(file).doesNotExist();
  }

  private void refusedNaming(String name) {
    // A wrong password shows at the first file that it opens.
    String shown = name.equals("password") ? "ca" : name;
    assertThatThrownBy(() -> CertificateAuthorities.open(ca))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining(shown)
        .hasMessageContaining("restore");
  }

  @Test
  void open_fileOfAnotherInstallation_isRefused() throws IOException {
    Path other = folder.resolve("other");
    CertificateAuthorities.create(other, CLOCK);
    for (String file : List.of("password", "root.p12")) {
      Files.write(ca.resolve(file), Files.readAllBytes(other.resolve(file)));
    }
    assertThatThrownBy(() -> CertificateAuthorities.open(ca))
        .isInstanceOf(DamagedFileException.class);
  }

  @Test
  void open_issuersSwapped_isStillTwoCas_butOneTwiceIsRefused() throws IOException {
    Files.write(ca.resolve("service-ca.p12"), Files.readAllBytes(ca.resolve("device-ca.p12")));
    assertThatThrownBy(() -> CertificateAuthorities.open(ca))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining("same key");
  }

  @Test
  void credential_writtenAndRead_isTheSame_andKeepsItsKeyToItself() throws IOException {
    ServiceCredential credential = CertificateAuthorities.open(ca)
        .issueServer(List.of("localhost", "127.0.0.1", "::1"), CLOCK);
    Path directory = folder.resolve("services/server");
    credential.write(directory);
    credential.write(directory);
    assertThat(ServiceCredential.read(directory).certificate()).isEqualTo(credential.certificate());
    assertThat(credential.toString()).doesNotContain("PRIVATE").contains("CN=localhost");
    assertThat(PosixFilePermissions.toString(
            Files.getPosixFilePermissions(directory.resolve("key.pem"))))
        .isEqualTo("rw-------");
    Files.writeString(directory.resolve("key.pem"), "junk");
    assertThatThrownBy(() -> ServiceCredential.read(directory))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining("key.pem");
  }

  @Test
  void credential_keyOfAnother_isRefused() throws IOException {
    CertificateAuthorities opened = CertificateAuthorities.open(ca);
    Path directory = folder.resolve("a");
    opened.issueService("a", "service", null, CLOCK).write(directory);
    opened.issueService("b", "service", null, CLOCK).write(folder.resolve("b"));
    Files.write(directory.resolve("key.pem"), Files.readAllBytes(folder.resolve("b/key.pem")));
    assertThatThrownBy(() -> ServiceCredential.read(directory))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining("does not belong");
  }

  @Test
  void validity_neverEndsAfterTheIssuer() {
    CertificateAuthorities opened = CertificateAuthorities.open(ca);
    Clock late = Clock.offset(CLOCK, Duration.ofDays(1800));
    assertThat(opened.issueService("a", "service", null, late).certificate().getNotAfter())
        .isEqualTo(opened.serviceCa().getNotAfter());
  }
}
