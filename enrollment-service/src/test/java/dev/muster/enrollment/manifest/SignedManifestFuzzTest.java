/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.protocol.file.Pem;
import java.io.IOException;
import java.io.InputStream;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Signed manifests, and what somebody without a key makes of them. Those to start from were made
 * with {@code openssl cms}, and the keys of the CA and of its station thrown away.
 */
class SignedManifestFuzzTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
  private static final String SIGNED = "serial\nA-1\n";
  private static final ManifestImport.StationDoubts NO_DOUBTS = (path, ca) -> Optional.empty();

  static List<X509Certificate> cas;

  @BeforeAll
  static void read() throws IOException {
    cas = Pem.certificates(new String(resource("signed-manifest-ca.pem"), UTF_8));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream file = SignedManifestFuzzTest.class.getResourceAsStream(name)) {
      return file.readAllBytes();
    }
  }

  @FuzzTest(maxDuration = "1m")
  void open_anyBytes_areWhatTheStationSigned_orNothing(byte[] der) {
    if (SignedManifest.open(der, cas, NO_DOUBTS, NOW) instanceof SignedManifest.Genuine genuine) {
      assertThat(genuine.content()).asString(UTF_8).isEqualTo(SIGNED);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "station, CN=Station",
    "ca, CN=Acme",
    "no-attributes, CN=Station",
    "by-key-identifier, CN=Acme",
    "sha512, CN=Station",
    "streamed, CN=Station",
    "no-certificate, signer: its certificate is not there",
    "detached, content: none",
    "weak-digest, signature: weak digest",
    "by-a-device, signer: not a station's certificate",
    "two-signers, signers: 2",
    "nested, signature: cannot be checked",
  })
  void open_inputThatIsKept_isJudgedRightly(String input, String expected) throws IOException {
    SignedManifest opened = SignedManifest.open(
        resource("SignedManifestFuzzTestInputs/open_anyBytes_areWhatTheStationSigned_orNothing/"
            + input),
        cas,
        NO_DOUBTS,
        NOW);
    assertThat(
            opened instanceof SignedManifest.Genuine genuine
                ? genuine.signer()
                : ((SignedManifest.Refused) opened).reason())
        .contains(expected);
  }
}
