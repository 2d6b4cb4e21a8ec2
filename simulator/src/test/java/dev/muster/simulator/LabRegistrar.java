/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.muster.protocol.est.EstBase64;
import dev.muster.protocol.est.EstMediaType;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * The least that a device needs of an EST server: cacerts and simpleenroll, for one manufacturer.
 */
final class LabRegistrar implements AutoCloseable {
  private static final char[] PASSWORD = "lab".toCharArray();

  private final TestPki.Credential root;
  private final TestPki.Credential deviceCa;
  private final HttpsServer server;
  /** For which it was asked for a certificate. */
  final List<PublicKey> asked = new CopyOnWriteArrayList<>();
  /** Of which the certificate has ended. */
  volatile @Nullable PublicKey ended;
  /** Whether what it has issued does not arrive. */
  volatile boolean losesAnswers;
  /** It answers when this is done. */
  volatile CompletableFuture<Void> ready = CompletableFuture.completedFuture(null);

  private final ExecutorService threads = Executors.newFixedThreadPool(4);

  LabRegistrar(TestPki.Credential root, TestPki.Credential deviceCa, X509Certificate manufacturer)
      throws Exception {
    this.root = root;
    this.deviceCa = deviceCa;
    TestPki.Credential own = root.issue("CN=lab").server().build();
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys(own).getKeyManagers(), trust(manufacturer).getTrustManagers(), null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls) {
      @Override
      public void configure(HttpsParameters parameters) {
        SSLParameters choice = tls.getDefaultSSLParameters();
        choice.setWantClientAuth(true);
        parameters.setSSLParameters(choice);
      }
    });
    server.createContext(EstOperation.WELL_KNOWN, this::answer);
    server.setExecutor(threads);
    server.start();
  }

  URI uri() {
    return URI.create("https://localhost:" + server.getAddress().getPort());
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    try (exchange) {
      if (path.endsWith("/cacerts")) {
        reply(exchange, List.of(root.certificate(), deviceCa.certificate()));
      } else if (path.endsWith("/simpleenroll") || path.endsWith("/simplereenroll")) {
        X509Certificate issued = issue((HttpsExchange) exchange);
        if (issued.getPublicKey().equals(ended)) {
          exchange.sendResponseHeaders(400, -1);
        } else if (!losesAnswers) {
          reply(exchange, List.of(issued));
        }
      } else {
        exchange.sendResponseHeaders(404, -1);
      }
    } catch (GeneralSecurityException | CMSException e) {
      throw new IOException(e);
    }
  }

  private X509Certificate issue(HttpsExchange exchange)
      throws IOException, GeneralSecurityException {
    X509Certificate peer = (X509Certificate) exchange.getSSLSession().getPeerCertificates()[0];
    X500Name idevid = X500Name.getInstance(peer.getSubjectX500Principal().getEncoded());
    String serial =
        idevid.getRDNs(BCStyle.SERIALNUMBER)[0].getFirst().getValue().toString();
    DeviceSubject subject = new DeviceSubject(
        new FleetName("lab"), new DeviceId("lab-" + serial.toLowerCase(Locale.ROOT)));
    byte[] csr = EstBase64.decode(exchange.getRequestBody().readAllBytes());
    PublicKey key = new JcaPKCS10CertificationRequest(csr).getPublicKey();
    asked.add(key);
    ready.join();
    return deviceCa
        .issue("CN=" + subject.device() + ",O=" + subject.fleet() + ",OU=device")
        .key(new KeyPair(key, null))
        .uri(subject.toUrn().toString())
        .build()
        .certificate();
  }

  private static void reply(HttpExchange exchange, List<X509Certificate> certificates)
      throws IOException, GeneralSecurityException, CMSException {
    CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
    generator.addCertificates(new JcaCertStore(certificates));
    byte[] body = EstBase64.encode(generator.generate(new CMSAbsentContent()).getEncoded());
    exchange.getResponseHeaders().set("Content-Type", EstMediaType.CERTS_ONLY);
    exchange.getResponseHeaders().set("Content-Transfer-Encoding", "base64");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private static KeyManagerFactory keys(TestPki.Credential own) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("lab", own.key(), PASSWORD, own.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, PASSWORD);
    return keys;
  }

  private static TrustManagerFactory trust(X509Certificate manufacturer) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("manufacturer", manufacturer);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    return trust;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
