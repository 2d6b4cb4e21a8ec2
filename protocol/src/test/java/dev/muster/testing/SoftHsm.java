/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/**
 * A PKCS#11 token of SoftHSM2. Its settings come by the environment variable {@code SOFTHSM2_CONF},
 * which the build sets for all tests.
 *
 * @param pinFile holds the user PIN, readable by the owner alone
 */
public record SoftHsm(Path library, String label, String pin, Path pinFile) {
  private static final List<Path> LIBRARIES = List.of(
      Path.of("/usr/lib/softhsm/libsofthsm2.so"),
      Path.of("/usr/lib64/pkcs11/libsofthsm2.so"),
      Path.of("/usr/local/lib/softhsm/libsofthsm2.so"),
      Path.of("/opt/homebrew/lib/softhsm/libsofthsm2.so"));

  private static final String PIN = "4711";
  /** Made together, before the library is loaded: afterwards it notices no new ones. */
  private static final int TOKENS = 8;

  private static final Deque<String> UNUSED = new ArrayDeque<>();
  private static boolean made;

  /** A token that nobody uses yet; its PIN is written into {@code folder}. */
  public static synchronized SoftHsm newToken(Path folder) {
    try {
      if (!made) {
        makeTokens(PeerProgram.require("softhsm2-util"), folder);
        made = true;
      }
      String label = UNUSED.pop();
      Path pinFile = Files.writeString(folder.resolve(label + ".pin"), PIN + "\n");
      Files.setPosixFilePermissions(pinFile, PosixFilePermissions.fromString("rw-------"));
      return new SoftHsm(installedLibrary(), label, PIN, pinFile);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void makeTokens(PeerProgram tool, Path folder) throws IOException {
    configure();
    for (int i = 0; i < TOKENS; i++) {
      String label = "muster-" + i;
      tool.run(
              folder,
              "--init-token",
              "--free",
              "--label",
              label,
              "--so-pin",
              "12345678",
              "--pin",
              PIN)
          .expectSuccess();
      UNUSED.add(label);
    }
  }

  private static void configure() throws IOException {
    String variable = System.getenv("SOFTHSM2_CONF");
    Assertions.assertNotNull(variable, "SOFTHSM2_CONF: not set (expected: run by Maven)");
    Path file = Path.of(variable);
    Path tokens = Files.createTempDirectory(
        Files.createDirectories(file.toAbsolutePath().getParent()), "softhsm-tokens-");
    Files.writeString(
        file,
        "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n");
  }

  private static Path installedLibrary() {
    return LIBRARIES.stream()
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseGet(() -> Assertions.fail("libsofthsm2.so: not at " + LIBRARIES));
  }
}
