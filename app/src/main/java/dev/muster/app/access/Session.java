/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.time.Instant;

/**
 * Somebody who has signed in with a browser. The cookie itself is not kept.
 *
 * @param id to list and end it by; opens nothing
 * @param csrf what a writing request must bring besides the cookie
 */
record Session(
    String id,
    String cookieHash,
    String csrf,
    String operator,
    String address,
    String browser,
    Instant since,
    Instant lastUsed) {
  Session used(Instant now) {
    return new Session(id, cookieHash, csrf, operator, address, browser, since, now);
  }
}
