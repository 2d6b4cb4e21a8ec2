/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.dtls.OrderlyConnector;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.CoapsClient;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.MessageDeliverer;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device's first words on a network that loses a fifth, in datagrams of 300 bytes. */
class HandshakesTest {
  private static final int DEVICES = 8;
  private static final TestPki.Credential ROOT = TestPki.root("CN=Root");
  private static final TestPki.Credential CA = ROOT.issue("CN=CA").ca().build();
  private static final TestPki.Credential SERVER = CA.issue("CN=est").server().build();
  private static final TestPki.Credential DEVICE = CA.issue("CN=d1").build();

  @TempDir
  Path folder;

  /** As it is, but for time: what is lost is to cost the test little of it. */
  private static Configuration impatient(Configuration settings) {
    return CoapsClient.inFragments(settings)
        .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 200, TimeUnit.MILLISECONDS)
        .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT_SCALE, 1f)
        .set(DtlsConfig.DTLS_MAX_RETRANSMISSIONS, 100)
        .set(CoapConfig.ACK_TIMEOUT, 300, TimeUnit.MILLISECONDS)
        .set(CoapConfig.ACK_TIMEOUT_SCALE, 1f)
        .set(CoapConfig.MAX_RETRANSMIT, 200);
  }

  private static CoapEndpoint server() throws IOException {
    Configuration settings = impatient(new Configuration(ClientSettings.STANDARD)
        .set(DtlsConfig.DTLS_ROLE, DtlsRole.SERVER_ONLY)
        .set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, CertificateAuthenticationMode.NEEDED));
    CoapEndpoint server = new CoapEndpoint.Builder()
        .setConfiguration(settings)
        .setConnector(OrderlyConnector.of(new DtlsConnectorConfig.Builder(settings)
            .setAddress(new InetSocketAddress("127.0.0.1", 0))
            .setAdvancedCertificateVerifier(StaticNewAdvancedCertificateVerifier.builder()
                .setTrustedCertificates(ROOT.certificate())
                .build())
            .setCertificateIdentityProvider(new SingleCertificateProvider(
                SERVER.key(),
                SERVER.chain().toArray(X509Certificate[]::new),
                List.of(CertificateType.X_509)))
            .build()))
        .build();
    server.setMessageDeliverer(new MessageDeliverer() {
      @Override
      public void deliverRequest(Exchange exchange) {
        exchange.sendResponse(new Response(ResponseCode.VALID));
      }

      @Override
      public void deliverResponse(Exchange exchange, Response response) {}
    });
    server.start();
    return server;
  }

  private DtlsConnectorConfig device() throws IOException {
    Path root = Files.writeString(folder.resolve("root.pem"), Pem.of(List.of(ROOT.certificate())));
    TlsIdentity identity = TlsIdentity.of(
        new Credential(DEVICE.key(), DEVICE.chain()),
        TrustAnchors.read(root),
        DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
    return ClientSettings.dtls(
        impatient(new Configuration(ClientSettings.STANDARD)),
        identity.credential(),
        new ServerJudge(identity.trust(), "localhost"));
  }

  @Test
  void handshakesInFragments_onABadNetwork_areNotGivenUp() throws Exception {
    long seed = new Random().nextLong();
    CoapEndpoint server = server();
    List<ServerEndpoint> devices = new ArrayList<>();
    try (DatagramProxy network = DatagramProxy.to(server.getAddress().getPort(), seed)) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      URI uri = URI.create("coaps://localhost:" + network.port());
      List<Request> requests = new ArrayList<>();
      for (int i = 0; i < DEVICES; i++) {
        ServerEndpoint device = ServerEndpoint.open(
            uri, ServerEndpoint.resolve(uri), device(), ServerEndpoint.thread("muster-coap-test"));
        devices.add(device);
        Request request = Request.newGet();
        requests.add(request);
        device.send(request);
      }
      for (Request request : requests) {
        Response response = request.waitForResponse(240_000);
        assertThat(response)
            .as("seed %d %s %s", seed, network.counts(), request.getSendError())
            .isNotNull();
      }
      assertThat(network.counts().longestAnswered()).isLessThanOrEqualTo(300);
    } finally {
      devices.forEach(ServerEndpoint::close);
      server.destroy();
    }
  }
}
