/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.testing.TestPki;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PemFileTest {
  @TempDir
  Path folder;

  @Test
  void files_whole_areRead() throws Exception {
    TestPki.Credential root = TestPki.root("CN=Root");
    Path chain = Files.writeString(folder.resolve("a"), Pem.of(List.of(root.certificate())));
    Path key = Files.writeString(folder.resolve("b"), Pem.of(root.key()));
    assertThat(PemFile.certificates(chain)).containsExactly(root.certificate());
    assertThat(PemFile.privateKey(key)).isEqualTo(root.key());
  }

  @Test
  void file_missingLargeOrWithoutContent_isNamed() throws Exception {
    Path file = folder.resolve("x.pem");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemFile.certificates(file))
        .withMessage(file + ": does not exist");
    Files.writeString(file, "junk");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemFile.certificates(file))
        .withMessage(file + ": no certificate (expected: PEM, BEGIN CERTIFICATE)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemFile.privateKey(file))
        .withMessage(file + ": no private key (expected: unencrypted PKCS#8 PEM)");
    Files.write(file, new byte[300_000]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PemFile.certificates(file))
        .withMessageStartingWith(file + ": too large");
  }

  @Test
  void file_thatCannotBeRead_isNamed() {
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> PemFile.certificates(folder))
        .withMessageStartingWith(folder + ": cannot be read");
  }
}
