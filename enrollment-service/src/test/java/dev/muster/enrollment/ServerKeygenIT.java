/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.KeyAgreeRecipientInformation;
import org.bouncycastle.cms.KeyTransRecipientInformation;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Keys that the server makes, taken apart by openssl and BouncyCastle. */
class ServerKeygenIT {
  private static final String AES_256_CBC = "2.16.840.1.101.3.4.1.42";
  private static final String AES_256_WRAP = "2.16.840.1.101.3.4.1.45";
  private static final String RSA_OAEP = "1.2.840.113549.1.1.7";

  private static final DeviceProfile RSA_ALONE =
      new DeviceProfile("rsa-alone", Duration.ofDays(10), List.of(KeyKind.RSA), List.of());

  @TempDir
  static Path folder;

  static RunningService service;

  @BeforeAll
  static void start() {
    service = serving(folder, ServerKeygen.PLAIN);
  }

  private static RunningService serving(Path folder, ServerKeygen choice) {
    RunningService service = new RunningService(
        folder,
        config -> RunningService.with(
            RunningService.with(
                config,
                new AdmissionConfig(
                    new FleetName("default"), false, List.of(RSA_ALONE), false, choice)),
            CoapsConfig.on("127.0.0.1", 0)));
    service.addManufacturer("acme", service.factory, "auto");
    return service;
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** The parts of an answer: media type and DER of each. */
  private record Part(String type, byte[] der) {
    static List<Part> of(RunningService.Http answer) {
      assertThat(answer.status()).as(answer.body()).isEqualTo(200);
      String type = answer.header("Content-Type").orElseThrow();
      assertThat(type).startsWith("multipart/mixed; boundary=");
      String boundary = type.substring(type.indexOf('=') + 1);
      assertThat(answer.body()).endsWith("--" + boundary + "--\r\n");
      List<Part> parts = new ArrayList<>();
      for (String part : answer.body().split("--" + boundary + "(--)?\r\n")) {
        if (!part.isEmpty()) {
          String[] halves = part.split("\r\n\r\n", 2);
          assertThat(halves[0]).contains("Content-Transfer-Encoding: base64");
          parts.add(new Part(
              halves[0].lines().findFirst().orElseThrow().substring("Content-Type: ".length()),
              Base64.getDecoder().decode(halves[1].strip())));
        }
      }
      return parts;
    }
  }

  private static X509Certificate certificate(byte[] certsOnly) throws Exception {
    X509CertificateHolder holder = new CMSSignedData(certsOnly)
        .getCertificates()
        .getMatches(null)
        .iterator()
        .next();
    return new JcaX509CertificateConverter().getCertificate(holder);
  }

  private static void assertPair(PrivateKey key, X509Certificate certificate) throws Exception {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key);
    signature.update(new byte[] {1, 2, 3});
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update(new byte[] {1, 2, 3});
    assertThat(signature.verify(signed)).isTrue();
  }

  /** Writes {@code <name>.b64}: a request that names a key to encrypt to. */
  private static void csr(String name, byte[] keyId, String... capabilities) throws Exception {
    KeyPair ignored = TestPki.newKey();
    JcaPKCS10CertificationRequestBuilder builder =
        new JcaPKCS10CertificationRequestBuilder(new X500Name(""), ignored.getPublic());
    builder.addAttribute(PKCSObjectIdentifiers.id_aa.branch("54"), new DEROctetString(keyId));
    if (capabilities.length > 0) {
      ASN1EncodableVector list = new ASN1EncodableVector();
      for (String capability : capabilities) {
        list.add(new DERSequence(new ASN1ObjectIdentifier(capability)));
      }
      builder.addAttribute(
          PKCSObjectIdentifiers.pkcs_9_at_smimeCapabilities, new DERSequence(list));
    }
    byte[] der = builder
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(ignored.getPrivate()))
        .getEncoded();
    service.write(name + ".der", der);
    service.write(name + ".b64", Base64.getEncoder().encodeToString(der));
  }

  private static byte[] keyId(X509Certificate certificate) throws Exception {
    return new JcaX509ExtensionUtils()
        .createSubjectKeyIdentifier(certificate.getPublicKey())
        .getKeyIdentifier();
  }

  @Test
  void est_serverkeygen_plain_isANewKeyWithItsCertificate_whateverTheCsrIsSignedWith()
      throws Exception {
    TestPki.Credential idevid = service.idevid("G-1");
    service.csr("g1", "/");
    byte[] der = service.read("g1.der");
    der[der.length - 1] ^= 1;
    service.write("g1-broken.b64", Base64.getEncoder().encodeToString(der));
    List<Part> parts = Part.of(service.enroll("serverkeygen", "G-1", "g1-broken"));
    assertThat(parts.stream().map(Part::type))
        .containsExactly("application/pkcs8", "application/pkcs7-mime; smime-type=certs-only");
    X509Certificate issued = certificate(parts.get(1).der());
    assertThat(issued.getSubjectX500Principal().getName())
        .isEqualTo("OU=device,O=default,CN=acme-g-1");
    service.write("g1-made.der", parts.get(0).der());
    PeerProgram openssl = PeerProgram.require("openssl");
    String made = openssl
        .run(folder, "pkey", "-inform", "DER", "-in", "g1-made.der", "-pubout")
        .expectSuccess()
        .stdout();
    assertThat(made)
        .isNotEqualTo(openssl.run(folder, "pkey", "-in", "g1.key", "-pubout").stdout());
    assertThat(Base64.getMimeDecoder().decode(made.replaceAll("-----.*-----", "")))
        .isEqualTo(issued.getPublicKey().getEncoded());
    // One answer only: a second key for a device that has a certificate is an operator's matter.
    RunningService.Http again = service.enroll("serverkeygen", "G-1", "g1");
    assertThat(again.status()).isEqualTo(403);
    assertThat(again.body()).contains("serverkeygen: would wait for an operator");
    assertThat(service.get("/devices/acme-g-1").body().getJsonArray("pending")).isEmpty();
    // Nor does a device come in that has another's IDevID's key, and that one's operators hear of
    // it.
    KeyPair keys = new KeyPair(idevid.certificate().getPublicKey(), idevid.key());
    TestPki.write(
        folder, "G-1b", service.factory.issue("SERIALNUMBER=G-1b").key(keys).build());
    assertThat(service.enroll("serverkeygen", "G-1b", "g1").status()).isEqualTo(403);
    assertThat(service.get("/alarms").body().encode())
        .contains("another serial number came with the key of its IDevID");
  }

  @Test
  void est_serverkeygen_generatedKey_isKeptNowhere_andNotLogged() throws Exception {
    service.idevid("G-2");
    service.csr("g2", "/");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Logger everything = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    log.start();
    everything.addAppender(log);
    byte[] key;
    try {
      key = Part.of(service.enroll("serverkeygen", "G-2", "g2")).get(0).der();
    } finally {
      everything.detachAppender(log);
    }
    byte[] secret = ASN1OctetString.getInstance(ASN1Sequence.getInstance(
                PrivateKeyInfo.getInstance(key).parsePrivateKey().toASN1Primitive())
            .getObjectAt(1))
        .getOctets();
    String raw = new String(secret, StandardCharsets.ISO_8859_1);
    try (Stream<Path> files = Files.walk(folder.resolve("db"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(contains(file, raw)).as(file.toString()).isFalse();
      }
    }
    String said = List.copyOf(log.list).stream()
        .map(event ->
            event.getFormattedMessage() + ThrowableProxyUtil.asString(event.getThrowableProxy()))
        .collect(Collectors.joining("\n"));
    BigInteger number = new BigInteger(1, secret);
    assertThat(said)
        .contains("Certificate issued")
        .doesNotContain(raw, Base64.getEncoder().encodeToString(key))
        .doesNotContain(Base64.getEncoder().encodeToString(secret), number.toString())
        .doesNotContainIgnoringCase(number.toString(16));
  }

  private static boolean contains(Path file, String text) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1).contains(text);
  }

  @Test
  void est_serverkeygen_encryptedToARsaIdevid_isTransportedSignedByTheServer() throws Exception {
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(2048);
    TestPki.Credential idevid = service
        .factory
        .issue("CN=Widget,SERIALNUMBER=G-3")
        .withoutUsages()
        .key(rsa.generateKeyPair())
        .build();
    TestPki.write(folder, "G-3", idevid);
    byte[] id = keyId(idevid.certificate());
    csr("g3", id, RSA_OAEP, AES_256_CBC);
    List<Part> parts = Part.of(service.enroll("serverkeygen", "G-3", "g3"));
    assertThat(parts.get(0).type())
        .isEqualTo("application/pkcs7-mime; smime-type=server-generated-key");
    RecipientInformation recipient = recipient(parts.get(0).der());
    assertThat(recipient).isInstanceOf(KeyTransRecipientInformation.class);
    assertThat(recipient.getKeyEncryptionAlgOID()).isEqualTo(RSA_OAEP);
    PrivateKey made = open(
        recipient,
        new JceKeyTransEnvelopedRecipient(idevid.key()).setProvider(new BouncyCastleProvider()));
    assertPair(made, certificate(parts.get(1).der()));
  }

  @Test
  void est_serverkeygen_encryptedToAnEcIdevid_isAgreedUpon() throws Exception {
    TestPki.Credential idevid = service.idevid("G-4");
    csr("g4", keyId(idevid.certificate()), AES_256_CBC, AES_256_WRAP);
    List<Part> parts = Part.of(service.enroll("serverkeygen", "G-4", "g4"));
    RecipientInformation recipient = recipient(parts.get(0).der());
    assertThat(recipient).isInstanceOf(KeyAgreeRecipientInformation.class);
    PrivateKey made = open(
        recipient,
        new JceKeyAgreeEnvelopedRecipient(idevid.key()).setProvider(new BouncyCastleProvider()));
    assertPair(made, certificate(parts.get(1).der()));
  }

  /** RFC 9148, 4.8: format 280 says that the key is encrypted, also over DTLS. */
  @ParameterizedTest
  @CsvSource({"skg, 281", "skc, 287"})
  void estCoaps_serverkeygen_encryptedToAnEcIdevid_isOfFormat280(String resource, int format)
      throws Exception {
    TestPki.Credential idevid = service.idevid(resource);
    csr(resource, keyId(idevid.certificate()), AES_256_CBC, AES_256_WRAP);
    try (CoapDevice device = new CoapDevice(service, idevid)) {
      Response answer = device.post("/est/" + resource, service.read(resource + ".der"));
      assertThat(answer.getCode()).as(answer.toString()).isEqualTo(ResponseCode.CHANGED);
      assertThat(answer.getOptions().getContentFormat()).isEqualTo(62);
      ByteBuffer multipart = ByteBuffer.wrap(answer.getPayload());
      assertThat(multipart.get()).as("array(4)").isEqualTo((byte) 0x84);
      byte[] envelope = part(multipart, 280);
      byte[] certificate = part(multipart, format);
      assertThat(multipart.hasRemaining()).isFalse();
      PrivateKey made = open(
          recipient(envelope),
          new JceKeyAgreeEnvelopedRecipient(idevid.key()).setProvider(new BouncyCastleProvider()));
      assertPair(
          made,
          format == 281
              ? certificate(certificate)
              : new JcaX509CertificateConverter()
                  .getCertificate(new X509CertificateHolder(certificate)));
    }
  }

  /** An unsigned and bytes, of more than 255 each. */
  private static byte[] part(ByteBuffer multipart, int format) {
    assertThat(multipart.get()).as("unsigned").isEqualTo((byte) 0x19);
    assertThat(multipart.getShort()).isEqualTo((short) format);
    assertThat(multipart.get()).as("bytes").isEqualTo((byte) 0x59);
    byte[] content = new byte[multipart.getShort()];
    multipart.get(content);
    return content;
  }

  @Test
  void estCoaps_serverkeygen_underAKeyThatIsUnknown_is400() throws Exception {
    csr("lost", HexFormat.of().parseHex("00112233"), AES_256_CBC, AES_256_WRAP);
    try (CoapDevice device = new CoapDevice(service, service.idevid("G-10"))) {
      Response answer = device.post("/est/skg", service.read("lost.der"));
      assertThat(answer.getCode()).isEqualTo(ResponseCode.BAD_REQUEST);
      assertThat(answer.getPayloadString()).startsWith("asymmetricDecryptKeyIdentifier");
    }
  }

  @Test
  void est_serverkeygen_unknownOrUnfitKey_is400() throws Exception {
    TestPki.Credential idevid = service.idevid("G-5");
    csr("unknown", HexFormat.of().parseHex("00112233"), AES_256_CBC, AES_256_WRAP);
    csr("speechless", keyId(idevid.certificate()));
    csr("outdated", keyId(idevid.certificate()), "1.2.840.113549.3.7");
    for (String[] row : new String[][] {
      {"unknown", "asymmetricDecryptKeyIdentifier"},
      {"speechless", "SMIMECapabilities"},
      {"outdated", "SMIMECapabilities"}
    }) {
      RunningService.Http answer = service.enroll("serverkeygen", "G-5", row[0]);
      assertThat(answer.status()).as(row[0]).isEqualTo(400);
      assertThat(answer.body()).as(row[0]).startsWith(row[1]);
    }
    // A key that may only sign does not encrypt; nothing was issued on the way to here.
    TestPki.Credential signing = service.factory.issue("SERIALNUMBER=G-6").build();
    TestPki.write(folder, "G-6", signing);
    csr("signing", keyId(signing.certificate()), AES_256_CBC, AES_256_WRAP);
    assertThat(service.enroll("serverkeygen", "G-6", "signing").body()).contains("key usage");
    assertThat(service.get("/devices/acme-g-5").status()).isEqualTo(404);
  }

  @Test
  void est_serverkeygen_withLdevid_renews() throws Exception {
    service.idevid("G-7");
    X509Certificate first = service.enrolled("G-7", "g7");
    service.csr("g7-next", "/");
    List<Part> parts = Part.of(service.enroll("serverkeygen", "g7", "g7-next"));
    X509Certificate next = certificate(parts.get(1).der());
    assertThat(next.getSubjectX500Principal()).isEqualTo(first.getSubjectX500Principal());
    assertThat(next.getPublicKey()).isNotEqualTo(first.getPublicKey());
  }

  /** It goes on under the profile of what it renews, also where no label names that. */
  @Test
  void est_serverkeygen_renewal_isOfTheKindOfKeyThatItsProfileWants() throws Exception {
    service.idevid("G-8");
    service.csr("g8", "/");
    List<Part> parts = Part.of(service.enroll("rsa-alone/serverkeygen", "G-8", "g8"));
    PrivateKey key = KeyFactory.getInstance("RSA")
        .generatePrivate(new PKCS8EncodedKeySpec(parts.get(0).der()));
    X509Certificate issued = certificate(parts.get(1).der());
    TestPki.write(folder, "g8-rsa", new TestPki.Credential(key, issued, List.of()));
    List<Part> renewed = Part.of(service.enroll("serverkeygen", "g8-rsa", "g8"));
    assertThat(certificate(renewed.get(1).der()).getPublicKey().getAlgorithm()).isEqualTo("RSA");
  }

  /** Whoever only says that he renews waits with newcomers, and keeps nobody from renewing. */
  @Test
  void est_renewals_withAndWithoutServerkeygen_haveWorkersThatOthersDoNotGet() {
    service.idevid("G-10");
    service.enrolled("G-10", "g10");
    TestPki.write(folder, "stranger", TestPki.root("CN=x").issue("CN=y").build());
    TestPki.Credential namesake =
        TestPki.root(service.authorities.deviceCa().getSubjectX500Principal().getName());
    TestPki.write(
        folder, "namesake", namesake.issue("OU=device,O=default,CN=acme-g-10").build());
    service.csr("g10-next", "/");
    double renewals = workDone("renewal");
    double enrollments = workDone("enrollment");
    for (String other : List.of("G-10", "stranger", "namesake")) {
      assertThat(service.enroll("simplereenroll", other, "g10-next").status()).isIn(401, 403);
      assertThat(service.enroll("serverkeygen", other, "g10-next").status()).isIn(401, 403);
    }
    await().until(() -> workDone("enrollment") == enrollments + 6);
    assertThat(service.enroll("simplereenroll", "g10", "g10-next").status()).isEqualTo(200);
    assertThat(service.enroll("serverkeygen", "g10", "g10-next").status()).isEqualTo(200);
    await().until(() -> workDone("renewal") == renewals + 2);
    assertThat(workDone("enrollment")).isEqualTo(enrollments + 6);
  }

  private static double workDone(String lane) {
    return service
        .meters
        .get("muster.enrollment.work.done")
        .tag("lane", lane)
        .functionCounter()
        .count();
  }

  @Test
  void est_serverkeygen_withoutCertificate_is401_andOtherNamesAre400() {
    service.idevid("G-8");
    service.csr("g8", "/CN=acme-g-9");
    assertThat(service.enroll("serverkeygen", null, "g8").status()).isEqualTo(401);
    assertThat(service.enroll("serverkeygen", "G-8", "g8").status()).isEqualTo(400);
  }

  @Test
  void est_serverkeygen_offOrEncryptedOnly_givesNoPlainKey(
      @TempDir Path off, @TempDir Path sealed) {
    try (RunningService without = serving(off, ServerKeygen.NEVER)) {
      without.idevid("G-9");
      without.csr("g9", "/");
      assertThat(without.enroll("serverkeygen", "G-9", "g9").status()).isEqualTo(404);
    }
    try (RunningService strict = serving(sealed, ServerKeygen.ENCRYPTED)) {
      strict.idevid("G-9");
      strict.csr("g9", "/");
      RunningService.Http answer = strict.enroll("serverkeygen", "G-9", "g9");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).startsWith("asymmetricDecryptKeyIdentifier: absent");
      assertThat(strict.get("/devices").body().getJsonArray("devices")).isEmpty();
    }
  }

  private static RecipientInformation recipient(byte[] envelope) throws Exception {
    return new CMSEnvelopedData(envelope).getRecipientInfos().iterator().next();
  }

  private static PrivateKey open(RecipientInformation recipient, Recipient with) throws Exception {
    CMSSignedData signed = new CMSSignedData(new ContentInfo(
        PKCSObjectIdentifiers.signedData, ASN1Sequence.getInstance(recipient.getContent(with))));
    SignerInformation signer = signed.getSignerInfos().iterator().next();
    X509CertificateHolder server = signed.getCertificates().getMatches(null).stream()
        .filter(certificate -> signer.getSID().match(certificate))
        .findFirst()
        .orElseThrow();
    assertThat(signer.verify(new JcaSimpleSignerInfoVerifierBuilder().build(server)))
        .isTrue();
    assertThat(server.getSubject().toString()).contains("OU=server");
    assertThat(signed.getSignedContentTypeOID()).isEqualTo("2.16.840.1.101.2.1.2.78.5");
    ASN1Encodable key = ASN1Sequence.getInstance(
            (byte[]) signed.getSignedContent().getContent())
        .getObjectAt(0);
    return new JcaPEMKeyConverter().getPrivateKey(PrivateKeyInfo.getInstance(key));
  }
}
