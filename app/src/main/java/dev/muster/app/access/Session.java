/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.access.Accounts.Operator;
import java.time.Instant;

/**
 * Somebody who has signed in with a browser. The cookie itself is not kept.
 *
 * @param id to list and end it by; opens nothing
 * @param csrf what a writing request must bring besides the cookie
 * @param login what it was opened with
 */
record Session(
    String id,
    String cookieHash,
    String csrf,
    String operator,
    Login login,
    String address,
    String browser,
    Instant since,
    Instant lastUsed) {
  Session used(Instant now) {
    return new Session(id, cookieHash, csrf, operator, login, address, browser, since, now);
  }

  Session with(String password) {
    Login more = login instanceof Login.Password known ? known.with(password) : login;
    return new Session(id, cookieHash, csrf, operator, more, address, browser, since, lastUsed);
  }

  /** Of the operator, as he is now. */
  boolean isOf(Operator now) {
    return operator.equals(now.name()) && login.opens(now);
  }

  /** Without what opens something, or may be guessed from: it might be logged. */
  @Override
  public String toString() {
    return "Session[id=" + id + ", operator=" + operator + "]";
  }
}
