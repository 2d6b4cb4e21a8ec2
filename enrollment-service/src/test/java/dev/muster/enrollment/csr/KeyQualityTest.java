/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.testing.TestPki;
import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.nist.NISTNamedCurves;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.math.ec.ECPoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys that nobody gets a certificate for, each told apart cheaply and by name. */
class KeyQualityTest {
  private static final long MAX_CPU_MS = 50;
  private static final BigInteger F4 = BigInteger.valueOf(65537);
  private static final AlgorithmIdentifier ECDSA =
      new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);

  /**
   * A product of two primes of the form k * M + (65537^a mod M), where M is the product of the
   * first 126 primes: made for this test by the recipe of the flawed library.
   */
  private static final BigInteger ROCA = new BigInteger(
      "92df9780d3ee26cd262d3c30cbbb4844904774ce83365729406524e4c3d7cb2100fcd9d1ec35"
          + "eeb4d7943d5dcb7194fcb9942de82cfe77a87b4fff41355af675cb28b8b5929e646961602726"
          + "010318dbf4f5cd074ca5a74d77c72528cdb4a673beb5a4eb09d53955b935fdec148837e965a1"
          + "b404c34f763fbc8815f2fbb721700046bd533d7aae2d34cd89e0ce5c085b9ebe514ec803b8f4"
          + "9470c92d94368764afa67697fe7b266d8b841d0ee3b2ed9e25310e3885a0cb036704c0f403e3"
          + "f13ee83e2402917302443a55ac626486698117bfda6caf7a7e514c75a1b7d195534e842e4816"
          + "d5601dd004b6ebd14f33e76414ed91a7d133b5f4ce20a4d8cdaf0390420dcde79baf126a48aa"
          + "d7f99c9c0f697f8c71db9d20c059de155c9c44a1ad395516e3607dfba66257649279ed5a603e"
          + "68eaec767ad9fc9543d608f7e6e56c9532e8a2e8d3956ab580def700bff604f1eb2aea7bd74d"
          + "21a31472500994c2ff1032462dab477790b23781c5a67db2ce4ab0120375010e882c0d05801a"
          + "f0f69ac9",
      16);

  private final CsrVerifier verifier = new CsrVerifier();

  /** A key, and a word of the refusal that it must get. */
  record Weak(String name, SubjectPublicKeyInfo key, String word) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Weak rsa(String name, BigInteger modulus, BigInteger exponent, String word) {
    return new Weak(
        name,
        key(
            PKCSObjectIdentifiers.rsaEncryption,
            DERNull.INSTANCE,
            RawCsr.der(new RSAPublicKey(modulus, exponent))),
        word);
  }

  private static SubjectPublicKeyInfo key(
      ASN1ObjectIdentifier algorithm, ASN1Encodable parameters, byte[] key) {
    return new SubjectPublicKeyInfo(new AlgorithmIdentifier(algorithm, parameters), key);
  }

  private static Weak ec(String name, ASN1Encodable parameters, byte[] point, String word) {
    return new Weak(name, key(X9ObjectIdentifiers.id_ecPublicKey, parameters, point), word);
  }

  private static Weak ed25519(String name, String hex, String word) {
    byte[] point = HexFormat.of().parseHex(hex);
    return new Weak(name, key(EdECObjectIdentifiers.id_Ed25519, null, point), word);
  }

  private static Weak published(String place, String spki) {
    byte[] der = Base64.getDecoder().decode(spki);
    return new Weak(place, SubjectPublicKeyInfo.getInstance(der), place);
  }

  static Stream<Weak> rsaKeys() {
    Random random = new Random(11);
    BigInteger p = BigInteger.probablePrime(1536, random);
    BigInteger far = BigInteger.probablePrime(1536, random);
    BigInteger good = p.multiply(far).setBit(3071);
    BigInteger next = p.nextProbablePrime();
    BigInteger nextAfter = next.add(BigInteger.TWO.pow(700)).nextProbablePrime();
    BigInteger smallFactor =
        new BigInteger(3060, random).setBit(3059).setBit(0).multiply(BigInteger.valueOf(8191));
    return Stream.of(
        rsa("RSA 512", new BigInteger(512, random).setBit(511), F4, "512 bits"),
        rsa("RSA 1024", new BigInteger(1024, random).setBit(1023), F4, "1024 bits"),
        rsa("RSA 16384", new BigInteger(16384, random).setBit(16383), F4, "16384 bits"),
        rsa("e = 1", good, BigInteger.ONE, "exponent"),
        rsa("e = 3", good, BigInteger.valueOf(3), "exponent"),
        rsa("e even", good, BigInteger.valueOf(65538), "exponent"),
        rsa("e huge", good, BigInteger.ONE.shiftLeft(64).setBit(0), "exponent"),
        rsa("e negative", good, F4.negate(), "exponent"),
        rsa("modulus even", good.clearBit(0), F4, "modulus"),
        rsa("modulus negative", good.negate(), F4, "modulus"),
        rsa("small factor", smallFactor, F4, "small factor"),
        rsa("a square", p.multiply(p), F4, "close primes"),
        rsa("neighbouring primes", p.multiply(next), F4, "close primes"),
        rsa("close primes", p.multiply(nextAfter), F4, "close primes"),
        rsa("ROCA", ROCA, F4, "CVE-2017-15361"),
        new Weak(
            "no parameters",
            key(PKCSObjectIdentifiers.rsaEncryption, null, RawCsr.der(new RSAPublicKey(good, F4))),
            "NULL"),
        new Weak(
            "a longer length inside",
            key(
                PKCSObjectIdentifiers.rsaEncryption,
                DERNull.INSTANCE,
                longer(RawCsr.der(new RSAPublicKey(good, F4)))),
            "cannot be read"),
        new Weak(
            "RSA-PSS",
            key(
                PKCSObjectIdentifiers.id_RSASSA_PSS,
                DERNull.INSTANCE,
                RawCsr.der(new RSAPublicKey(good, F4))),
            "algorithm"));
  }

  /** 30 82 xx yy as 30 83 00 xx yy, which is BER and no DER. */
  private static byte[] longer(byte[] der) {
    byte[] longer = new byte[der.length + 1];
    longer[0] = der[0];
    longer[1] = (byte) 0x83;
    System.arraycopy(der, 2, longer, 3, der.length - 2);
    return longer;
  }

  static Stream<Weak> ecKeys() {
    X9ECParameters p256 = NISTNamedCurves.getByOID(SECObjectIdentifiers.secp256r1);
    byte[] point = p256.getG().multiply(BigInteger.valueOf(12345)).getEncoded(false);
    byte[] offCurve = point.clone();
    offCurve[64] ^= 1;
    byte[] beyondField = point.clone();
    Arrays.fill(beyondField, 1, 33, (byte) 0xff);
    ECPoint zero = p256.getCurve().decodePoint(HexFormat.of().parseHex("02" + "00".repeat(32)));
    ASN1ObjectIdentifier name = SECObjectIdentifiers.secp256r1;
    return Stream.of(
        ec("secp256k1", SECObjectIdentifiers.secp256k1, point, "curve"),
        ec("P-192", SECObjectIdentifiers.secp192r1, new byte[49], "curve"),
        ec("a binary field", SECObjectIdentifiers.sect233k1, new byte[61], "curve"),
        ec("explicit parameters", p256.toASN1Primitive(), point, "named curve"),
        ec("implicit parameters", DERNull.INSTANCE, point, "named curve"),
        ec("empty parameters", new DERSequence(), point, "named curve"),
        ec("compressed", name, p256.getG().getEncoded(true), "uncompressed"),
        ec("infinity", name, new byte[1], "uncompressed"),
        ec("cut short", name, Arrays.copyOf(point, 64), "uncompressed"),
        ec("off its curve", name, offCurve, "not on its curve"),
        ec("beyond its field", name, beyondField, "not on its curve"),
        ec("x = 0", name, zero.getEncoded(false), "x = 0"),
        ec("private key 1", name, p256.getG().getEncoded(false), "base point"),
        ec("private key -1", name, p256.getG().negate().getEncoded(false), "base point"),
        new Weak(
            "unused bits",
            SubjectPublicKeyInfo.getInstance(new DERSequence(new ASN1Encodable[] {
              new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, name),
              new DERBitString(Arrays.copyOf(point, 66), 7)
            })),
            "unused bits"));
  }

  static Stream<Weak> ed25519Keys() {
    return Stream.of(
        ed25519("order 1", "01" + "00".repeat(31), "prime order"),
        ed25519("order 2", "ec" + "ff".repeat(30) + "7f", "prime order"),
        ed25519("order 4", "00".repeat(32), "prime order"),
        ed25519(
            "order 8",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "prime order"),
        ed25519("not canonical", "ee" + "ff".repeat(30) + "7f", "prime order"),
        ed25519("no point", "02" + "00".repeat(31), "prime order"),
        ed25519("33 bytes", "00".repeat(33), "length"),
        new Weak(
            "parameters",
            key(EdECObjectIdentifiers.id_Ed25519, DERNull.INSTANCE, new byte[32]),
            "parameters"),
        new Weak(
            "ML-DSA-44",
            key(new ASN1ObjectIdentifier("2.16.840.1.101.3.4.3.17"), null, new byte[1312]),
            "algorithm"),
        new Weak("Ed448", key(EdECObjectIdentifiers.id_Ed448, null, new byte[57]), "algorithm"));
  }

  /** As the texts print them. */
  static Stream<Weak> publishedKeys() {
    return Stream.of(
        published(
            "RFC 9500, 2.3",
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71vc75eSOkyMsxFxbFsTNEM"
                + "TLjVuKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg=="),
        published(
            "RFC 9500, 2.3",
            "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEWwkBuIUjKW65GdUP+hqcs3S8TUCVhigr/soRsdla27VHNK9XC/gr"
                + "cijPImvPTCXdvP47GjrTlDDv92Ph1o0uFR2Rcgt3lbWNprNGOWE6j7m1qNpIxnRxF/mRnoQk837I"),
        published("RFC 8410, 10.3", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
        ed25519(
            "RFC 8032, 7.1",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "RFC 8032, 7.1"),
        ec(
            "RFC 6979, A.2.5",
            SECObjectIdentifiers.secp256r1,
            HexFormat.of()
                .parseHex("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                    + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
            "RFC 6979, A.2.5"));
  }

  static Stream<Weak> weakKeys() {
    return Stream.of(rsaKeys(), ecKeys(), ed25519Keys(), publishedKeys()).flatMap(keys -> keys);
  }

  @ParameterizedTest
  @MethodSource("weakKeys")
  void weakKey_isRefusedByNameWithin50MsOfCpu(Weak weak) {
    byte[] csr = RawCsr.of(weak.key()).with(ECDSA, new byte[] {1});
    // Twice: what loading classes costs is paid once in the life of a service.
    verifier.verify(csr);
    long begin = cpuMs();
    CsrCheck check = verifier.verify(csr);
    assertThat(cpuMs() - begin).isLessThan(MAX_CPU_MS);
    assertThat(check).isInstanceOf(CsrCheck.Refused.class);
    CsrCheck.Refused refused = (CsrCheck.Refused) check;
    assertThat(refused.field()).isEqualTo("publicKey");
    assertThat(refused.detail()).contains(weak.word()).contains("expected");
  }

  private static long cpuMs() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1_000_000;
  }

  @Test
  void honestRsaKeys_pass() {
    for (int i = 0; i < 5; i++) {
      KeyPair keys = RawCsr.keys("RSA", "", 2048);
      assertThat(CertificateKeys.weakness(keys.getPublic())).isEmpty();
    }
  }

  @Test
  void publishedKeyInAnIdevid_isWeakToo() {
    // RFC 9500, 2.1: testRSA2048, short enough for no certificate of ours.
    assertThat(PublishedKeys.place(
            new Fingerprint("8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878")))
        .hasValueSatisfying(place -> assertThat(place).contains("testRSA2048"));
  }

  @Test
  void blockedKey_isRefused() {
    KeyPair keys = TestPki.newKey();
    Fingerprint blocked = Fingerprint.of(keys.getPublic());
    RawCsr request = RawCsr.of(keys);
    byte[] csr = request.with(ECDSA, request.sign(keys, "SHA256withECDSA"));
    assertThat(verifier.verify(csr)).isInstanceOf(CsrCheck.Accepted.class);
    CsrCheck check = new CsrVerifier(CryptoProviders.fastest(), blocked::equals).verify(csr);
    assertThat(check)
        .isInstanceOfSatisfying(
            CsrCheck.Refused.class,
            refused -> assertThat(refused.message()).startsWith("publicKey: ").contains("blocked"));
  }

  @TempDir
  Path folder;

  @Test
  void blockedKeysFile_isReadAgainWhenItChanges_andKeptWhenItCannotBeRead() throws Exception {
    Fingerprint first = Fingerprint.of(TestPki.newKey().getPublic());
    Fingerprint second = Fingerprint.of(TestPki.newKey().getPublic());
    Path file = folder.resolve("blocked.txt");
    Files.writeString(file, "# leaked in March\n\n" + first.hex().toUpperCase() + "  # a remark\n");
    BlockedKeysFile blocked = new BlockedKeysFile(file);
    assertThat(blocked.contains(first)).isTrue();
    assertThat(blocked.contains(second)).isFalse();
    assertThat(blocked.refresh()).isFalse();

    Files.writeString(file, first.hex() + "\n" + second.hex() + "\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
    assertThat(blocked.refresh()).isTrue();
    assertThat(blocked.contains(second)).isTrue();

    Files.writeString(file, first.hex() + "\nnonsense\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(10)));
    assertThatThrownBy(blocked::refresh).hasMessageContaining("line 2").hasMessageContaining("64");
    Files.delete(file);
    assertThatThrownBy(blocked::refresh).hasMessageContaining("cannot be read");
    assertThat(blocked.size()).isEqualTo(2);
  }
}
