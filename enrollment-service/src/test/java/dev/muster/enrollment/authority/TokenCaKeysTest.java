/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.enrollment.issuance.SigningKeyContract;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.SoftHsm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Provider;
import java.security.interfaces.ECPublicKey;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCaKeysTest extends SigningKeyContract {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC);

  @TempDir
  static Path pins;

  private static SoftHsm hsm;
  private static Pkcs11Token token;

  @TempDir
  Path files;

  @BeforeAll
  static void takeToken() {
    hsm = SoftHsm.newToken(pins);
    token = token(hsm);
  }

  private static Pkcs11Token token(SoftHsm hsm) {
    return new Pkcs11Token(hsm.library(), hsm.label(), hsm.pinFile());
  }

  @Override
  protected SigningKey newKey(SignatureScheme scheme) {
    return TokenCaKeys.open(token).generate(scheme).key();
  }

  private static CaConfig inToken(SignatureScheme scheme) {
    return new CaConfig(scheme, token);
  }

  private Path made(SignatureScheme scheme) {
    Path ca = files.resolve("ca");
    CertificateAuthorities.create(ca, inToken(scheme), CLOCK);
    return ca;
  }

  @Test
  void generate_keyInToken_hasNoEncodingForTheHeap() throws Exception {
    Provider provider = TokenLogin.provider(token);
    TokenLogin.logIn(token, provider);
    assertThat(SignatureScheme.ECDSA_P256.generate(provider).getPrivate().getEncoded())
        .isNull();
  }

  @Test
  void create_inToken_leavesCertificatesInFiles_andKeysThatNeverCameOut() throws IOException {
    Path ca = made(SignatureScheme.ECDSA_P256);
    try (var names = Files.list(ca)) {
      assertThat(names.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("root.pem", "device-ca.pem", "service-ca.pem");
    }
    for (String name : List.of("root.pem", "device-ca.pem", "service-ca.pem")) {
      assertThat(Files.readString(ca.resolve(name))).doesNotContain("PRIVATE");
    }
    PeerProgram.Result objects = PeerProgram.require("pkcs11-tool")
        .run(
            files,
            "--module",
            hsm.library().toString(),
            "--token-label",
            hsm.label(),
            "--login",
            "--pin",
            hsm.pin(),
            "--list-objects",
            "--type",
            "privkey");
    assertThat(objects.expectSuccess().stdout().lines().filter(line -> line.contains("Access:")))
        .hasSizeGreaterThanOrEqualTo(3)
        .allMatch(line -> line.contains("always sensitive, never extractable, local"));
  }

  @Test
  void open_afterCreate_findsKeysAndIssues_opensslVerifies() throws IOException {
    Path ca = made(SignatureScheme.ECDSA_P384);
    CertificateAuthorities opened =
        CertificateAuthorities.open(ca, inToken(SignatureScheme.ECDSA_P384));
    assertThat(
            ((ECPublicKey) opened.root().getPublicKey()).getParams().getOrder().bitLength())
        .isEqualTo(384);
    opened.issueServer(List.of("localhost"), CLOCK).write(files.resolve("server"));
    PeerProgram.Result verified = PeerProgram.require("openssl")
        .run(
            files,
            "verify",
            "-attime",
            String.valueOf(CLOCK.instant().getEpochSecond()),
            "-x509_strict",
            "-CAfile",
            "ca/root.pem",
            "-untrusted",
            "ca/service-ca.pem",
            "server/cert.pem");
    assertThat(verified.expectSuccess().stdout()).contains("OK");
  }

  @Test
  void keyThatAnotherProcessHasMade_isFoundInTheTokenTheyShare() {
    Path ca = made(SignatureScheme.ECDSA_P256);
    CertificateAuthorities here =
        CertificateAuthorities.open(ca, inToken(SignatureScheme.ECDSA_P256));
    CertificateAuthorities there =
        CertificateAuthorities.open(ca, inToken(SignatureScheme.ECDSA_P256));
    there.prepare("device", null, CLOCK.instant());
    there.activate("device-2", CLOCK.instant());
    here.reread();
    assertThat(here.deviceIssuer().id()).isEqualTo("device-2");
    assertThat(here.issueServer(List.of("localhost"), CLOCK).chain()).isNotEmpty();
  }

  @Test
  void open_keysInToken_butNoTokenSet_saysWhatToSet() {
    Path ca = made(SignatureScheme.ECDSA_P256);
    assertThatThrownBy(() -> CertificateAuthorities.open(ca))
        .isInstanceOf(TokenException.class)
        .hasMessageContaining("enrollment.ca.pkcs11: not set");
  }

  @Test
  void open_keysInFiles_butTokenSet_isRefused() {
    Path ca = files.resolve("ca");
    CertificateAuthorities.create(ca, CLOCK);
    assertThatThrownBy(() -> CertificateAuthorities.open(ca, inToken(SignatureScheme.ECDSA_P256)))
        .isInstanceOf(TokenException.class)
        .hasMessageContaining("are in files");
  }

  @Test
  void open_libraryMissing_isNamed() {
    Pkcs11Token wrong = new Pkcs11Token(Path.of("/nowhere/lib.so"), hsm.label(), hsm.pinFile());
    refused(wrong, "library: /nowhere/lib.so is not there", "softhsm2");
  }

  @Test
  void open_libraryThatIsNone_isNamed() throws IOException {
    Path junk = Files.writeString(files.resolve("junk.so"), "junk");
    refused(new Pkcs11Token(junk, hsm.label(), hsm.pinFile()), "junk.so cannot be used", "bits");
    Path libc = Path.of("/lib/x86_64-linux-gnu/libc.so.6");
    if (Files.exists(libc)) {
      refused(
          new Pkcs11Token(libc, hsm.label(), hsm.pinFile()), "libc.so.6 cannot be used", "bits");
    }
  }

  @Test
  void open_tokenMissing_isNamedAmongThoseThatAreThere() {
    Pkcs11Token wrong = new Pkcs11Token(hsm.library(), "nobody", hsm.pinFile());
    refused(wrong, "tokenLabel: \"nobody\" (expected: one of [", "--label nobody");
    refused(wrong, hsm.label(), "--init-token");
  }

  @Test
  void open_pinWrong_isToldWithoutThePin() throws IOException {
    // Of its own: once a process is in, the token asks it no more.
    SoftHsm strange = SoftHsm.newToken(files);
    Files.writeString(strange.pinFile(), "9999");
    refused(token(strange), "not hold the user PIN of token \"" + strange.label(), "wrong PINs");
    assertThatThrownBy(() -> TokenCaKeys.open(token(strange))).message().doesNotContain("9999");
  }

  @Test
  void open_pinFileMissingOrOpenToOthers_isRefused() throws IOException {
    Path pin = Files.writeString(files.resolve("pin"), hsm.pin());
    Pkcs11Token open = new Pkcs11Token(hsm.library(), hsm.label(), pin);
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-r--r--"));
    refused(open, "readable by others", "chmod 600");
    Files.delete(pin);
    refused(open, "cannot be read", "PIN");
  }

  @Test
  void open_keyMissing_isNamed() {
    Path ca = made(SignatureScheme.ECDSA_P256);
    Pkcs11Token other = token(SoftHsm.newToken(files));
    assertThatThrownBy(
            () -> CertificateAuthorities.open(ca, new CaConfig(SignatureScheme.ECDSA_P256, other)))
        .isInstanceOf(TokenException.class)
        .hasMessageContaining("holds no key \"Muster ")
        .hasMessageContaining(".pem");
  }

  private static void refused(Pkcs11Token token, String message, String remedy) {
    assertThatThrownBy(() -> TokenCaKeys.open(token))
        .isInstanceOfSatisfying(TokenException.class, e -> {
          assertThat(e).hasMessageContaining(message);
          assertThat(e.remedy()).contains(remedy);
        });
  }
}
