/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.protocol.est.KeyWish;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTException;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.ESTServiceBuilder;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** EST clients that we did not write: strongSwan's and BouncyCastle's. */
class EstPeersIT {
  private static final char[] NO_PASSWORD = {};
  private static final Duration SHORT_LIFE = Duration.ofHours(72);
  private static final X500Name NO_NAME = new X500Name(new RDN[0]);

  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    DeviceProfile shortLived =
        new DeviceProfile("short", SHORT_LIFE, List.of(KeyKind.P256), List.of());
    service = new RunningService(
        folder,
        config -> RunningService.with(
            config,
            new AdmissionConfig(
                new FleetName("default"), false, List.of(shortLived), false, ServerKeygen.PLAIN)));
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** With strongSwan's own plugins; a P-256 key needs that of openssl. */
  private static PeerProgram pki() {
    return PeerProgram.require("pki", "--gen", "--type", "ecdsa", "--size", "256");
  }

  private static String origin() {
    return "https://localhost:" + service.service().estPort();
  }

  @Test
  void est_cacerts_strongswan_fetchesAllCas() throws IOException {
    pki()
        .run(
            folder,
            "--estca",
            "--url",
            origin(),
            "--cacert",
            "root.pem",
            "--caout",
            "swan-ca.pem",
            "--outform",
            "pem",
            "--force")
        .expectSuccess();
    List<X509Certificate> fetched = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "swan-ca*.pem")) {
      for (Path file : files) {
        fetched.addAll(Pem.certificates(Files.readString(file)));
      }
    }
    assertThat(fetched)
        .containsExactlyInAnyOrder(
            service.authorities.root(),
            service.authorities.deviceCa(),
            service.authorities.serviceCa());
  }

  @Test
  void est_simplereenroll_strongswan_renews() {
    service.idevid("SWAN-1");
    X509Certificate first = service.enrolled("SWAN-1", "swan");
    service.csr("swan-next", "/CN=acme-swan-1/O=default/OU=device");
    PeerProgram.Result result = pki()
        .run(
            folder,
            "--est",
            "--url",
            origin(),
            "--in",
            "swan-next.der",
            "--cacert",
            "root.pem",
            "--cert",
            "swan.pem",
            "--key",
            "swan.key",
            "--outform",
            "pem")
        .expectSuccess();
    X509Certificate renewed = Pem.certificates(result.stdout()).get(0);
    assertThat(renewed.getSubjectX500Principal()).isEqualTo(first.getSubjectX500Principal());
    assertThat(renewed.getPublicKey()).isNotEqualTo(first.getPublicKey());
  }

  @Test
  void est_simpleenroll_strongswanWithClaimToken_enrollsWithoutCertificate() {
    String token = claimToken("SWAN-2");
    service.csr("swan2", "/CN=SWAN-2");
    PeerProgram.Result result = pki()
        .run(
            folder,
            "--est",
            "--url",
            origin(),
            "--in",
            "swan2.der",
            "--cacert",
            "root.pem",
            "--userpass",
            "device:" + token,
            "--outform",
            "pem")
        .expectSuccess();
    assertThat(
            Pem.certificates(result.stdout()).get(0).getSubjectX500Principal().getName())
        .isEqualTo("OU=device,O=default,CN=acme-swan-2");
  }

  private static String claimToken(String serial) {
    return service
        .post("/claims", new JsonObject().put("manufacturer", "acme").put("serial", serial))
        .body()
        .getJsonArray("claims")
        .getJsonObject(0)
        .getString("token");
  }

  @Test
  void est_cacerts_bouncyCastle_getsRootAndIssuingCas() throws Exception {
    Collection<X509CertificateHolder> cas =
        bouncyCastle(null).getCACerts().getCertificateStore().getMatches(null);
    assertThat(cas.stream().map(X509CertificateHolder::getSubject))
        .contains(
            new X500Name(service.authorities.root().getSubjectX500Principal().getName()));
    assertThat(cas).hasSizeGreaterThanOrEqualTo(3);
  }

  @Test
  void est_csrattrs_bouncyCastle_readsTheKeyWanted() throws Exception {
    assertThat(bouncyCastle(null)
            .getCSRAttributes()
            .getAttributesResponse()
            .hasRequirement(new ASN1ObjectIdentifier(KeyWish.EC)))
        .isTrue();
  }

  @Test
  void est_simpleenroll_bouncyCastle_enrollsAndRenews() throws Exception {
    TestPki.Credential idevid = service.idevid("BC-1");
    KeyPair firstKey = TestPki.newKey();
    X509Certificate first =
        issued(bouncyCastle(idevid).simpleEnroll(false, request(NO_NAME, firstKey), null));
    assertThat(first.getPublicKey()).isEqualTo(firstKey.getPublic());
    TestPki.Credential ldevid = new TestPki.Credential(
        firstKey.getPrivate(), first, List.of(service.authorities.deviceCa()));
    KeyPair nextKey = TestPki.newKey();
    X500Name same = X500Name.getInstance(first.getSubjectX500Principal().getEncoded());
    X509Certificate next =
        issued(bouncyCastle(ldevid).simpleEnroll(true, request(same, nextKey), null));
    assertThat(next.getPublicKey()).isEqualTo(nextKey.getPublic());
    assertThat(next.getSubjectX500Principal().getEncoded())
        .isEqualTo(first.getSubjectX500Principal().getEncoded());
  }

  @Test
  void est_simpleenroll_bouncyCastle_waitsAndIsServedAfterApproval() throws Exception {
    TestPki.Credential maker = TestPki.root("O=Slow,CN=Slow CA");
    service.addManufacturer("slow", maker, "manual");
    TestPki.Credential idevid = maker.issue("SERIALNUMBER=BC-2").build();
    PKCS10CertificationRequest request =
        request(new X500Name("SERIALNUMBER=BC-2"), TestPki.newKey());
    EnrollmentResponse waiting = bouncyCastle(idevid).simpleEnroll(false, request, null);
    assertThat(waiting.isCompleted()).isFalse();
    assertThat(waiting.getNotBefore()).isGreaterThan(System.currentTimeMillis());
    service.post("/devices/slow-bc-2/approve", new JsonObject());
    issued(bouncyCastle(idevid).simpleEnroll(false, request, null));
  }

  @Test
  void est_simpleenroll_bouncyCastle_isToldOfARefusalAfterWaiting() throws Exception {
    TestPki.Credential maker = TestPki.root("O=Strict,CN=Strict CA");
    service.addManufacturer("strict", maker, "manual");
    ESTService client = bouncyCastle(maker.issue("SERIALNUMBER=BC-3").build());
    PKCS10CertificationRequest request = request(NO_NAME, TestPki.newKey());
    assertThat(client.simpleEnroll(false, request, null).isCompleted()).isFalse();
    service.post("/devices/strict-bc-3/refuse", new JsonObject().put("reason", "not ours"));
    assertThatThrownBy(() -> client.simpleEnroll(false, request, null))
        .isInstanceOfSatisfying(ESTException.class, refused -> {
          assertThat(refused.getStatusCode()).isEqualTo(403);
          assertThat(refused.getBody()).asString(UTF_8).contains("not ours");
        });
  }

  @Test
  void est_simpleenroll_bouncyCastleWithClaimToken_isLetInOnce() throws Exception {
    ESTAuth claim = new JcaHttpAuthBuilder("device", claimToken("BC-4").toCharArray()).build();
    ESTService client = bouncyCastle(null);
    X509Certificate issued =
        issued(client.simpleEnroll(false, request(NO_NAME, TestPki.newKey()), claim));
    assertThat(issued.getSubjectX500Principal().getName())
        .isEqualTo("OU=device,O=default,CN=acme-bc-4");
    PKCS10CertificationRequest another = request(NO_NAME, TestPki.newKey());
    assertThatThrownBy(() -> client.simpleEnroll(false, another, claim))
        .isInstanceOfSatisfying(
            ESTException.class, refused -> assertThat(refused.getStatusCode()).isEqualTo(401));
  }

  @Test
  void est_simpleenroll_bouncyCastleWithLabel_getsThatProfile() throws Exception {
    ESTService client = builder(service.idevid("BC-5")).withLabel("short").build();
    X509Certificate issued =
        issued(client.simpleEnroll(false, request(NO_NAME, TestPki.newKey()), null));
    assertThat(issued.getNotAfter().toInstant()).isBeforeOrEqualTo(Instant.now().plus(SHORT_LIFE));
    assertThat(client.getCACerts().getCertificateStore().getMatches(null)).isNotEmpty();
  }

  @Test
  void est_serverkeygen_bouncyCastle_getsAKeyAndItsCertificate() throws Exception {
    EnrollmentResponse answer = bouncyCastle(service.idevid("BC-6"))
        .simpleEnrollWithServersideCreation(request(NO_NAME, TestPki.newKey()), null);
    X509Certificate issued = issued(answer);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(new JcaPEMKeyConverter().getPrivateKey(answer.getPrivateKeyInfo()));
    byte[] signed = signature.sign();
    signature.initVerify(issued.getPublicKey());
    assertThat(signature.verify(signed))
        .as("the key is that of the certificate")
        .isTrue();
  }

  private static X509Certificate issued(EnrollmentResponse response) throws Exception {
    assertThat(response.isCompleted()).isTrue();
    Collection<X509CertificateHolder> certificates = response.getStore().getMatches(null);
    assertThat(certificates).hasSize(1);
    return new JcaX509CertificateConverter()
        .getCertificate(certificates.iterator().next());
  }

  private static PKCS10CertificationRequest request(X500Name subject, KeyPair keys)
      throws Exception {
    return new JcaPKCS10CertificationRequestBuilder(subject, keys.getPublic())
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
  }

  private static X509TrustManager trustManager() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    store.setCertificateEntry("root", service.authorities.root());
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  private static ESTService bouncyCastle(TestPki.@Nullable Credential client) throws Exception {
    return builder(client).build();
  }

  private static ESTServiceBuilder builder(TestPki.@Nullable Credential client) throws Exception {
    JsseESTServiceBuilder builder =
        new JsseESTServiceBuilder("localhost:" + service.service().estPort(), trustManager());
    builder.addCipherSuites(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites());
    builder.withTLSVersion("TLS");
    if (client != null) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, NO_PASSWORD);
      store.setKeyEntry(
          "client", client.key(), NO_PASSWORD, client.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory keys =
          JcaJceUtils.createKeyManagerFactory("PKIX", null, store, NO_PASSWORD);
      builder.withKeyManagers(keys.getKeyManagers());
    }
    return builder;
  }
}
