/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.key.KeyVault;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the SDK relies on, whatever holds the keys. */
public abstract class KeyVaultContract {
  private static final byte[] DATA = "what is signed".getBytes(StandardCharsets.US_ASCII);

  @TempDir
  protected Path folder;

  private KeyVault vault;

  /** The place that is tested, as an operator names it. */
  protected abstract URI place();

  /** Whether its keys are handles, and stay where they are. */
  protected abstract boolean keepsItsKeys();

  @BeforeEach
  final void openVault() {
    vault = KeyPlaces.open(place());
  }

  @AfterEach
  final void closeVault() {
    vault.close();
  }

  private void reopen() {
    vault.close();
    vault = KeyPlaces.open(place());
  }

  private Path home(String name) throws IOException {
    return Files.createDirectories(folder.resolve("identity").resolve(name));
  }

  private static byte[] sign(String algorithm, KeyPair keys, byte[] data)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(keys.getPrivate());
    signature.update(data);
    return signature.sign();
  }

  private static boolean verifies(KeyPair keys, byte[] signed) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA", "SunEC");
    signature.initVerify(keys.getPublic());
    signature.update(DATA);
    return signature.verify(signed);
  }

  protected static void assertSigns(KeyPair keys) throws GeneralSecurityException {
    assertThat(verifies(keys, sign("SHA256withECDSA", keys, DATA))).isTrue();
  }

  @Test
  void create_key_isOnP256AndSigns() throws Exception {
    KeyPair keys = vault.create(home("0001"));

    assertThat(((ECPublicKey) keys.getPublic()).getParams().getOrder().bitLength())
        .isEqualTo(256);
    assertThat(keys.getPrivate().getAlgorithm()).isEqualTo("EC");
    assertSigns(keys);
  }

  @Test
  void create_key_signsADigestToo() throws Exception {
    KeyPair keys = vault.create(home("0001"));
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(DATA);

    assertThat(verifies(keys, sign("NONEwithECDSA", keys, digest))).isTrue();
  }

  @Test
  void create_key_doesNotLeaveItsPlace() throws Exception {
    KeyPair keys = vault.create(home("0001"));

    assertThat(keys.getPrivate().getEncoded() == null).isEqualTo(keepsItsKeys());
    if (keepsItsKeys()) {
      assertThatThrownBy(() ->
              new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(keys.getPrivate()))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void load_afterARestart_isTheSameKey() throws Exception {
    KeyPair made = vault.create(home("0001"));
    reopen();

    KeyPair loaded = vault.load(home("0001"));

    assertThat(loaded.getPublic()).isEqualTo(made.getPublic());
    assertSigns(loaded);
  }

  @Test
  void create_underANameCutShortBefore_replacesItsKey() throws Exception {
    KeyPair lost = vault.create(home("0001"));
    try (Stream<Path> files = Files.list(home("0001"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }

    KeyPair made = vault.create(home("0001"));

    assertThat(made.getPublic()).isNotEqualTo(lost.getPublic());
    reopen();
    assertThat(vault.load(home("0001")).getPublic()).isEqualTo(made.getPublic());
  }

  @Test
  void create_several_areUsedInTurns() throws Exception {
    List<KeyPair> keys = List.of(
        vault.create(home("0001")),
        vault.create(home("0002")),
        vault.create(home("0003")),
        vault.create(home("0004")),
        vault.create(home("0005")));

    assertThat(keys.stream().map(KeyPair::getPublic).distinct()).hasSize(5);
    for (int round = 0; round < 2; round++) {
      for (KeyPair pair : keys) {
        assertSigns(pair);
      }
    }
  }

  @Test
  void delete_key_isGone_othersStay() throws Exception {
    vault.create(home("0001"));
    KeyPair other = vault.create(home("0002"));

    vault.delete(home("0001"));

    assertThatThrownBy(() -> vault.load(home("0001"))).isInstanceOf(IllegalArgumentException.class);
    assertThat(vault.load(home("0002")).getPublic()).isEqualTo(other.getPublic());
    assertThatCode(() -> vault.delete(home("0001"))).doesNotThrowAnyException();
  }

  @Test
  void load_neverMade_isRefused() {
    assertThatThrownBy(() -> vault.load(home("0007"))).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"torn", "zeroed", "empty"})
  void load_fileDamagedByAPowerCut_isRefused(String damage) throws Exception {
    vault.create(home("0001"));
    try (Stream<Path> files = Files.list(home("0001"))) {
      for (Path file : files.toList()) {
        byte[] content = Files.readAllBytes(file);
        Files.write(
            file,
            switch (damage) {
              case "torn" -> Arrays.copyOf(content, content.length / 2);
              case "zeroed" -> new byte[content.length];
              default -> new byte[0];
            });
      }
    }

    assertThatThrownBy(() -> vault.load(home("0001"))).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sign_byManyThreads_allSignaturesFit() throws Exception {
    List<KeyPair> keys = List.of(vault.create(home("0001")), vault.create(home("0002")));
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<byte[]>> signed = IntStream.range(0, 40)
          .mapToObj(i -> threads.submit(() -> sign("SHA256withECDSA", keys.get(i % 2), DATA)))
          .toList();
      for (int i = 0; i < signed.size(); i++) {
        assertThat(verifies(keys.get(i % 2), signed.get(i).get())).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void tls_clientAuthentication_showsTheCertificateOfTheKey(String protocol) throws Exception {
    try (MutualTls server = new MutualTls(folder, protocol)) {
      KeyPair keys = vault.create(home("0001"));

      assertThat(server.connect(keys)).isEqualTo(protocol + " CN=d1");
    }
  }

  @Test
  void tls_afterTheNextKey_showsTheNextCertificate() throws Exception {
    try (MutualTls server = new MutualTls(folder, "TLSv1.3")) {
      server.connect(vault.create(home("0001")));
      KeyPair next = vault.create(home("0002"));
      vault.delete(home("0001"));

      assertThat(server.connect(next)).isEqualTo("TLSv1.3 CN=d1");
    }
  }

  protected final KeyVault vault() {
    return vault;
  }

  protected final Path newHome(String name) throws IOException {
    return home(name);
  }
}
