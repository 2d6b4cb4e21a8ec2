/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.coap.CoapsConfig;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The script of docs/coap.md with clients we did not write: libcoap with GnuTLS and with OpenSSL.
 */
class EstCoapsPeersIT {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  @TempDir
  static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(
        folder, config -> RunningService.with(config, CoapsConfig.on("127.0.0.1", 0)));
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"coap-client-gnutls", "coap-client-openssl"})
  void coapPage_everyLineInOrder_enrollsBlockwiseAndRenews(String client) throws IOException {
    PeerProgram.require(client);
    service.idevid(client);
    for (String file : List.of(".key", ".pem")) {
      service.write("idevid" + file, service.read(client + file));
    }
    service.write("page.sh", settings(client) + script());
    PeerProgram.Result result =
        PeerProgram.require("bash").run(folder, "page.sh").expectSuccess();
    assertThat(result.stdout())
        .contains("</est/sen>;rt=\"ace.est.sen\";ct=\"281 287\"")
        .doesNotContain("skg")
        .contains("device.pem: OK")
        .contains("next.pem: OK");
  }

  private static String settings(String client) {
    return "set -eu\nCOAP=" + client + " COAPS_PORT="
        + service.service().coapsPort().getAsInt() + "\n";
  }

  private static String script() throws IOException {
    String page = Files.readString(Path.of("../docs/coap.md"));
    List<MatchResult> blocks = BLOCK.matcher(page).results().toList();
    assertThat(blocks).hasSize(3);
    return blocks.get(0).group(1);
  }
}
