/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers the challenges of a service with the key of the manufacturer's CA, where the operator has
 * it: at a station, in a demo, in a test.
 */
final class Prover {
  private final Path caFile;
  private final @Nullable Path keyFile;

  /** @param keyFile null for the {@code ca.key} beside {@code caFile}, if it is its key */
  Prover(Path caFile, @Nullable Path keyFile) {
    this.caFile = caFile;
    this.keyFile = keyFile;
  }

  /**
   * Proves each CA that waits for it and whose key is at hand.
   *
   * @param registered the service's answer to the registration
   * @return its last answer
   */
  JsonNode prove(OperatorClient client, String manufacturer, JsonNode registered) {
    JsonNode answer = registered;
    for (JsonNode ca : registered.path("cas")) {
      Optional<X509Certificate> proof =
          ca.hasNonNull("challenge") ? proof(ca.path("challenge").asText(), ca) : Optional.empty();
      if (proof.isPresent()) {
        answer = send(client, manufacturer, Pem.of(List.of(proof.get())));
      }
    }
    return answer;
  }

  static JsonNode send(OperatorClient client, String manufacturer, String pem) {
    return client.post(
        "manufacturers/" + OperatorClient.segment(manufacturer) + "/proof",
        OperatorAction.JSON.createObjectNode().put("certificate", pem));
  }

  private Optional<X509Certificate> proof(String challenge, JsonNode ca) {
    Path file = keyFile == null ? caFile.resolveSibling(Factory.CA_KEY) : keyFile;
    if (keyFile == null && !Files.isReadable(file)) {
      return Optional.empty();
    }
    try {
      PrivateKey key = PemFile.privateKey(file);
      return PemFile.certificates(caFile).stream()
          .filter(certificate -> KeyMatch.belongTogether(key, certificate.getPublicKey()))
          .filter(certificate -> isNamed(certificate, ca))
          .map(certificate -> Factory.prove(certificate, key, challenge, Clock.systemUTC()))
          .findFirst();
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new UserError(file + ": not usable as the CA's key (" + e.getMessage() + ")");
    }
  }

  private static boolean isNamed(X509Certificate certificate, JsonNode ca) {
    return certificate
        .getSubjectX500Principal()
        .getName()
        .equals(ca.path("subject").asText());
  }
}
