/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a server is, and what is left of an attempt. */
class ServerEndpointTest {
  @ParameterizedTest
  @CsvSource({
    "coaps://127.0.0.1, 127.0.0.1, 5684",
    "coaps://127.0.0.1:7, 127.0.0.1, 7",
    "coaps://[::1]/est/line-1, ::1, 5684",
    "coaps://[fd00::1]:5685, fd00::1, 5685"
  })
  void resolve_isTheAddressAndThePort(String uri, String address, int port)
      throws UnknownHostException {
    assertThat(ServerEndpoint.resolve(URI.create(uri)))
        .isEqualTo(new InetSocketAddress(InetAddress.getByName(address), port));
  }

  @Test
  void open_withoutAPort_failsAndLeavesNoThread() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      DtlsConnectorConfig dtls = new DtlsConnectorConfig.Builder(ClientSettings.STANDARD)
          .setAddress(new InetSocketAddress(taken.getLocalAddress(), taken.getLocalPort()))
          .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
              .setTrustAllCertificates()
              .build())
          .build();
      URI server = URI.create("coaps://127.0.0.1");
      assertThatThrownBy(() -> ServerEndpoint.open(
              server,
              ServerEndpoint.resolve(server),
              dtls,
              ServerEndpoint.thread("muster-coap-test")))
          .isInstanceOf(SocketException.class);
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet().stream()
                  .filter(thread -> !before.contains(thread))
                  .map(Thread::getName)
                  .filter(name -> !name.startsWith("awaitility"))
                  .collect(Collectors.toList()))
              .isEmpty());
    }
  }
}
