/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.registrar.Label;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A manufacturer's CA is held to what its own certificate says. */
class AnchorRulesTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final String SHA1 = "SHA1withECDSA";

  @TempDir
  Path folder;

  private DeskBench bench;

  @BeforeEach
  void open() {
    bench = new DeskBench(folder);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private static TestPki.Credential idevid(TestPki.Credential issuer, String subject) {
    return issuer.issue(subject).build();
  }

  private void refused(TestPki.Credential idevid, String words) {
    EnrollmentOutcome outcome = bench.enroll(idevid);
    assertThat(outcome).isInstanceOf(EnrollmentOutcome.Refused.class);
    assertThat(((EnrollmentOutcome.Refused) outcome).kind())
        .isEqualTo(EnrollmentOutcome.Kind.UNAUTHENTICATED);
    assertThat(((EnrollmentOutcome.Refused) outcome).detail()).contains(words);
  }

  @Test
  void expiredAnchor_letsNobodyIn_unlessRenewedUnderItsKey() {
    Instant now = Instant.now();
    KeyPair keys = TestPki.newKey();
    TestPki.Credential old = TestPki.selfSigned("CN=Old")
        .ca()
        .key(keys)
        .validity(now.minus(DAY.multipliedBy(2)), now.minus(DAY))
        .build();
    bench.addManufacturer("old", old.certificate());
    refused(idevid(old, "SERIALNUMBER=1"), "CA has expired");
    TestPki.Credential renewed = TestPki.selfSigned("CN=Old").ca().key(keys).build();
    bench.addManufacturer("old", renewed.certificate());
    DeskBench.issued(bench.enroll(idevid(old, "SERIALNUMBER=1")));
  }

  @Test
  void futureAnchor_letsNobodyIn() {
    Instant now = Instant.now();
    TestPki.Credential early = TestPki.selfSigned("CN=Early")
        .ca()
        .validity(now.plus(DAY), now.plus(DAY.multipliedBy(2)))
        .build();
    bench.addManufacturer("early", early.certificate());
    refused(idevid(early, "SERIALNUMBER=1"), "CA is not yet valid");
  }

  @Test
  void pathLengthOfTheAnchor_counts() {
    TestPki.Credential flat = TestPki.selfSigned("CN=Flat").ca(0).build();
    bench.addManufacturer("flat", flat.certificate());
    DeskBench.issued(bench.enroll(idevid(flat, "SERIALNUMBER=1")));
    refused(idevid(flat.issue("CN=Between").ca().build(), "SERIALNUMBER=2"), "longer than");
  }

  @Test
  void nameConstraintsOfTheAnchor_count() {
    NameConstraints acmeOnly = new NameConstraints(
        new GeneralSubtree[] {new GeneralSubtree(new GeneralName(new X500Name("O=Named")))}, null);
    TestPki.Credential named = TestPki.selfSigned("O=Named,CN=Named CA")
        .ca()
        .extension(Extension.nameConstraints, acmeOnly)
        .build();
    bench.addManufacturer("named", named.certificate());
    DeskBench.issued(bench.enroll(idevid(named, "O=Named,SERIALNUMBER=1")));
    refused(idevid(named, "O=Other,SERIALNUMBER=2"), "beyond what");
    NameConstraints notThere = new NameConstraints(null, new GeneralSubtree[] {
      new GeneralSubtree(new GeneralName(GeneralName.dNSName, "example.org"))
    });
    TestPki.Credential excluding = TestPki.selfSigned("CN=Excluding")
        .ca()
        .extension(Extension.nameConstraints, notThere)
        .build();
    bench.addManufacturer("excluding", excluding.certificate());
    DeskBench.issued(
        bench.enroll(excluding.issue("SERIALNUMBER=1").dns("a.example.com").build()));
    refused(excluding.issue("SERIALNUMBER=2").dns("a.example.org").build(), "beyond what");
  }

  @Test
  void weakKeys_alongTheChain_areRefused_butRsa2048IsNot() throws GeneralSecurityException {
    TestPki.Credential rsa2048 =
        bench.factory.issue("SERIALNUMBER=RSA2048").key(rsa(2048)).build();
    DeskBench.issued(bench.enroll(rsa2048));
    refused(bench.factory.issue("SERIALNUMBER=RSA1024").key(rsa(1024)).build(), "RSA 1024 bits");
  }

  /** RFC 5280, 6.1: the path does not reach what proves nothing; weak links in it prove nothing. */
  @Test
  void weakSignatures_areRefusedInThePath_andOfNoInterestBesideIt() {
    TestPki.Credential old = TestPki.selfSigned("CN=Old").ca().signed(SHA1).build();
    bench.addManufacturer("old", old.certificate());
    TestPki.Credential line = old.issue("CN=Line").ca().build();
    DeskBench.issued(enrollWithRoot(idevid(old, "SERIALNUMBER=1")));
    DeskBench.issued(enrollWithRoot(idevid(line, "SERIALNUMBER=2")));

    // One that is registered below a root which is not, and is sent along.
    TestPki.Credential elsewhere =
        TestPki.selfSigned("CN=Elsewhere").ca().signed(SHA1).build();
    TestPki.Credential below = elsewhere.issue("CN=Below").ca().signed(SHA1).build();
    bench.addManufacturer("below", below.certificate());
    DeskBench.issued(enrollWithRoot(idevid(below, "SERIALNUMBER=3")));

    TestPki.Credential weakLine = old.issue("CN=Weak").ca().signed(SHA1).build();
    refused(idevid(weakLine, "SERIALNUMBER=4"), "signed with SHA1withECDSA");
    refused(old.issue("SERIALNUMBER=5").signed(SHA1).build(), "signed with SHA1withECDSA");
  }

  private EnrollmentOutcome enrollWithRoot(TestPki.Credential idevid) {
    List<X509Certificate> chain = new ArrayList<>(idevid.issuers());
    chain.add(0, idevid.certificate());
    return bench.desk.enroll(DeskBench.caller(chain), Label.NONE, DeskBench.csr(TestPki.newKey()));
  }

  private static KeyPair rsa(int bits) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    return generator.generateKeyPair();
  }
}
