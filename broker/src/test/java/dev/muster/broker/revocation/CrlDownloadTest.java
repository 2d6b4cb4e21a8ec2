/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CrlDownloadTest {
  private static final int LARGEST = 100_000;

  private CrlServer server;
  private final CrlDownload download = new CrlDownload(Duration.ofSeconds(20), LARGEST);

  @BeforeEach
  void start() throws IOException {
    server = new CrlServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void body_isFetched_upToItsLimit() throws Exception {
    server.gives(new byte[LARGEST]);
    assertThat(download.get(server.uri("device"))).hasSize(LARGEST);
    server.gives(new byte[LARGEST + 1]);
    assertThatThrownBy(() -> download.get(server.uri("device")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("more than 100000 bytes");
  }

  @Test
  void otherStatus_isNoCrl() {
    assertThatThrownBy(() -> download.get(server.uri("nobody")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("status 404 (expected: 200)");
  }

  @Test
  void serverThatStallsInTheBody_isLeft() throws Exception {
    server.stalls();
    CrlDownload impatient = new CrlDownload(Duration.ofMillis(200), LARGEST);
    assertThatThrownBy(() -> impatient.get(server.uri("device")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not all of it came in PT0.2S");
    server.goesOn();
    server.gives(new byte[] {1, 2});
    assertThat(download.get(server.uri("device"))).containsExactly(1, 2);
  }
}
