/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is done to a log, its verification says so. */
class AuditVerifierTest {
  private static final Instant NOW = Instant.now();

  @TempDir
  static Path folder;

  static CertificateAuthorities authorities;
  static CheckpointSigner signer;

  private final List<AuditEntry> log = log(10, "device:pump-");

  @BeforeAll
  static void authorities() {
    CertificateAuthorities.create(folder.resolve("ca"), Clock.systemUTC());
    authorities = CertificateAuthorities.open(folder.resolve("ca"));
    ServiceCredential audit = authorities.issueAuditSigner(Duration.ofDays(1), Clock.systemUTC());
    signer = new CheckpointSigner(audit.key(), audit.chain(), CryptoProviders.fastest());
  }

  private static List<AuditEntry> log(int length, String object) {
    List<AuditEntry> entries = new ArrayList<>();
    String previous = AuditChain.NOTHING;
    for (int i = 1; i <= length; i++) {
      AuditEvent event =
          AuditEvent.of(Actor.SYSTEM, "device.approved", object + i).with("key", "\"ü\\");
      AuditEntry entry = AuditChain.entry(i, previous, event, NOW);
      entries.add(entry);
      previous = entry.hash();
    }
    return entries;
  }

  private static byte[] checkpoint(AuditEntry entry) {
    return signer.sign(new Checkpoint(entry.seq(), entry.hash(), NOW));
  }

  private static AuditVerifier.Report verify(List<AuditEntry> entries, byte[]... checkpoints) {
    AuditVerifier verifier = new AuditVerifier(List.of(checkpoints), roots(), Set.of());
    entries.forEach(verifier::next);
    return verifier.finish();
  }

  private static List<X509Certificate> roots() {
    return List.of(authorities.root());
  }

  @Test
  void wholeLog_isProved() {
    AuditVerifier.Report report = verify(log, checkpoint(log.get(3)), checkpoint(log.get(7)));
    assertThat(report.entries()).isEqualTo(10);
    assertThat(report.signedUpTo()).isEqualTo(8);
    assertThat(report.checkpoints()).isEqualTo(2);
    assertThat(verify(List.of()).entries()).isZero();
  }

  @Test
  void changedEntry_isFound() {
    AuditEntry entry = log.get(4);
    log.set(4, new AuditEntry(5, entry.text().replace("pump-5", "pump-6"), entry.hash()));
    assertThatThrownBy(() -> verify(log)).hasMessageContaining("entry 5 was changed");
  }

  @Test
  void changedEntryWithNewHash_isFound() {
    String text = log.get(4).text().replace("pump-5", "pump-6");
    log.set(4, new AuditEntry(5, text, AuditChain.hash(text)));
    assertThatThrownBy(() -> verify(log)).hasMessageContaining("entry 6 does not follow");
  }

  @Test
  void missingEntry_isFound() {
    log.remove(4);
    assertThatThrownBy(() -> verify(log)).hasMessageContaining("entry 5 is missing");
  }

  @Test
  void swappedEntries_areFound() {
    AuditEntry entry = log.get(4);
    log.set(4, log.get(5));
    log.set(5, entry);
    assertThatThrownBy(() -> verify(log)).hasMessageContaining("missing");
  }

  @Test
  void logCutShort_isFound_bySignature() {
    byte[] signed = checkpoint(log.get(7));
    assertThat(verify(log.subList(0, 5)).entries()).isEqualTo(5);
    assertThatThrownBy(() -> verify(log.subList(0, 5), signed)).hasMessageContaining("cut short");
  }

  @Test
  void logWrittenAnew_isFound_bySignature() {
    byte[] signed = checkpoint(log.get(7));
    List<AuditEntry> other = log(10, "device:other-");
    assertThatThrownBy(() -> verify(other, signed))
        .hasMessageContaining("not the one that was signed");
    assertThatThrownBy(() -> verify(other, signed, checkpoint(other.get(7))))
        .hasMessageContaining("rewritten");
  }

  @Test
  void signatureOfAnother_isNotTaken() {
    ServiceCredential consumer =
        authorities.issueService("reader", "consumer", null, Clock.systemUTC());
    CheckpointSigner reader =
        new CheckpointSigner(consumer.key(), consumer.chain(), CryptoProviders.fastest());
    Checkpoint checkpoint = new Checkpoint(1, log.get(0).hash(), NOW);
    assertThatThrownBy(() -> verify(log, reader.sign(checkpoint)))
        .hasMessageContaining("expected: OU=audit");
    TestPki.Credential foreign =
        TestPki.root("CN=Other").issue("CN=audit,OU=audit").build();
    CheckpointSigner stranger =
        new CheckpointSigner(foreign.key(), foreign.chain(), CryptoProviders.jdk());
    assertThatThrownBy(() -> verify(log, stranger.sign(checkpoint)))
        .hasMessageContaining("does not lead to the root");
    byte[] damaged = checkpoint(log.get(0));
    damaged[damaged.length - 1] ^= 1;
    assertThatThrownBy(() -> verify(log, damaged)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> verify(log, new byte[] {1, 2, 3}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Whoever has its key, and the database, writes log and signatures anew. */
  @Test
  void signatureUnderACompromisedCa_provesNothing_butMustFit() {
    String serviceCa = authorities.serviceCa().getSerialNumber().toString(16);
    TestPki.Credential root = TestPki.root("CN=Root");
    TestPki.Credential next = root.issue("CN=Service CA 2").ca().build();
    TestPki.Credential later = next.issue("CN=audit,OU=audit").build();
    CheckpointSigner after =
        new CheckpointSigner(later.key(), later.chain(), CryptoProviders.jdk());
    byte[] good = after.sign(new Checkpoint(6, log.get(5).hash(), NOW));
    List<byte[]> signatures =
        List.of(checkpoint(log.get(3)), good, checkpoint(log.get(7)), checkpoint(log.get(8)));
    List<X509Certificate> roots = List.of(authorities.root(), root.certificate());

    AuditVerifier named = new AuditVerifier(signatures, roots, Set.of(serviceCa));
    log.forEach(named::next);
    assertThat(named.finish())
        .isEqualTo(
            new AuditVerifier.Report(10, 1, 6, 3, Set.of(serviceCa), log.get(9).hash()));

    List<AuditEntry> telling = new ArrayList<>(log);
    telling.add(AuditChain.entry(
        11,
        log.get(9).hash(),
        AuditEvent.of(Actor.SYSTEM, "ca.compromised", "ca:service").with("serial", serviceCa),
        NOW));
    AuditVerifier told = new AuditVerifier(signatures, roots, Set.of());
    telling.forEach(told::next);
    assertThat(told.finish().signedUpTo()).isEqualTo(6);
    assertThat(told.finish().compromised()).containsExactly(serviceCa);

    AuditVerifier other = new AuditVerifier(signatures, roots, Set.of("abc"));
    log.forEach(other::next);
    assertThat(other.finish().signedUpTo()).isEqualTo(9);
    assertThat(other.finish().discounted()).isZero();

    AuditVerifier rewritten = new AuditVerifier(signatures, roots, Set.of(serviceCa));
    assertThatThrownBy(() -> log(10, "device:other-").forEach(rewritten::next))
        .hasMessageContaining("entry 4 is not the one that was signed");
  }

  /** The same checkpoint from the server and from an earlier export is one. */
  @Test
  void signatureTwice_countsOnce() {
    byte[] signed = checkpoint(log.get(3));
    assertThat(verify(log, signed, signed).checkpoints()).isEqualTo(1);
  }

  @Test
  void checkpoint_isVerifiedByOpenssl() throws Exception {
    PeerProgram openssl = PeerProgram.require("openssl");
    Files.write(folder.resolve("checkpoint.der"), checkpoint(log.get(9)));
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(roots()));
    assertThat(openssl
            .run(
                folder,
                "cms",
                "-verify",
                "-inform",
                "DER",
                "-in",
                "checkpoint.der",
                "-CAfile",
                "root.pem",
                "-purpose",
                "any")
            .expectSuccess()
            .stdout())
        .contains("seq=10 hash=" + log.get(9).hash());
  }

  @Test
  void entryHash_isThatOfItsText_bySha256sum() throws Exception {
    Files.writeString(folder.resolve("entry.txt"), log.get(2).text());
    assertThat(PeerProgram.require("openssl")
            .run(folder, "dgst", "-sha256", "-r", "entry.txt")
            .expectSuccess()
            .stdout())
        .startsWith(log.get(2).hash());
  }
}
