/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.access.Accounts.Operator;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Somebody who has signed in with a browser. The cookie itself is not kept.
 *
 * @param id to list and end it by; opens nothing
 * @param csrf what a writing request must bring besides the cookie
 * @param passwords hashes of the operator's password: the one it was opened with, and those chosen
 *     in it. When he has another, or is somebody else of the same name, it opens nothing
 */
record Session(
    String id,
    String cookieHash,
    String csrf,
    String operator,
    Set<String> passwords,
    String address,
    String browser,
    Instant since,
    Instant lastUsed) {
  Session {
    passwords = Set.copyOf(passwords);
  }

  Session used(Instant now) {
    return new Session(id, cookieHash, csrf, operator, passwords, address, browser, since, now);
  }

  Session with(String password) {
    Set<String> all =
        Stream.concat(passwords.stream(), Stream.of(password)).collect(Collectors.toSet());
    return new Session(id, cookieHash, csrf, operator, all, address, browser, since, lastUsed);
  }

  /** Of the operator, as he is now. */
  boolean isOf(Operator now) {
    return operator.equals(now.name())
        && now.password() != null
        && passwords.contains(now.password());
  }

  /** Without what opens something, or may be guessed from: it might be logged. */
  @Override
  public String toString() {
    return "Session[id=" + id + ", operator=" + operator + "]";
  }
}
