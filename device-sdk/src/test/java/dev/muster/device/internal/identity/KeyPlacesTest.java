/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.testing.TestFleet;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyPlacesTest {
  @TempDir
  Path folder;

  @Test
  void open_files_areKnownWithoutALibrary() {
    assertThat(KeyPlaces.open(URI.create("file:identity"))).isInstanceOf(FileKeys.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tpm:/dev/tpmrm0", "file:/elsewhere", "no-scheme"})
  void open_unknown_saysWhatIsKnownAndWhatIsMissing(String uri) {
    assertThatThrownBy(() -> KeyPlaces.open(URI.create(uri)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("keys: " + uri + " (expected: one of [file:identity]; tpm: and pkcs11: come"
            + " with the library muster-hardware)");
  }

  @Test
  void factoryIdentity_keyOfAnotherCertificate_isRefused() {
    TestFleet fleet = new TestFleet(folder);
    FileKeys keys = new FileKeys();

    assertThatThrownBy(() -> Credential.of(
            URI.create("tpm:/dev/tpmrm0?handle=0x81020000"),
            keys.create(folder),
            fleet.factoryChain()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("tpm:/dev/tpmrm0?handle=0x81020000: not the key of the first");
  }
}
