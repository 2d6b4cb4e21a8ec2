/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustStoreTest {
  private static final Credential OLD = TestPki.root("CN=Root");
  private static final Credential NEW = TestPki.root("CN=Root 2");
  private static final Credential STRANGER = TestPki.root("CN=Stranger");
  private static final X509Certificate NEW_WITH_OLD = cross(NEW, OLD);
  private static final X509Certificate OLD_WITH_NEW = cross(OLD, NEW);

  @TempDir
  Path state;

  private TrustAnchors given;

  private static X509Certificate cross(Credential subject, Credential issuer) {
    KeyPair keys = new KeyPair(subject.certificate().getPublicKey(), subject.key());
    return issuer
        .issue(subject.certificate().getSubjectX500Principal().getName())
        .ca(1)
        .key(keys)
        .build()
        .certificate();
  }

  @BeforeEach
  void give() throws IOException {
    given = anchors("given.pem", OLD);
  }

  private TrustAnchors anchors(String name, Credential... roots) throws IOException {
    Path file = state.resolve(name);
    Files.writeString(
        file, TestPki.pem(Arrays.stream(roots).map(Credential::certificate).toList()));
    return TrustAnchors.read(file);
  }

  private TrustStore open() {
    return TrustStore.open(state, given);
  }

  private static List<X509Certificate> pathTo(TrustStore store, Credential root)
      throws GeneralSecurityException {
    Credential ca = root.issue("CN=CA").ca().build();
    Credential leaf = ca.issue("CN=leaf").build();
    return store.current().path(leaf.certificate(), List.of(ca.certificate()));
  }

  @Test
  void newRoot_isTakenOnlyWhereTheOldOneLeadsToIt() throws Exception {
    TrustStore store = open();
    assertThat(store.learn(List.of(OLD.certificate(), NEW.certificate()))).isTrue();
    assertThatThrownBy(() -> pathTo(store, NEW)).isInstanceOf(GeneralSecurityException.class);
    X509Certificate foreign = cross(NEW, STRANGER);
    store.learn(List.of(OLD.certificate(), NEW.certificate(), STRANGER.certificate(), foreign));
    assertThatThrownBy(() -> pathTo(store, NEW)).isInstanceOf(GeneralSecurityException.class);
    assertThatThrownBy(() -> pathTo(store, STRANGER)).isInstanceOf(GeneralSecurityException.class);

    store.learn(List.of(OLD.certificate(), NEW.certificate(), NEW_WITH_OLD, OLD_WITH_NEW));
    assertThat(pathTo(store, NEW)).isNotEmpty();
    assertThat(pathTo(store, OLD)).isNotEmpty();
  }

  /** As whoever has stolen the key of the enrollment server could publish it. */
  @Test
  void newRoot_withTheKeyOfAServer_isNotTaken() throws Exception {
    Credential server = OLD.issue("CN=server").server().build();
    KeyPair stolen = new KeyPair(server.certificate().getPublicKey(), server.key());
    Credential forged = TestPki.selfSigned("CN=server").ca().key(stolen).build();
    TrustStore store = open();

    store.learn(List.of(OLD.certificate(), server.certificate(), forged.certificate()));

    assertThat(pathTo(store, OLD)).isNotEmpty();
    assertThatThrownBy(() -> pathTo(store, forged)).isInstanceOf(GeneralSecurityException.class);
  }

  @Test
  void learnt_isKept_andTheOldRootGoesWithTheServersWord() throws Exception {
    open().learn(List.of(OLD.certificate(), NEW.certificate(), NEW_WITH_OLD));
    assertThat(pathTo(open(), NEW)).isNotEmpty();
    assertThat(open().learn(List.of(NEW.certificate(), NEW_WITH_OLD))).isTrue();
    TrustStore reopened = open();
    assertThat(pathTo(reopened, NEW)).isNotEmpty();
    assertThatThrownBy(() -> pathTo(reopened, OLD)).isInstanceOf(GeneralSecurityException.class);
    assertThat(reopened.learn(List.of(NEW.certificate(), NEW_WITH_OLD))).isFalse();
  }

  @Test
  void nothingThatCanBeTrusted_changesNothing() throws Exception {
    TrustStore store = open();
    assertThat(store.learn(List.of(STRANGER.certificate()))).isFalse();
    assertThat(store.learn(List.of())).isFalse();
    assertThat(pathTo(store, OLD)).hasSize(2);
    assertThat(state.resolve("trust.pem")).doesNotExist();
  }

  @Test
  void otherAnchorsGiven_forgetWhatWasLearnt() throws Exception {
    open().learn(List.of(OLD.certificate(), NEW.certificate(), NEW_WITH_OLD));
    given = anchors("other.pem", STRANGER);
    assertThat(pathTo(open(), STRANGER)).hasSize(2);
    assertThatThrownBy(() -> pathTo(open(), NEW)).isInstanceOf(GeneralSecurityException.class);
  }

  @Test
  void tornOrZeroFilledFile_fromAnywhere_leavesTheDeviceWithServersItTrusts() throws Exception {
    open().learn(List.of(OLD.certificate(), NEW.certificate(), NEW_WITH_OLD));
    Path file = state.resolve("trust.pem");
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(open().current().all()).as("torn at %d", length).contains(OLD.certificate());
      Files.write(file, Arrays.copyOf(Arrays.copyOf(whole, length), whole.length));
      assertThat(open().current().all()).as("zeros from %d", length).contains(OLD.certificate());
    }
  }

  @Test
  void damagedFile_isPassedOver() throws Exception {
    Files.writeString(state.resolve("trust.pem"), "-----BEGIN CERTIFICATE-----\nno");
    assertThat(pathTo(open(), OLD)).hasSize(2);
  }
}
