/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.UserError;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A muster that runs on a data directory of this machine. */
record Patient(Path data, Endpoints ports, OperatorClient operator, Clock clock) {
  static final String HOST = "localhost";
  static final String METRICS = "metrics";

  /** One of its CAs. @param state such as active, as the operator API has it */
  record Authority(String id, String kind, String state, X509Certificate certificate) {
    boolean isActive() {
      return state.equals("active");
    }

    /** Whether certificates of it are about, and so its CRL. */
    boolean isIssuer() {
      return !kind.equals("root") && (isActive() || state.equals("retiring"));
    }
  }

  /** The ports that speak TLS, by name; those that are open. */
  Map<String, Integer> tlsPorts() {
    Map<String, Integer> open = new LinkedHashMap<>();
    if (ports.est() != null) {
      open.put("est", ports.est());
    }
    if (ports.operator() != null) {
      open.put("operator", ports.operator());
    }
    if (ports.mqtt() != null) {
      open.put("mqtt", ports.mqtt());
    }
    return open;
  }

  /** All TCP ports, by name; those that are open. */
  Map<String, Integer> tcpPorts() {
    Map<String, Integer> open = tlsPorts();
    if (ports.http() != null) {
      open.put("http", ports.http());
    }
    if (ports.metrics() != null) {
      open.put(METRICS, ports.metrics());
    }
    return open;
  }

  /** The CAs of a kind that are trusted: root, device-ca or service-ca. */
  List<X509Certificate> trusted(String kind) {
    return PemFile.certificates(data.resolve("trust").resolve(kind + ".pem"));
  }

  /** All CAs of all kinds. */
  List<Authority> authorities() {
    JsonNode answer =
        operator.find("authorities").orElseThrow(() -> new UserError("no CA runs here"));
    List<Authority> all = new ArrayList<>();
    answer
        .path("authorities")
        .forEach(one -> all.add(new Authority(
            one.path("id").asText(),
            one.path("kind").asText(),
            one.path("state").asText(),
            Pem.certificates(one.path("certificate").asText()).get(0))));
    return all;
  }
}
