/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.issuance.RevocationReason;
import java.io.PrintStream;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Enrolls, renews and revokes on several threads until it is killed, and says what it was told:
 * {@code issued SERIAL} and {@code revoked SERIAL}, one a line.
 */
final class IssuingProgram {
  private static final int THREADS = 6;

  private IssuingProgram() {}

  public static void main(String[] arguments) {
    DeskBench bench = new DeskBench(Path.of(arguments[0]));
    String round = arguments[1];
    for (int i = 0; i < THREADS; i++) {
      int number = i;
      new Thread(() -> work(bench, "R" + round + "-T" + number + "-", System.out)).start();
    }
  }

  private static void work(DeskBench bench, String prefix, PrintStream out) {
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
    }
  }

  private static void say(PrintStream out, String what, X509Certificate certificate) {
    synchronized (out) {
      out.println(what + " " + DeskBench.serial(certificate) + " .");
      out.flush();
    }
  }
}
