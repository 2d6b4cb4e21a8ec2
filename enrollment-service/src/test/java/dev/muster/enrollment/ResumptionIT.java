/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A resumed TLS session brings its certificate along, but not the rights it once had. */
class ResumptionIT {
  @TempDir
  Path folder;

  @Test
  void resumedSession_isJudgedByTheRegistryOfToday() {
    try (RunningService service = new RunningService(folder)) {
      service.addManufacturer("acme", service.factory, "auto");
      service.idevid("RES");
      String serial = RunningService.serialOf(service.enrolled("RES", "res"));
      service.csr("res1", "/");
      service.csr("res2", "/");
      talk(
          service,
          "GET /.well-known/est/cacerts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
          "-cert",
          "res.pem",
          "-key",
          "res.key",
          "-sess_out",
          "session.pem");
      assertThat(talk(service, reenroll(service, "res1"), "-sess_in", "session.pem"))
          .contains("Reused, TLSv1.2")
          .contains("HTTP/1.1 200");
      service.post("/certificates/" + serial + "/revoke", new JsonObject());
      assertThat(talk(service, reenroll(service, "res2"), "-sess_in", "session.pem"))
          .contains("Reused, TLSv1.2")
          .contains("HTTP/1.1 403");
    }
  }

  private static String reenroll(RunningService service, String csr) {
    String body = service.text(csr + ".b64");
    return "POST /.well-known/est/simplereenroll HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + "Content-Type: application/pkcs10\r\nContent-Length: " + body.length() + "\r\n\r\n"
        + body;
  }

  private String talk(RunningService service, String request, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "s_client",
        "-connect",
        "localhost:" + service.service().estPort(),
        "-tls1_2",
        "-CAfile",
        "root.pem",
        "-ign_eof"));
    arguments.addAll(List.of(more));
    return PeerProgram.require("openssl")
        .run(
            folder,
            request.getBytes(StandardCharsets.US_ASCII),
            Duration.ofSeconds(40),
            arguments.toArray(String[]::new))
        .output();
  }
}
