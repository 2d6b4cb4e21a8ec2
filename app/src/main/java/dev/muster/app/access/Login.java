/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.access.Accounts.Operator;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What somebody has signed in with, and so what ends his session. */
sealed interface Login {
  /** Whether it still opens something for the operator as he is now. */
  boolean opens(Operator now);

  /**
   * @param hashes of the operator's password: the one it was opened with, and those chosen in the
   *     session. When he has another, or is somebody else of the same name, it opens nothing
   */
  record Password(Set<String> hashes) implements Login {
    public Password {
      hashes = Set.copyOf(hashes);
    }

    Password with(String hash) {
      return new Password(
          Stream.concat(hashes.stream(), Stream.of(hash)).collect(Collectors.toSet()));
    }

    @Override
    public boolean opens(Operator now) {
      return now.password() != null && hashes.contains(now.password());
    }

    /** Without hashes: it might be logged. */
    @Override
    public String toString() {
      return "Password";
    }
  }

  /**
   * An OpenID provider, which has said what somebody may do; until the session is over, as there is
   * no account.
   */
  record Provider(Role role, List<String> fleets) implements Login {
    public Provider {
      fleets = List.copyOf(fleets);
    }

    @Override
    public boolean opens(Operator now) {
      return false;
    }
  }

  /**
   * A certificate, which is asked about again at each request.
   *
   * @param chain as it was shown
   * @param since when the account was made: another one of the same name is somebody else's
   */
  record Certificate(List<X509Certificate> chain, String since) implements Login {
    public Certificate {
      chain = List.copyOf(chain);
    }

    @Override
    public boolean opens(Operator now) {
      return since.equals(now.createdAt());
    }

    @Override
    public String toString() {
      return "Certificate";
    }
  }
}
