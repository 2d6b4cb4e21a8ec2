/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientKeyTest {
  private static final Credential ROOT = TestPki.root("CN=root");
  private static final Credential ANNA = ROOT.issue("CN=anna").build();
  private static final Credential BOB = ROOT.issue("CN=bob").build();

  @TempDir
  Path folder;

  private void write(Credential key, Credential chain) throws IOException {
    Files.writeString(folder.resolve("key.pem"), Pem.of(key.key()));
    Files.writeString(folder.resolve("chain.pem"), TestPki.pem(chain.chain()));
  }

  @Test
  void keyAndChain_thatBelongTogether_areRead() throws IOException {
    write(ANNA, ANNA);
    assertThat(ClientKey.read(folder)).isNotNull();
  }

  @Test
  void keyAndChain_ofDifferentOnes_areRefused() throws IOException {
    write(ANNA, BOB);
    assertThatThrownBy(() -> ClientKey.read(folder))
        .isInstanceOf(UserError.class)
        .hasMessage(folder + ": key.pem is not the key of chain.pem, CN=bob"
            + " (expected: both of one certificate)");
  }

  @Test
  void files_thatAreNotThere_areNamed() {
    assertThatThrownBy(() -> ClientKey.read(folder))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("key.pem and chain.pem");
  }
}
