/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.file.PemFile;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A muster that runs on a data directory of this machine. */
record Patient(Path data, Endpoints ports, OperatorClient operator, Clock clock) {
  static final String HOST = "localhost";

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

  /** The CAs of a kind that are trusted: root, device-ca or service-ca. */
  List<X509Certificate> trusted(String kind) {
    return PemFile.certificates(data.resolve("trust").resolve(kind + ".pem"));
  }
}
