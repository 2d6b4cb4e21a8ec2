/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.bench;

import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.key.KeyVault;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.stream.Collectors;

/** Makes a key in a token, and signs on request; for each, a line with the nanoseconds of each. */
final class Pkcs11Signer {
  private Pkcs11Signer() {}

  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    try (KeyVault vault = KeyPlaces.open(URI.create(args[0]))) {
      KeyPair keys = vault.create(Path.of(args[1]));
      while (in.readLine() != null) {
        System.out.println(TpmBenchmark.sign(keys.getPrivate(), Integer.parseInt(args[2])).stream()
            .map(String::valueOf)
            .collect(Collectors.joining(" ")));
      }
    }
  }
}
