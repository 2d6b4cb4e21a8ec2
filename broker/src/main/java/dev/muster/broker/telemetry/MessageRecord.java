/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.format.Reading;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message as it lies in the journal: what came from the device, and when. What it says is read
 * anew from that, so a record holds nothing twice.
 */
final class MessageRecord {
  private static final int FORM = 1;
  private static final int NONE = -1;

  private MessageRecord() {}

  static byte[] write(TelemetryMessage message) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128 + message.payload().length);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORM);
      out.writeLong(message.receivedAt().getEpochSecond());
      out.writeInt(message.receivedAt().getNano());
      put(out, message.topic().fleet().value());
      put(out, message.topic().device().value());
      put(out, message.topic().stream());
      MessageIdentity identity = message.identity();
      put(out, identity == null ? null : identity.boot());
      out.writeLong(identity == null ? 0 : identity.sequence());
      put(out, message.contentType());
      put(
          out,
          message.reading() instanceof Reading.Unreadable unreadable ? unreadable.reason() : null);
      out.writeInt(message.payload().length);
      out.write(message.payload());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** @throws IOException if it is none that {@link #write} made */
  static TelemetryMessage read(byte[] record) throws IOException {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(record))) {
      int form = in.readByte();
      if (form != FORM) {
        throw new IOException("form of the record: " + form + " (expected: " + FORM + ")");
      }
      Instant receivedAt = Instant.ofEpochSecond(in.readLong(), in.readInt());
      TelemetryTopic topic =
          new TelemetryTopic(new FleetName(take(in)), new DeviceId(take(in)), take(in));
      String boot = takeOrNull(in);
      long sequence = in.readLong();
      MessageIdentity identity = boot == null ? null : new MessageIdentity(boot, sequence);
      String contentType = takeOrNull(in);
      String unreadable = takeOrNull(in);
      byte[] payload = in.readNBytes(in.readInt());
      TelemetryMessage message =
          TelemetryMessage.read(topic, identity, receivedAt, contentType, payload);
      return unreadable == null ? message : message.asUnreadable(unreadable);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static void put(DataOutputStream out, @Nullable String text) throws IOException {
    if (text == null) {
      out.writeInt(NONE);
      return;
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String take(DataInputStream in) throws IOException {
    String text = takeOrNull(in);
    if (text == null) {
      throw new IOException("a name is missing");
    }
    return text;
  }

  private static @Nullable String takeOrNull(DataInputStream in) throws IOException {
    int length = in.readInt();
    return length == NONE ? null : new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }
}
