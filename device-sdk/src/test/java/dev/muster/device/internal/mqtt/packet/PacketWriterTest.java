/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.stream.Collectors;
import org.eclipse.paho.mqttv5.common.packet.MqttConnect;
import org.eclipse.paho.mqttv5.common.packet.MqttDisconnect;
import org.eclipse.paho.mqttv5.common.packet.MqttPubAck;
import org.eclipse.paho.mqttv5.common.packet.MqttPublish;
import org.eclipse.paho.mqttv5.common.packet.MqttSubscribe;
import org.eclipse.paho.mqttv5.common.packet.MqttWireMessage;
import org.junit.jupiter.api.Test;

/** What a device sends, read by Paho's codec. */
class PacketWriterTest {
  private final PacketWriter writer = new PacketWriter();

  private byte[] take() {
    ByteBuffer written = writer.written();
    byte[] bytes = new byte[written.remaining()];
    written.get(bytes);
    writer.taken();
    return bytes;
  }

  private MqttWireMessage read() throws Exception {
    byte[] bytes = take();
    assertThat(new PacketReader(Integer.MAX_VALUE).sizeOfNext(ByteBuffer.wrap(bytes)))
        .isEqualTo(bytes.length);
    return MqttWireMessage.createWireMessage(bytes);
  }

  @Test
  void connect_isMqtt5WithACleanStart() throws Exception {
    writer.connect("d1", 60, 64, 1_048_576);

    byte[] bytes = take();
    // Paho's reader of this packet is for tests of its own; the dump tells all.
    assertThat(bytes)
        .startsWith(0x10, 23, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 8, 0x21, 0, 64, 0x27)
        .endsWith(0, 2, 'd', '1');
    MqttConnect read = (MqttConnect) MqttWireMessage.createWireMessage(bytes);
    assertThat(read.getProperties().getReceiveMaximum()).isEqualTo(64);
    assertThat(read.getProperties().getMaximumPacketSize()).isEqualTo(1_048_576);
  }

  @Test
  void publish_smallAndLarge_isWhole() throws Exception {
    for (int size : new int[] {0, 1, 100, 127, 128, 16_383, 20_000, 300_000}) {
      writer.publish(513, "a/\u00fc", "application/json", new byte[size], "boot", "b", "seq", "1");

      MqttPublish read = (MqttPublish) read();

      assertThat(read.getTopicName()).isEqualTo("a/\u00fc");
      assertThat(read.getMessageId()).isEqualTo(513);
      assertThat(read.getMessage().getQos()).isEqualTo(1);
      assertThat(read.getMessage().getPayload()).hasSize(size);
      assertThat(read.getProperties().getContentType()).isEqualTo("application/json");
      assertThat(read.getProperties().getUserProperties().stream()
              .map(property -> property.getKey() + "=" + property.getValue())
              .collect(Collectors.joining(" ")))
          .isEqualTo("boot=b seq=1");
    }
  }

  @Test
  void others_areRead() throws Exception {
    writer.subscribe(7, "a/+");
    MqttSubscribe subscribe = (MqttSubscribe) read();
    assertThat(subscribe.getMessageId()).isEqualTo(7);
    assertThat(subscribe.getSubscriptions()[0].getTopic()).isEqualTo("a/+");
    assertThat(subscribe.getSubscriptions()[0].getQos()).isEqualTo(1);

    writer.pubAck(65_535);
    assertThat(((MqttPubAck) read()).getMessageId()).isEqualTo(65_535);

    writer.disconnect(0x95);
    assertThat(((MqttDisconnect) read()).getReturnCode()).isEqualTo(0x95);

    writer.pingReq();
    writer.disconnect(0);
    assertThat(take()).containsExactly(0xC0, 0, 0xE0, 0);
  }

  @Test
  void taken_inPart_keepsTheRest() throws Exception {
    writer.publish(1, "a", "b", new byte[100]);
    ByteBuffer first = writer.written();
    int all = first.remaining();
    first.position(10);
    writer.taken();
    writer.pingReq();

    assertThat(take()).hasSize(all - 10 + 2).endsWith(0xC0, 0);
    assertThat(writer.size()).isZero();
    assertThat(new ByteArrayInputStream(take()).available()).isZero();
  }
}
