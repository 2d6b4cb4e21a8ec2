/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.device.key.KeyVault;
import dev.muster.hardware.FactoryVault;
import dev.muster.hardware.KeyVaultContract;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.SoftHsm;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import javax.security.auth.login.FailedLoginException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys in a token of SoftHSM. */
class SoftHsmTest extends KeyVaultContract {
  @TempDir
  static Path pins;

  private static SoftHsm hsm;

  @BeforeAll
  static void makeToken() {
    hsm = SoftHsm.newToken(pins);
  }

  @Override
  protected URI place() {
    return uri("", hsm.pinFile());
  }

  private static URI uri(String object, Path pinFile) {
    return URI.create("pkcs11:token=" + hsm.label() + object + "?module-path=" + hsm.library()
        + "&pin-source=file:" + pinFile);
  }

  @Override
  protected boolean keepsItsKeys() {
    return true;
  }

  @Test
  void namedOrNew_object_isMadeOnce() throws Exception {
    KeyPair made;
    try (FactoryVault place =
        (FactoryVault) KeyPlaces.open(uri(";object=idevid;type=private", hsm.pinFile()))) {
      made = place.namedOrNew();
      assertSigns(made);
      assertThat(place.namedOrNew().getPublic()).isEqualTo(made.getPublic());
    }
    try (KeyVault place = KeyPlaces.open(uri(";object=idevid", hsm.pinFile()))) {
      assertThat(place.named().getPublic()).isEqualTo(made.getPublic());
      assertSigns(place.named());
    }
  }

  @Test
  void named_object_whichNobodyHasMade_isRefused() {
    try (KeyVault place = KeyPlaces.open(uri(";object=nobody", hsm.pinFile()))) {
      assertThatThrownBy(place::named)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("token=" + hsm.label() + ";object=nobody: no such key");
    }
  }

  @Test
  void named_keyOnAnotherCurve_isRefused() throws Exception {
    SoftHsm own = SoftHsm.newToken(pins);
    Pkcs11Token token = Pkcs11Token.logIn(Pkcs11Uri.parse(uri(own, own.pinFile())));
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", token.provider());
    generator.initialize(new ECGenParameterSpec("secp384r1"));
    KeyPair keys = generator.generateKeyPair();
    token.keys().setKeyEntry("x", keys.getPrivate(), null, new X509Certificate[] {
      PlaceholderCertificate.of(keys, "x", token.provider())
    });
    try (FactoryVault place = (FactoryVault) KeyPlaces.open(uri(own, own.pinFile()))) {
      assertThatThrownBy(place::namedOrNew)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageEndingWith(";object=x: a key of EC that is not on P-256 (expected: on P-256)");
    } finally {
      Security.removeProvider(token.provider().getName());
    }
  }

  /** RFC 7512, 2.3: a token is meant if all that is said of it is so. */
  @Test
  void named_tokenBySerialManufacturerAndModel_isThatOne() {
    TokenSlots.Token token = new TokenSlots(hsm.library().toString())
        .tokens().stream()
            .filter(one -> one.label().equals(hsm.label()))
            .findFirst()
            .orElseThrow();
    String rest = ";object=nobody?module-path=" + hsm.library() + "&pin-source=" + hsm.pinFile();
    String serial = "pkcs11:serial=" + token.serial();
    String maker = ";manufacturer=SoftHSM%20project;model=SoftHSM%20v2";
    for (String[] one : new String[][] {
      {serial, ": no such key"},
      {serial + maker + ";token=" + hsm.label() + ";slot-id=" + token.slot(), ": no such key"},
      {serial + ";token=another", "no such token (expected: one of [token=muster-"},
      {serial + ";manufacturer=ACME", "no such token"},
      {serial + ";model=SoftHSM", "no such token"},
      {"pkcs11:model=SoftHSM%20v2", "several tokens are so (expected: what tells one from"},
    }) {
      try (KeyVault place = KeyPlaces.open(URI.create(one[0] + rest))) {
        assertThatThrownBy(place::named).as(one[0]).hasMessageContaining(one[1]);
      }
    }
  }

  /** The JDK leaves objects behind, some of them without names. */
  @Test
  void delete_key_leavesNothingInTheToken() throws Exception {
    SoftHsm own = SoftHsm.newToken(pins);
    try (KeyVault place = KeyPlaces.open(URI.create("pkcs11:token=" + own.label() + "?module-path="
        + own.library() + "&pin-source=" + own.pinFile()))) {
      place.create(newHome("0001"));
      place.delete(newHome("0001"));
    }
    String objects = PeerProgram.require("pkcs11-tool")
        .run(
            folder,
            "--module",
            own.library().toString(),
            "--token-label",
            own.label(),
            "--login",
            "--pin",
            own.pin(),
            "--list-objects")
        .expectSuccess()
        .stdout();

    assertThat(objects).doesNotContain("Object;");
  }

  private Path wrongPin() throws IOException {
    Path wrong = Files.writeString(folder.resolve("pin"), "0000");
    Files.setPosixFilePermissions(wrong, PosixFilePermissions.fromString("rw-------"));
    return wrong;
  }

  private static URI uri(SoftHsm own, Path pinFile) {
    return URI.create("pkcs11:token=" + own.label() + ";object=x?module-path=" + own.library()
        + "&pin-source=" + pinFile);
  }

  @Test
  void wrongPin_isShownToTheTokenOnce_untilTheFileSaysAnother() throws Exception {
    Path pin = wrongPin();
    URI uri = uri(SoftHsm.newToken(pins), pin);
    for (String said : List.of("CKR_PIN_INCORRECT", "not tried again")) {
      // A vault of its own each time, as for a device that has its IDevID in the token too.
      try (KeyVault place = KeyPlaces.open(uri)) {
        assertThatThrownBy(place::named)
            .isInstanceOf(KeyUnavailableException.class)
            .hasMessageContaining(": does not let us in: " + said)
            .hasMessageContaining(" (expected: the user PIN in " + pin)
            .hasCauseInstanceOf(FailedLoginException.class);
      }
    }
    try (KeyVault place = KeyPlaces.open(uri)) {
      Files.writeString(pin, hsm.pin());
      assertThatThrownBy(place::named).hasMessageContaining("no such key");
    }
  }

  /** The JDK never lets go of a provider, used or not. */
  @Test
  void wrongPins_severalInARow_makeOneProvider() throws Exception {
    Path pin = wrongPin();
    SoftHsm own = SoftHsm.newToken(pins);
    Pkcs11Uri uri = Pkcs11Uri.parse(uri(own, pin));
    int before = numberOfAProvider(Pkcs11Uri.parse(place()));
    for (String wrong : List.of("1111", "2222", "3333")) {
      Files.writeString(pin, wrong);
      assertThatThrownBy(() -> Pkcs11Token.logIn(uri)).hasMessageContaining("CKR_PIN_INCORRECT");
    }
    Files.writeString(pin, own.pin());

    assertThat(numberOfAProvider(uri)).isEqualTo(before + 1);
  }

  /** At run time all of it may be there again, and the key still is: it is not given up. */
  @Test
  void load_libraryOrPinAway_isNotTakenForALostKey() throws Exception {
    vault().create(newHome("0001"));
    Path everybodys = wrongPin();
    Files.setPosixFilePermissions(everybodys, PosixFilePermissions.fromString("rw-r--r--"));
    String module = hsm.library().toString();
    for (String[] away : new String[][] {
      {module, "/none", "pin-source: /none cannot be read"},
      {module, everybodys.toString(), "is readable by everybody"},
      {"/none.so", hsm.pinFile().toString(), "module-path: /none.so is not there"}
    }) {
      URI uri = URI.create(
          "pkcs11:token=" + hsm.label() + "?module-path=" + away[0] + "&pin-source=" + away[1]);
      try (KeyVault place = KeyPlaces.open(uri)) {
        assertThatThrownBy(() -> place.load(newHome("0001")))
            .isInstanceOf(KeyUnavailableException.class)
            .hasMessageContaining(away[2]);
      }
    }
    assertSigns(vault().load(newHome("0001")));
  }

  private static int numberOfAProvider(Pkcs11Uri uri) {
    String name = Pkcs11Token.logIn(uri).provider().getName();
    Security.removeProvider(name);
    return Integer.parseInt(name.substring(name.lastIndexOf('-') + 1));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      pkcs11:object=x?module-path=/l.so&pin-source=/p         | no token
      pkcs11:token=t?pin-source=/p                            | module-path: an absolute path
      pkcs11:token=t?module-path=/l.so                        | pin-source: an absolute path
      pkcs11:token=t?module-path=/l.so&pin-value=1234         | pin-value shows the PIN
      pkcs11:token=t;color=red?module-path=/l.so&pin-source=/p | color
      pkcs11:token=t;type=public?module-path=/l.so&pin-source=/p | type
      pkcs11:slot-id=one?module-path=/l.so&pin-source=/p      | slot-id: a number
      pkcs11:slot-id=-1?module-path=/l.so&pin-source=/p       | slot-id: a number
      pkcs11:token=t;token=u?module-path=/l.so&pin-source=/p  | token: twice
      pkcs11:token=t;slot-description=s?module-path=/l.so&pin-source=/p | slot-description: not one of
      pkcs11:token=t;id=%01?module-path=/l.so&pin-source=/p   | id: not one of
      pkcs11:token=t?module-name=softhsm2&pin-source=/p       | module-name: not one of
      """)
  void open_uriThatSaysTooLittle_isRefused(String uri, String said) {
    assertThatThrownBy(() -> KeyPlaces.open(URI.create(uri)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(said)
        .hasMessageContaining("expected: pkcs11:token=LABEL")
        .hasMessageNotContaining("1234");
  }
}
