/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * Which ciphers to ask for first. AES-GCM is the fastest where the processor computes it; where it
 * does not, as on a Raspberry Pi 4, or where the JVM has no use for that, as with its small
 * compiler alone, ChaCha20 takes half as long. Brokers that go by their own order are not bound.
 */
final class CipherOrder {
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");
  private static final Pattern AES = Pattern.compile("^(flags|Features)\\s*:.*\\baes\\b");

  /** How HotSpot names itself without its optimizing compiler, which alone knows AES. */
  private static final String SMALL_COMPILER = "emulated-client";

  private static final boolean AES_IS_FAST =
      !System.getProperty("java.vm.info", "").contains(SMALL_COMPILER) && hasAes(PROCESSOR);

  private CipherOrder() {}

  /** The same suites in the order that suits this machine. */
  static String[] suited(String[] suites) {
    return AES_IS_FAST ? suites : chaChaFirst(suites);
  }

  static String[] chaChaFirst(String[] suites) {
    // The rest keeps its order: the sort is stable.
    return Arrays.stream(suites)
        .sorted(Comparator.comparing(suite -> !suite.contains("CHACHA20")))
        .toArray(String[]::new);
  }

  static boolean hasAes(Path processor) {
    try {
      return Files.readAllLines(processor).stream()
          .anyMatch(line -> AES.matcher(line).find());
    } catch (IOException e) {
      return true; // Not Linux, or not told: as the JDK has it.
    }
  }
}
