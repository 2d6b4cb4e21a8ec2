/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.BlockedKeys;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.CsrVerifier;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.CrlContents;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.issuance.StatusUrls;
import dev.muster.enrollment.issuance.SubjectKey;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.EnrollmentDecision;
import dev.muster.enrollment.registrar.EnrollmentRequest;
import dev.muster.enrollment.registrar.HookVerdict;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.registrar.Profiles;
import dev.muster.enrollment.registrar.RegistryFacts;
import dev.muster.enrollment.registrar.ShownClaim;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A CA that somebody else runs fits the port: here, one that openssl is. */
class ExternalCaTest {
  private static final URI STATUS = URI.create("http://localhost/status");
  private static final DeviceSubject SUBJECT =
      new DeviceSubject(new FleetName("default"), new DeviceId("acme-e1"));

  @TempDir
  Path folder;

  private final TestPki.Credential ca = TestPki.root("CN=A CA elsewhere");
  private final KeyPair device = TestPki.newKey();
  private OpensslCa external;

  @BeforeEach
  void start() throws IOException {
    Files.writeString(folder.resolve("ca.pem"), TestPki.pem(List.of(ca.certificate())));
    Files.writeString(folder.resolve("ca.key"), TestPki.pem(ca.key()));
    external = new OpensslCa(folder, ca.certificate());
  }

  @Test
  void device_thatTheRegistrarLetsIn_isCertifiedByTheOther_asTheRegistrarDecided()
      throws Exception {
    DeskBench bench = new DeskBench(folder.resolve("bench"));
    try {
      DecisionRecorder recorder = new DecisionRecorder(
          () -> external,
          new Profiles(DeviceProfile.base(Duration.ofDays(30)), List.of()),
          issuer -> new StatusPlaces.Place(0, new StatusUrls(STATUS, STATUS, STATUS)),
          new SimpleMeterRegistry());
      DecisionRecorder.Result result = bench.registry.commit(tables -> recorder.record(
          new DecisionRecorder.Case(
              tables, request(bench), unknown(), new Actor("test", "test"), Instant.now()),
          new EnrollmentDecision.Issue(SUBJECT, EnrollmentDecision.Supersede.NONE)));

      assertThat(result.outcome()).isInstanceOf(EnrollmentOutcome.Issued.class);
      List<CertificateRecord> records =
          bench.registry.read(tables -> tables.certificates().of(SUBJECT.device()));
      assertThat(records).hasSize(1);
      X509Certificate certificate = records.get(0).certificate();
      certificate.verify(ca.certificate().getPublicKey());
      assertThat(certificate.getPublicKey()).isEqualTo(device.getPublic());
      assertThat(certificate.getSubjectX500Principal().getName())
          .as("whatever the request asked for")
          .isEqualTo("OU=device,O=default,CN=acme-e1");
      assertThat(names(certificate)).containsExactly(SUBJECT.toUrn().toString());
    } finally {
      bench.close();
    }
  }

  @Test
  void keyWithoutARequest_isRefused() {
    CertificateProfile profile = CertificateProfile.device(SUBJECT, Duration.ofDays(30), null);
    assertThatThrownBy(() -> external.issue(profile, device.getPublic(), Instant.now()))
        .isInstanceOf(IssuanceException.class)
        .hasMessageContaining("no request");
  }

  private EnrollmentRequest.First request(DeskBench bench) {
    CsrCheck check =
        new CsrVerifier(CryptoProviders.fastest(), BlockedKeys.NONE).verify(DeskBench.csr(device));
    VerifiedCsr csr = ((CsrCheck.Accepted) check).csr();
    return new EnrollmentRequest.First(
        bench.manufacturer("acme"),
        "E1",
        Fingerprint.of(TestPki.newKey().getPublic()),
        List.of(),
        csr,
        Label.NONE,
        ShownClaim.NONE,
        HookVerdict.INDIFFERENT);
  }

  private static RegistryFacts unknown() {
    return new RegistryFacts(
        Optional.empty(),
        Optional.empty(),
        false,
        List.of(),
        Optional.empty(),
        false,
        Optional.empty(),
        0);
  }

  private static List<Object> names(X509Certificate certificate)
      throws CertificateParsingException {
    return certificate.getSubjectAlternativeNames().stream()
        .<Object>map(name -> name.get(1))
        .collect(Collectors.toList());
  }

  /**
   * Another process with a key of its own. It takes names and extensions from us, verifies the
   * request by itself, and makes serial number and dates. What it made is compared with what was
   * decided: another CA's word is not enough.
   */
  private record OpensslCa(Path folder, X509Certificate certificate) implements CertificateIssuer {
    @Override
    public String id() {
      return "elsewhere";
    }

    @Override
    public IssuedCertificate issue(CertificateProfile profile, SubjectKey key, Instant now) {
      if (key.request() == null) {
        throw new IssuanceException("CA elsewhere: no request for the key (expected: one)");
      }
      try {
        Files.write(folder.resolve("request.der"), key.request());
        Files.writeString(folder.resolve("extensions"), extensions(profile));
        PeerProgram.require("openssl")
            .run(
                folder,
                ("x509 -req -inform DER -in request.der -CA ca.pem -CAkey ca.key -out new.pem"
                        + " -extfile extensions -days " + profile.validity().toDays() + " -subj "
                        + subject(profile.subject()))
                    .split(" "))
            .expectSuccess();
        X509Certificate made =
            Pem.certificates(Files.readString(folder.resolve("new.pem"))).get(0);
        if (!made.getPublicKey().equals(key.key())
            || !Arrays.equals(
                made.getSubjectX500Principal().getEncoded(), profile.subject().getEncoded())) {
          throw new IssuanceException("CA elsewhere: certified something else");
        }
        return IssuedCertificate.of(made);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String subject(X500Name name) {
      return Arrays.stream(name.getRDNs())
          .map(rdn -> "/" + BCStyle.INSTANCE.oidToDisplayName(rdn.getFirst().getType()) + "="
              + IETFUtils.valueToString(rdn.getFirst().getValue()))
          .collect(Collectors.joining());
    }

    private static String extensions(CertificateProfile profile) {
      String names = profile.alternativeNames().stream()
          .filter(name -> name.getTagNo() == GeneralName.uniformResourceIdentifier)
          .map(name -> "URI:" + name.getName())
          .collect(Collectors.joining(","));
      return "keyUsage=critical,digitalSignature\nextendedKeyUsage="
          + profile.purpose().getId() + "\nsubjectAltName=" + names + "\n";
    }

    @Override
    public byte[] sign(CrlContents contents) {
      throw new IssuanceException("CA elsewhere: makes its CRLs itself");
    }
  }
}
