/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.protocol.est.CsrAttributes;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.est.jcajce.SSLSocketFactoryCreator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.conscrypt.Conscrypt;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that are linked to their TLS connection (RFC 7030, 3.5; RFC 5929; RFC 9266). */
class ChannelBindingIT {
  private static final String[] EXPORTER = {
    "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"
  };

  /** 1.2.840.113549.1.9.16.2.58 (RFC 7894, 3.3). */
  private static final String EST_IDENTITY_LINKING_DER = "060b2a864886f70d010910023a";

  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    service.addManufacturer("acme", service.factory, "auto");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** Base64 of a request with a new key, for the connection of that name. */
  private static String csr(byte[] binding) {
    return csr(TestPki.newKey(), binding);
  }

  private static String csr(KeyPair keys, byte[] binding) {
    return csr(keys, PKCSObjectIdentifiers.pkcs_9_at_challengePassword, binding);
  }

  private static String csr(KeyPair keys, ASN1ObjectIdentifier attribute, byte[] binding) {
    try {
      return Base64.getEncoder()
          .encodeToString(new JcaPKCS10CertificationRequestBuilder(
                  new X500Name(""), keys.getPublic())
              .addAttribute(
                  attribute, new DERPrintableString(Base64.getEncoder().encodeToString(binding)))
              .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
              .getEncoded());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static String post(String csr) {
    return "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\n"
        + "Content-Type: application/pkcs10\r\nContent-Length: " + csr.length() + "\r\n\r\n" + csr;
  }

  private static OpensslConnection tls13(String serial) {
    service.idevid(serial);
    String[] arguments = {"-tls1_3", "-cert", serial + ".pem", "-key", serial + ".key"};
    return new OpensslConnection(service, concat(arguments, EXPORTER));
  }

  private static String[] concat(String[] a, String[] b) {
    String[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static byte[] exported(OpensslConnection connection) {
    return HexFormat.of().parseHex(connection.await("Keying material: ([0-9A-F]{64})"));
  }

  @Test
  void est_simpleenroll_tlsExporterAsOpensslHasIt_isAcceptedAndTheConnectionClosed() {
    try (OpensslConnection connection = tls13("EXP-1")) {
      connection.send(post(csr(exported(connection))));
      assertThat(connection.untilClosed()).contains("HTTP/1.1 200", "Connection: close");
    }
  }

  @Test
  void est_simpleenroll_linkedByEstIdentityLinking_isJudgedAsCsrattrsSays() {
    byte[] wishes =
        Base64.getDecoder().decode(service.curl(null, service.est("csrattrs")).body());
    assertThat(HexFormat.of().formatHex(wishes)).contains(EST_IDENTITY_LINKING_DER);
    ASN1ObjectIdentifier linking = new ASN1ObjectIdentifier(CsrAttributes.EST_IDENTITY_LINKING);
    try (OpensslConnection other = tls13("EIL-1");
        OpensslConnection connection = tls13("EIL-2")) {
      byte[] name = exported(connection);
      other.send(post(csr(TestPki.newKey(), linking, name)));
      other.await("(HTTP/1.1 400.*estIdentityLinking: not of this connection)");
      connection.send(post(csr(TestPki.newKey(), linking, name)));
      assertThat(connection.untilClosed()).contains("HTTP/1.1 200", "Connection: close");
    }
  }

  @Test
  void est_simpleenroll_tlsUniqueAsOpensslHasIt_isAcceptedAndTheConnectionClosed() {
    service.idevid("UNI-1");
    try (OpensslConnection connection = new OpensslConnection(
        service, "-tls1_2", "-cert", "UNI-1.pem", "-key", "UNI-1.key", "-msg")) {
      // The first Finished message of the connection, without its header (RFC 5929, 3.1).
      String finished = connection.await(
          ">>> TLS 1.2, Handshake \\[length 0010\\], Finished\\s+14 00 00 0c ((?:[0-9a-f]{2}\\s+){12})");
      byte[] unique = HexFormat.of().parseHex(finished.replaceAll("\\s", ""));
      connection.send(post(csr(unique)));
      assertThat(connection.untilClosed()).contains("HTTP/1.1 200", "Connection: close");
    }
  }

  @Test
  void est_simpleenroll_nameOfAnotherConnection_is400AndSaysWhatIsWanted() {
    try (OpensslConnection other = tls13("OTH-1");
        OpensslConnection connection = tls13("OTH-2")) {
      byte[] foreign = exported(other);
      exported(connection);
      connection.send(post(csr(foreign)));
      connection.await("(HTTP/1.1 400)");
      connection.await("(challengePassword: not of this connection .*linking of identity and"
          + " proof-of-possession)");
    }
  }

  @Test
  void est_simpleenroll_secondLinkedRequestOfAConnection_isNeverServed() {
    try (OpensslConnection connection = tls13("TWO-1")) {
      byte[] name = exported(connection);
      connection.send(post(csr(name)) + post(csr(name)));
      assertThat(connection.untilClosed().split("HTTP/1\\.1 ")).hasSize(2);
    }
  }

  @Test
  void est_simpleenroll_linkedAndDeferred_isFoundAgainOnAnotherConnection() {
    service.addManufacturer("careful", TestPki.root("CN=Careful"), "manual");
    TestPki.Credential root = TestPki.root("O=Careful,CN=Careful Root");
    service.addManufacturer("careful2", root, "manual");
    TestPki.write(folder, "WAIT-1", root.issue("SERIALNUMBER=WAIT-1").build());
    KeyPair keys = TestPki.newKey();
    String[] arguments = {"-tls1_3", "-cert", "WAIT-1.pem", "-key", "WAIT-1.key"};
    try (OpensslConnection first = new OpensslConnection(service, concat(arguments, EXPORTER))) {
      first.send(post(csr(keys, exported(first))));
      assertThat(first.untilClosed()).contains("HTTP/1.1 202", "Retry-After:");
    }
    assertThat(
            service.post("/devices/careful2-wait-1/approve", new JsonObject()).status())
        .isEqualTo(200);
    try (OpensslConnection second = new OpensslConnection(service, concat(arguments, EXPORTER))) {
      second.send(post(csr(keys, exported(second))));
      assertThat(second.untilClosed()).contains("HTTP/1.1 200");
    }
  }

  @Test
  void est_simpleenroll_clientOfBouncyCastle_linksByTlsUnique() throws Exception {
    TestPki.Credential idevid = service.idevid("BC-1");
    ESTService client = new JsseESTServiceBuilder(
            "localhost:" + service.service().estPort(), creator(context(idevid, "TLSv1.2")))
        .withChannelBindingProvider(new TlsUnique())
        .addCipherSuites(new String[] {
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        })
        .build();
    KeyPair keys = TestPki.newKey();
    assertThat(client
            .simpleEnrollPoP(
                false,
                new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic()),
                new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()),
                null)
            .getStore()
            .getMatches(null))
        .hasSize(1);
  }

  @Test
  void est_simpleenroll_tlsExporterInTls12WithExtendedMasterSecret_isAccepted() throws Exception {
    SSLContext context = context(service.idevid("EMS-1"), "TLSv1.2");
    try (SSLSocket socket = (SSLSocket)
        context.getSocketFactory().createSocket("localhost", service.service().estPort())) {
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.startHandshake();
      byte[] name =
          Conscrypt.exportKeyingMaterial(socket, "EXPORTER-Channel-Binding", new byte[0], 32);
      socket.getOutputStream().write(post(csr(name)).getBytes(US_ASCII));
      socket.setSoTimeout(30_000);
      assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void est_simpleenroll_tlsExporterInTls12WithoutExtendedMasterSecret_is400() {
    service.idevid("EMS-2");
    String[] arguments = {"-tls1_2", "-cert", "EMS-2.pem", "-key", "EMS-2.key"};
    try (OpensslConnection connection =
        OpensslConnection.withoutExtendedMasterSecret(service, concat(arguments, EXPORTER))) {
      connection.await("(Extended master secret: no)");
      connection.send(post(csr(exported(connection))));
      connection.await("(HTTP/1.1 400.*challengePassword: not of this connection)");
    }
  }

  @Test
  void est_simpleenroll_unlinkedWhereLinkingIsRequired_is400AndCsrattrsAsksForIt(
      @TempDir Path other) {
    try (RunningService strict = new RunningService(
        other,
        config -> RunningService.with(
            config, new EstConfig("127.0.0.1", 0, true, true, EstLimits.DEFAULT)))) {
      strict.addManufacturer("acme", strict.factory, "auto");
      strict.idevid("STRICT");
      strict.csr("strict", "/");
      RunningService.Http refused = strict.enroll("simpleenroll", "STRICT", "strict");
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.body())
          .contains("linking of identity and proof-of-possession is required");
      byte[] wishes =
          Base64.getDecoder().decode(strict.curl(null, strict.est("csrattrs")).body());
      assertThat(HexFormat.of().formatHex(wishes))
          .contains("06092a864886f70d010907", EST_IDENTITY_LINKING_DER);
    }
  }

  private static SSLContext context(TestPki.Credential idevid, String protocol) throws Exception {
    Provider conscrypt = Conscrypt.newProvider();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        "device", idevid.key(), new char[0], idevid.chain().toArray(Certificate[]::new));
    keys.setCertificateEntry("root", service.authorities.root());
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("SunX509");
    keyManagers.init(keys, new char[0]);
    TrustManagerFactory trustManagers = TrustManagerFactory.getInstance("PKIX");
    trustManagers.init(keys);
    SSLContext context = SSLContext.getInstance(protocol, conscrypt);
    context.init(
        keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), new SecureRandom());
    return context;
  }

  private static SSLSocketFactoryCreator creator(SSLContext context) {
    return new SSLSocketFactoryCreator() {
      @Override
      public SSLSocketFactory createFactory() {
        return context.getSocketFactory();
      }

      @Override
      public boolean isTrusted() {
        return true;
      }
    };
  }

  private static final class TlsUnique implements ChannelBindingProvider {
    @Override
    public boolean canAccessChannelBinding(Socket socket) {
      return socket instanceof SSLSocket;
    }

    @Override
    public byte[] getChannelBinding(Socket socket, String binding) {
      return binding.equals("tls-unique") ? Conscrypt.getTlsUnique((SSLSocket) socket) : null;
    }
  }
}
