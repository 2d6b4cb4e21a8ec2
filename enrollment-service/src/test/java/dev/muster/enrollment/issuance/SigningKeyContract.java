/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Signature;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every keeper of CA keys must do; openssl judges the signatures. */
public abstract class SigningKeyContract {
  private static final byte[] DATA = "to be signed".getBytes(StandardCharsets.UTF_8);

  @TempDir
  Path folder;

  /** A key that was made just now. */
  protected abstract SigningKey newKey(SignatureScheme scheme);

  @ParameterizedTest
  @EnumSource
  void sign_aMessage_opensslVerifies(SignatureScheme scheme) throws Exception {
    SigningKey key = newKey(scheme);
    assertThat(key.scheme()).isEqualTo(scheme);
    Files.write(folder.resolve("data"), DATA);
    Files.write(folder.resolve("sig"), key.sign(DATA));
    Files.write(folder.resolve("key.der"), key.publicKey().getEncoded());
    PeerProgram.Result result = PeerProgram.require("openssl")
        .run(
            folder,
            "dgst",
            scheme == SignatureScheme.ECDSA_P256 ? "-sha256" : "-sha384",
            "-keyform",
            "DER",
            "-verify",
            "key.der",
            "-signature",
            "sig",
            "data");
    assertThat(result.expectSuccess().stdout()).contains("Verified OK");
  }

  @Test
  void sign_byManyThreads_eachSignatureIsGood() throws Exception {
    SigningKey key = newKey(SignatureScheme.ECDSA_P256);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<Boolean>> tasks = IntStream.range(0, 64)
          .mapToObj(i -> (Callable<Boolean>) () -> isGood(key, new byte[] {(byte) i}))
          .toList();
      for (var result : threads.invokeAll(tasks)) {
        assertThat(result.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean isGood(SigningKey key, byte[] data) throws Exception {
    Signature verifier = Signature.getInstance(key.scheme().jcaName());
    verifier.initVerify(key.publicKey());
    verifier.update(data);
    return verifier.verify(key.sign(data));
  }

  @Test
  void newKey_twice_isAnotherKey() {
    assertThat(Fingerprint.of(newKey(SignatureScheme.ECDSA_P256).publicKey()))
        .isNotEqualTo(Fingerprint.of(newKey(SignatureScheme.ECDSA_P256).publicKey()));
  }

  @Test
  void toString_tellsNothingOfTheKey() {
    SigningKey key = newKey(SignatureScheme.ECDSA_P256);
    assertThat(key.toString()).contains(key.name()).hasSizeLessThan(200);
  }
}
