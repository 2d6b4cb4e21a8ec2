/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FactoryTest {
  private static final Clock NOW =
      Clock.fixed(Instant.parse("2026-11-21T12:00:00.5Z"), ZoneOffset.UTC);

  @TempDir
  Path folder;

  @Test
  void init_newDirectory_makesAnAuthorityThatOpens() throws Exception {
    Path home = folder.resolve("a/b/factory");
    Factory made = Factory.init(home, "Müller, O=x \"Söhne\"", NOW);

    X509Certificate ca = Factory.open(home, NOW).certificate();
    assertThat(ca).isEqualTo(made.certificate());
    assertThat(ca.getBasicConstraints()).isZero();
    assertThat(ca.getNotAfter().toInstant()).isEqualTo(Instant.parse("9999-12-31T23:59:59Z"));
    assertThat(ca.getNotBefore().toInstant()).isEqualTo(Instant.parse("2026-11-21T11:55:00Z"));
    assertThat(ca.getSubjectX500Principal().getName())
        .isEqualTo("CN=Manufacturer CA,O=Müller\\, O\\=x \\\"Söhne\\\"");
    ca.verify(ca.getPublicKey());
    assertThat(files(home)).containsExactly("ca.key", "ca.pem");
    assertThat(permissions(home.resolve("ca.key"))).isEqualTo("rw-------");
    assertThat(files(home.getParent())).containsExactly("factory");
  }

  @Test
  void init_emptyDirectory_isFilled() throws Exception {
    Factory.init(folder, "acme", NOW);
    assertThat(files(folder)).containsExactly("ca.key", "ca.pem");
  }

  @Test
  void init_directoryWithFiles_isRefusedAndUntouched() throws Exception {
    Files.writeString(folder.resolve("ca.key"), "precious");
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.init(folder, "acme", NOW))
        .withMessage(folder
            + ": has files in it, nothing was overwritten (expected: a new or empty directory)");
    assertThat(folder.resolve("ca.key")).hasContent("precious");
  }

  @Test
  void init_fileInThePlaceOfTheDirectory_isRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.init(file, "acme", NOW))
        .withMessageContaining("file: exists and is not a directory");
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.init(file.resolve("below"), "acme", NOW))
        .withMessageContaining("below: cannot be created");
  }

  @Test
  void init_manyAtOnce_oneWins() throws Exception {
    Path home = folder.resolve("factory");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      Callable<Boolean> init = () -> {
        try {
          Factory.init(home, "acme", NOW);
          return true;
        } catch (FactoryException e) {
          return false;
        }
      };
      int winners = 0;
      for (Future<Boolean> each : threads.invokeAll(List.of(init, init, init, init))) {
        winners += each.get() ? 1 : 0;
      }
      assertThat(winners).isEqualTo(1);
    } finally {
      threads.shutdownNow();
    }
    Factory.open(home, NOW);
    assertThat(files(folder)).containsExactly("factory");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "a\nb",
        "a\0",
        "12345678901234567890123456789012345678901234567890123456789012345"
      })
  void init_badName_isRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Factory.init(folder.resolve("f"), name, NOW))
        .withMessageStartingWith("name: \"");
    assertThat(folder.resolve("f")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ca.pem", "ca.key"})
  void open_missingFile_isNamed(String name) throws Exception {
    Factory.init(folder, "acme", NOW);
    Files.delete(folder.resolve(name));
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.open(folder, NOW))
        .withMessageStartingWith(folder.resolve(name) + ": is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ca.pem", "ca.key"})
  void open_damagedFile_isNamed(String name) throws Exception {
    Factory.init(folder, "acme", NOW);
    Path file = folder.resolve(name);
    String good = Files.readString(file);
    for (String bad : List.of(
        "",
        "garbage",
        good.substring(0, good.length() / 2),
        good.substring(0, 60) + "%" + good.substring(61),
        good.replaceFirst("\nM", "\nA"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\n=\n-----END PRIVATE KEY-----\n",
        "x".repeat(70_000))) {
      Files.writeString(file, bad);
      assertThatExceptionOfType(FactoryException.class)
          .as(bad.substring(0, Math.min(80, bad.length())))
          .isThrownBy(() -> Factory.open(folder, NOW))
          .withMessageStartingWith(file + ": is damaged (expected: ");
    }
  }

  @Test
  void open_keyOfAnotherFactory_isNamed() throws Exception {
    Factory.init(folder.resolve("a"), "acme", NOW);
    Factory.init(folder.resolve("b"), "acme", NOW);
    Files.write(folder.resolve("a/ca.key"), Files.readAllBytes(folder.resolve("b/ca.key")));
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.open(folder.resolve("a"), NOW))
        .withMessageContaining("ca.key: is not the key of")
        .withMessageContaining("ca.pem");
  }

  @Test
  void open_certificateOfADevice_isRefused() throws Exception {
    Factory factory = Factory.init(folder.resolve("f"), "acme", NOW);
    Path device = factory.issue("SN-1", folder.resolve("d"));
    Files.write(folder.resolve("f/ca.pem"), Files.readAllBytes(device.resolve("device.pem")));
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.open(folder.resolve("f"), NOW))
        .withMessageContaining("ca.pem: is not the certificate of a CA");
  }

  @Test
  void issue_newDirectory_makesAnIdevid() throws Exception {
    Factory factory = Factory.init(folder.resolve("f"), "acme", NOW);
    Path device = Factory.open(folder.resolve("f"), NOW).issue("SN-0001", folder.resolve("d"));

    assertThat(device).isEqualTo(folder.resolve("d"));
    assertThat(files(device))
        .containsExactly("chain.pem", "device.key", "device.p12", "device.pem", "label.svg");
    assertThat(permissions(device.resolve("device.key"))).isEqualTo("rw-------");
    assertThat(permissions(device.resolve("device.p12"))).isEqualTo("rw-------");
    assertThat(permissions(device.resolve("device.pem"))).isEqualTo("rw-r--r--");
    X509Certificate idevid = FactoryFiles.certificate(device.resolve("device.pem"));
    idevid.verify(factory.certificate().getPublicKey());
    assertThat(idevid.getBasicConstraints()).isEqualTo(-1);
    assertThat(idevid.getNotAfter().toInstant()).isEqualTo(Instant.parse("9999-12-31T23:59:59Z"));
    assertThat(idevid.getExtendedKeyUsage()).isNull();
    assertThat(idevid.getSerialNumber().signum()).isPositive();
    assertThat(Files.readString(device.resolve("chain.pem")))
        .isEqualTo(Files.readString(device.resolve("device.pem"))
            + Files.readString(folder.resolve("f/ca.pem")));
  }

  @ParameterizedTest
  @CsvSource({
    "broken:key-of-another,its signature is not that of its public key",
    "broken:mute,does not sign",
    "broken:away,the chip is away"
  })
  void issue_keyThatDoesNotSignAsItShould_isNotCertified(URI key, String problem) throws Exception {
    Factory factory = Factory.init(folder.resolve("f"), "acme", NOW);
    IdevidOrder order = new IdevidOrder("SN-1", null, key, List.of());

    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> factory.issue(order, folder.resolve("d")))
        .withMessageContaining(problem);

    assertThat(folder.resolve("d")).doesNotExist();
    assertThat(files(folder.resolve("f"))).as("no ledger").containsExactly("ca.key", "ca.pem");
  }

  @Test
  void issueBare_makesWhatADeviceNeedsAndNoMore() throws Exception {
    Factory factory = Factory.init(folder.resolve("f"), "acme", NOW);
    Path device = factory.issueBare("SN-1", folder.resolve("d"));
    assertThat(files(device)).containsExactly("chain.pem", "device.key");
    assertThat(files(folder.resolve("f"))).as("no ledger").containsExactly("ca.key", "ca.pem");
    X509Certificate idevid = PemFile.certificates(device.resolve("chain.pem")).get(0);
    idevid.verify(factory.certificate().getPublicKey());
    assertThat(KeyMatch.belongTogether(
            FactoryFiles.privateKey(device.resolve("device.key")), idevid.getPublicKey()))
        .isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> factory.issueBare("a_b", folder.resolve("e")));
  }

  @Test
  void issue_p12_holdsTheSameKeyAndChain() throws Exception {
    Path device = Factory.init(folder.resolve("f"), "acme", NOW).issue("SN-1", folder.resolve("d"));
    KeyStore store = KeyStore.getInstance("PKCS12");
    char[] password = Factory.P12_PASSWORD.toCharArray();
    try (InputStream in = Files.newInputStream(device.resolve("device.p12"))) {
      store.load(in, password);
    }
    assertThat(store.getKey("device", password))
        .isEqualTo(FactoryFiles.privateKey(device.resolve("device.key")));
    assertThat(store.getCertificateChain("device")).hasSize(2);
  }

  @Test
  void issue_againIntoTheSameDirectory_isRefusedAndUntouched() throws Exception {
    Factory factory = Factory.init(folder.resolve("f"), "acme", NOW);
    Path device = factory.issue("SN-1", folder.resolve("d"));
    String before = Files.readString(device.resolve("device.key"));
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> factory.issue("SN-2", folder.resolve("d")))
        .withMessageContaining("has files in it");
    assertThat(device.resolve("device.key")).hasContent(before);
    assertThat(files(folder)).containsExactly("d", "f");
  }

  @Test
  void issue_beforeTheAuthorityBegins_startsWithIt() {
    Factory.init(folder.resolve("f"), "acme", NOW);
    Clock early = Clock.fixed(Instant.parse("2000-01-01T00:00:00Z"), ZoneOffset.UTC);
    Path device = Factory.open(folder.resolve("f"), early).issue("SN-1", folder.resolve("d"));
    assertThat(FactoryFiles.certificate(device.resolve("device.pem"))
            .getNotBefore()
            .toInstant())
        .isEqualTo(Instant.parse("2026-11-21T11:55:00Z"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a b",
        "a_b",
        "..",
        "-a",
        "a/b",
        "ä",
        "a\n",
        "a,O=b",
        "12345678901234567890123456789012345678901234567890123456789012345"
      })
  void issue_badSerial_isRefusedAndNothingMade(String serial) throws Exception {
    Factory factory = Factory.init(folder.resolve("f"), "acme", NOW);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> factory.issue(serial, folder.resolve("d")))
        .withMessageStartingWith("serial: \"")
        .withMessageEndingWith(
            "(expected: 1 to 64 of [A-Za-z0-9.-], starting with a letter or digit)");
    assertThat(folder.resolve("d")).doesNotExist();
  }

  private static List<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
