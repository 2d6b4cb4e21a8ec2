/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.key.KeyVault;
import dev.muster.hardware.FactoryVault;
import dev.muster.hardware.factory.Factory;
import dev.muster.hardware.factory.FactoryException;
import dev.muster.hardware.factory.IdevidOrder;
import dev.muster.protocol.file.PemFile;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.Swtpm;
import dev.muster.testing.TestPki;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A factory that certifies keys in TPMs of makers whom it trusts, and no others. */
class EndorsementTest {
  @TempDir
  static Path folder;

  private static Swtpm tpm;
  private static List<X509Certificate> makers;
  private static Factory factory;

  @BeforeAll
  static void startTpm() {
    tpm = Swtpm.startCertified(folder);
    makers = PemFile.certificates(tpm.maker());
    factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
  }

  @AfterAll
  static void stopTpm() {
    if (tpm != null) {
      tpm.close();
    }
  }

  private static Path issue(String serial, URI key, List<X509Certificate> trusted) {
    return factory.issue(new IdevidOrder(serial, null, key, trusted), folder.resolve(serial));
  }

  @Test
  void issue_keyInATpmOfAMaker_isCertified_withTheTpmsCertificateBeside() {
    Path device = issue("SN-1", tpm.uri("?handle=0x81020000"), makers);

    X509Certificate endorsement =
        PemFile.certificates(device.resolve("tpm.pem")).get(0);
    assertThat(endorsement.getIssuerX500Principal())
        .isEqualTo(makers.get(0).getSubjectX500Principal());
    assertThat(device.resolve("device.uri"))
        .hasContent(tpm.uri("?handle=0x81020000").toString());
  }

  @Test
  void issue_keyInAFile_isProvenToo() {
    Path file = folder.resolve("idevid.tss");

    assertThat(issue("SN-2", tpm.uri("?file=" + file), makers).resolve("tpm.pem"))
        .exists();
  }

  @Test
  void issue_doneBefore_isLeftAsItIs_underAnotherSerial_isRefused() throws Exception {
    URI key = tpm.uri("?handle=0x81020010");
    Path device = issue("SN-10", key, makers);
    String first = Files.readString(device.resolve("device.pem"));

    assertThat(issue("SN-10", key, makers)).isEqualTo(device);
    assertThat(device.resolve("device.pem")).hasContent(first);
    assertThatThrownBy(() -> issue("SN-11", key, makers))
        .isInstanceOf(FactoryException.class)
        .hasMessageStartingWith("serial SN-11: its key is that of SN-10 already");
    assertThat(folder.resolve("SN-11")).doesNotExist();
    assertThatThrownBy(() -> issue("SN-10", tpm.uri("?handle=0x81020011"), makers))
        .isInstanceOf(FactoryException.class)
        .hasMessageContaining("SN-10: has files in it, nothing was overwritten");
  }

  @Test
  void issue_tpmOfAnotherMaker_isRefused_andNothingIsIssued() {
    List<X509Certificate> others = List.of(TestPki.root("CN=Other Maker").certificate());

    assertThatThrownBy(() -> issue("SN-3", tpm.uri("?handle=0x81020003"), others))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the TPM is of none of these makers: its endorsement certificate");
    assertThat(folder.resolve("SN-3")).doesNotExist();
  }

  @Test
  void issue_tpmWithoutACertificate_isRefused() {
    try (Swtpm nameless = Swtpm.start(folder)) {
      assertThatThrownBy(() -> issue("SN-4", nameless.uri("?handle=0x81020000"), makers))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("has no endorsement certificate of RSA");
    }
  }

  private static void tools(String... arguments) {
    PeerProgram.require("tpm2").run(folder, arguments).expectSuccess();
  }

  private static String tcti() {
    return "swtpm:host=127.0.0.1,port=" + tpm.port();
  }

  /** Made by OpenSSL, and there are copies of it: the TPM signs with it all the same. */
  @Test
  void issue_keyThatWasBroughtIntoTheTpm_isRefused() throws Exception {
    PeerProgram.require("openssl")
        .run(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "copied.pem")
        .expectSuccess();
    tools("createprimary", "-T", tcti(), "-G", "ecc", "-c", "srk");
    tools(
        "import",
        "-T",
        tcti(),
        "-C",
        "srk",
        "-G",
        "ecc",
        "-i",
        "copied.pem",
        "-u",
        "copied.pub",
        "-r",
        "copied.priv");
    tools("flushcontext", "-T", tcti(), "-t");
    tools(
        "load", "-T", tcti(), "-C", "srk", "-u", "copied.pub", "-r", "copied.priv", "-c", "copied");
    tools("evictcontrol", "-T", tcti(), "-c", "copied", "0x81020007");
    tools("flushcontext", "-T", tcti(), "-t");

    for (List<X509Certificate> asked : List.of(makers, List.<X509Certificate>of())) {
      assertThatThrownBy(() -> issue("SN-7", tpm.uri("?handle=0x81020007"), asked))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not made there");
    }
    try (FactoryVault vault = FactoryVault.open(tpm.uri("?handle=0x81020007"))) {
      PublicKey copied = TestPki.newKey().getPublic();
      assertThatThrownBy(vault::named).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(
              () -> vault.proveGenuine(copied, makers, Clock.systemUTC().instant()))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** Who has the owner's password can put it there; the certified one is made from its seed. */
  @Test
  void issue_anotherKeyWhereTheEndorsementKeyIsKept_isProvenAllTheSame() {
    tools("evictcontrol", "-T", tcti(), "-c", "0x81010001");
    tools("createprimary", "-T", tcti(), "-G", "rsa", "-c", "other");
    tools("evictcontrol", "-T", tcti(), "-c", "other", "0x81010001");
    tools("flushcontext", "-T", tcti(), "-t");

    assertThat(issue("SN-8", tpm.uri("?handle=0x81020008"), makers).resolve("tpm.pem"))
        .exists();
  }

  @Test
  void issue_fileCannotBeWritten_isAFailureOfTheFactory() {
    assertThatThrownBy(
            () -> issue("SN-9", tpm.uri("?file=" + folder.resolve("none/idevid.tss")), List.of()))
        .isInstanceOf(FactoryException.class)
        .hasMessageContaining("none/idevid.tss: cannot be written");
  }

  @Test
  void named_handleOfTheEndorsementKey_isNoKeyOfOurs() {
    try (FactoryVault vault = FactoryVault.open(tpm.uri("?handle=0x81010001"))) {
      assertThatThrownBy(vault::named)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("?handle=0x81010001: ")
          .hasMessageContaining("type of the key: 0x1 (expected: 0x23)");
    }
  }

  @Test
  void proveGenuine_ofAnotherKeyThanTheOneToBeCertified_isRefused() {
    try (FactoryVault vault = FactoryVault.open(tpm.uri("?handle=0x81020005"))) {
      vault.namedOrNew();
      assertThatThrownBy(() -> vault.proveGenuine(
              TestPki.newKey().getPublic(), makers, Clock.systemUTC().instant()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not proven to be in a genuine TPM: another key");
    }
  }

  /** The certificate of a genuine TPM shown by another: it cannot read what the secret is. */
  @Test
  void challenge_toAnotherTpm_isNotAnswered() throws Exception {
    Path home = Files.createDirectory(folder.resolve("0001"));
    try (KeyVault vault = KeyPlaces.open(tpm.uri(""))) {
      vault.create(home);
    }
    WrappedKey key = WrappedKey.parse(Files.readString(home.resolve("key.tss")));
    Tpm genuine = Tpms.use(TpmPlace.parse(tpm.uri("")).address());
    try (Swtpm other = Swtpm.start(folder);
        FactoryVault otherVault = FactoryVault.open(other.uri("?handle=0x81020000"))) {
      Endorsement endorsement = Endorsement.verify(
          genuine.readNv(0x01C00002), makers, Clock.systemUTC().instant());
      otherVault.namedOrNew();
      Tpm liar = Tpms.use(TpmPlace.parse(other.uri("")).address());
      CredentialChallenge aboutTheLiars = endorsement.challenge(liar.readPublic(0x81020000));
      assertThatThrownBy(() -> liar.answer(0x81020000, aboutTheLiars))
          .isInstanceOf(TpmException.class)
          .hasMessageStartingWith("TPM2_ActivateCredential: ");
      Tpms.release(TpmPlace.parse(other.uri("")).address());

      // And the genuine TPM does not help: no key of that public area is in it.
      assertThatThrownBy(() -> genuine.answer(key, aboutTheLiars))
          .isInstanceOf(TpmException.class)
          .hasMessageStartingWith("TPM2_ActivateCredential: INTEGRITY");
      CredentialChallenge aboutOurs = endorsement.challenge(key.parts().publicArea());
      assertThat(aboutOurs.isAnsweredBy(genuine.answer(key, aboutOurs))).isTrue();
    } finally {
      Tpms.release(TpmPlace.parse(tpm.uri("")).address());
    }
  }
}
