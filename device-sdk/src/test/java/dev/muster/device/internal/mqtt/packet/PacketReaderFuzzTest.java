/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;

/** What a broker sends, or whoever has its key. */
class PacketReaderFuzzTest {
  private static final int LIMIT = 4096;

  @FuzzTest(maxDuration = "1m")
  void next_anyBytes_arePacketsOrARefusal(byte[] bytes) {
    PacketReader reader = new PacketReader(LIMIT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      int before = in.position();
      for (Packet packet = reader.next(in); packet != null; packet = reader.next(in)) {
        assertThat(in.position()).isGreaterThan(before).isLessThanOrEqualTo(before + LIMIT);
        before = in.position();
      }
      assertThat(in.position()).isEqualTo(before);
    } catch (MalformedPacketException documented) {
      assertThat(documented).message().isNotBlank();
      assertThat(documented.reason()).isIn(0x81, 0x82, 0x95);
    }
  }
}
