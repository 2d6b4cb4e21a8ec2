/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditTrail;
import dev.muster.enrollment.audit.CheckpointSigner;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.issuance.RevocationReason;
import java.io.PrintStream;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Enrolls, renews and revokes on several threads, and signs the audit log on one of them, until it
 * is killed; says what it was told: {@code issued SERIAL}, {@code revoked SERIAL} and {@code signed
 * ENTRY}, one a line.
 */
final class IssuingProgram {
  private static final int THREADS = 6;

  private IssuingProgram() {}

  public static void main(String[] arguments) {
    DeskBench bench = new DeskBench(Path.of(arguments[0]));
    String round = arguments[1];
    CheckpointSigner signer = auditSigner(bench);
    seal(bench, signer, System.out);
    for (int i = 0; i < THREADS; i++) {
      String prefix = "R" + round + "-T" + i + "-";
      Runnable after = i == 0 ? () -> seal(bench, signer, System.out) : () -> {};
      new Thread(() -> work(bench, prefix, after, System.out)).start();
    }
  }

  private static CheckpointSigner auditSigner(DeskBench bench) {
    ServiceCredential credential =
        bench.authorities.issueAuditSigner(Duration.ofDays(1), bench.clock);
    return new CheckpointSigner(credential.key(), credential.chain(), CryptoProviders.fastest());
  }

  private static void seal(DeskBench bench, CheckpointSigner signer, PrintStream out) {
    bench.registry.commit(tables -> tables.audit().checkpoint(signer, bench.clock.instant()));
    List<AuditTrail.StoredCheckpoint> signed = bench.checkpoints();
    say(out, "signed", Long.toString(signed.get(signed.size() - 1).seq()));
  }

  private static void work(DeskBench bench, String prefix, Runnable after, PrintStream out) {
    for (int i = 0; ; i++) {
      X509Certificate first = bench.enrolled(prefix + i);
      say(out, "issued", first);
      X509Certificate second = DeskBench.issued(bench.renew(first));
      say(out, "issued", second);
      if (ThreadLocalRandom.current().nextInt(4) == 0) {
        // As if the answer had been lost, and the key with it.
        X509Certificate again = DeskBench.issued(bench.renew(first));
        say(out, "issued", again);
        say(out, "revoked", second);
        second = again;
      }
      if (ThreadLocalRandom.current().nextInt(4) == 0) {
        bench.revocations.revoke(
            Actor.SYSTEM, DeskBench.serial(second), RevocationReason.KEY_COMPROMISE);
        say(out, "revoked", second);
      }
      after.run();
    }
  }

  private static void say(PrintStream out, String what, X509Certificate certificate) {
    say(out, what, DeskBench.serial(certificate));
  }

  private static void say(PrintStream out, String what, String which) {
    synchronized (out) {
      out.println(what + " " + which + " .");
      out.flush();
    }
  }
}
