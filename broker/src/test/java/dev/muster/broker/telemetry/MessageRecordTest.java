/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class MessageRecordTest {
  private static final String REASON = "muster-seq: not a number";
  private static final byte[] PAYLOAD = {'1'};

  private static TelemetryMessage unreadable() {
    TelemetryTopic topic =
        TelemetryTopic.parse("fleets/f1/devices/d1/telemetry/s").orElseThrow();
    return TelemetryMessage.read(topic, null, Instant.EPOCH, null, PAYLOAD).asUnreadable(REASON);
  }

  private static String reasonOf(byte[] record) throws Exception {
    return Reading.reasonOf(MessageRecord.read(record).reading());
  }

  @Test
  void reason_isReadAsItWasWritten() throws Exception {
    assertThat(reasonOf(MessageRecord.write(unreadable()))).isEqualTo(REASON);
  }

  /** Journals hold such from the time when nobody cut them. */
  @Test
  void reasonThatTheStoreHasNoRoomFor_isCutWhenItIsRead() throws Exception {
    byte[] record = MessageRecord.write(unreadable());
    int end = record.length - Integer.BYTES - PAYLOAD.length;
    int start = end - REASON.length() - Integer.BYTES;
    byte[] reason = "x".repeat(480).getBytes(StandardCharsets.US_ASCII);
    byte[] old = ByteBuffer.allocate(record.length - REASON.length() + reason.length)
        .put(record, 0, start)
        .putInt(reason.length)
        .put(reason)
        .put(record, end, record.length - end)
        .array();
    assertThat(reasonOf(old)).isEqualTo("x".repeat(300));
  }
}
