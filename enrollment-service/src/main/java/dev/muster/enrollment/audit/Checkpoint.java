/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the log ended at a time.
 *
 * @param seq of the last entry
 * @param hash of that entry
 */
public record Checkpoint(long seq, String hash, Instant at) {
  private static final Pattern TEXT = Pattern.compile(
      "muster-audit seq=([0-9]{1,18}) hash=([0-9a-f]{64}) at=([0-9TZ:.-]{20,32})\n");

  /** What is signed. */
  public String text() {
    return "muster-audit seq=" + seq + " hash=" + hash + " at=" + at + "\n";
  }

  /** @throws IllegalArgumentException if that is no checkpoint's text */
  public static Checkpoint parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("checkpoint: its text cannot be read");
    }
    return new Checkpoint(
        Long.parseLong(matcher.group(1)), matcher.group(2), Instant.parse(matcher.group(3)));
  }
}
