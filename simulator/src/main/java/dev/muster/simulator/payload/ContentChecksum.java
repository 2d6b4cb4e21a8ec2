/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * Tells a message that came back as it was sent from one that did not, in four bytes. Backends keep
 * the bytes of a message, so these are compared, and not what numbers and times in them mean.
 */
public final class ContentChecksum {
  /** Of a message whose content nobody knows. */
  public static final int UNKNOWN = 0;

  private ContentChecksum() {}

  /** Never {@link #UNKNOWN}. A change of up to four neighboring bytes always shows. */
  public static int of(String stream, byte[] payload) {
    CRC32C crc = new CRC32C();
    crc.update(stream.getBytes(StandardCharsets.UTF_8));
    // It is in no stream's name.
    crc.update('/');
    crc.update(payload);
    int checksum = (int) crc.getValue();
    return checksum == UNKNOWN ? 1 : checksum;
  }
}
