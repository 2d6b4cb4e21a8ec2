/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttConnAck;
import org.eclipse.paho.mqttv5.common.packet.MqttDisconnect;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.MqttPubAck;
import org.eclipse.paho.mqttv5.common.packet.MqttPublish;
import org.eclipse.paho.mqttv5.common.packet.MqttSubAck;
import org.eclipse.paho.mqttv5.common.packet.MqttWireMessage;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a broker sends, written by Paho's codec; and what no broker may send. */
class PacketReaderTest {
  private static final int LIMIT = 1000;

  private final PacketReader reader = new PacketReader(LIMIT);

  private static byte[] bytes(MqttWireMessage packet) throws Exception {
    byte[] header = packet.getHeader();
    byte[] payload = packet.getPayload();
    byte[] all = Arrays.copyOf(header, header.length + payload.length);
    System.arraycopy(payload, 0, all, header.length, payload.length);
    return all;
  }

  private Packet read(MqttWireMessage packet) throws Exception {
    ByteBuffer in = ByteBuffer.wrap(bytes(packet));
    Packet read = reader.next(in);
    assertThat(in.hasRemaining()).isFalse();
    return read;
  }

  private Packet read(String hex) throws MalformedPacketException {
    return reader.next(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
  }

  @Test
  void connAck_withProperties_tellsLimits() throws Exception {
    MqttProperties properties = new MqttProperties();
    properties.setReceiveMaximum(20);
    properties.setMaximumPacketSize(70_000L);
    properties.setServerKeepAlive(30);
    properties.setMaximumQoS(1);
    properties.setAssignedClientIdentifier("x");
    properties.setReasonString("gr\u00fc\u00dfe");

    assertThat(read(new MqttConnAck(false, 0, properties)))
        .isEqualTo(new Packet.ConnAck(0, "gr\u00fc\u00dfe", 20, 70_000, 1, 30));
  }

  @Test
  void connAck_withoutProperties_isAsTheStandardSays() throws Exception {
    assertThat(read("2003000000"))
        .isEqualTo(new Packet.ConnAck(0, null, 65_535, Long.MAX_VALUE, 2, -1));
  }

  @Test
  void publish_qos1_isWhole() throws Exception {
    MqttProperties properties = new MqttProperties();
    properties.setContentType("application/json");
    properties.getUserProperties().add(new UserProperty("a", "b"));
    properties.getUserProperties().add(new UserProperty("a", "c"));
    MqttPublish sent = new MqttPublish(
        "a/b", new MqttMessage("hello".getBytes(), 1, false, properties), properties);
    sent.setMessageId(513);

    Packet.Publish read = (Packet.Publish) read(sent);

    assertThat(read.topic()).isEqualTo("a/b");
    assertThat(read.id()).isEqualTo(513);
    assertThat(read.payload()).asString().isEqualTo("hello");
  }

  @Test
  void publish_qos0_hasNoIdentifier() throws Exception {
    Packet.Publish read = (Packet.Publish) read("3006000161" + "00" + "6869");

    assertThat(read.id()).isZero();
    assertThat(read.payload()).asString().isEqualTo("hi");
  }

  @Test
  void answers_short_and_long_areRead() throws Exception {
    MqttProperties why = new MqttProperties();
    why.setReasonString("why");
    assertThat(read("40020203")).isEqualTo(new Packet.PubAck(515, 0, null));
    assertThat(read("4003020310")).isEqualTo(new Packet.PubAck(515, 0x10, null));
    assertThat(read(new MqttPubAck(0x87, 515, why))).isEqualTo(new Packet.PubAck(515, 0x87, "why"));
    MqttSubAck subAck = new MqttSubAck(new int[] {0x87}, why);
    subAck.setMessageId(7);
    assertThat(read(subAck)).isEqualTo(new Packet.SubAck(7, 0x87, "why"));
    assertThat(read("d000")).isEqualTo(new Packet.PingResp());
    assertThat(read("e000")).isEqualTo(new Packet.Disconnect(0, null));
    assertThat(read(new MqttDisconnect(0x8E, why))).isEqualTo(new Packet.Disconnect(0x8E, "why"));
  }

  @Test
  void next_anyTruncation_waitsForTheRest() throws Exception {
    MqttProperties properties = new MqttProperties();
    properties.setReasonString("why");
    byte[] whole = bytes(new MqttPubAck(0x87, 515, properties));
    for (int length = 0; length < whole.length; length++) {
      ByteBuffer part = ByteBuffer.wrap(whole, 0, length);
      assertThat(reader.next(part)).isNull();
      assertThat(part.position()).isZero();
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "ffffffffff              | longer than 4 octets         | 129",
        "30e807                  | 1003 bytes (expected: at most 1000 | 149",
        "30ffffff7f              | expected: at most 1000       | 149",
        "2003010000              | CONNACK: flags 1             | 130",
        "2006000003210000        | 33 is 0                      | 130",
        "2009000006210001210001  | 33 twice                     | 130",
        "2005000002ff00          | property: 255                | 129",
        "20020000                | ends after 0 bytes           | 129",
        "200400000501            | properties: ends after 1 bytes | 129",
        "34080001610001006869    | QoS 2                        | 130",
        "36080001610001006869    | QoS 3                        | 130",
        "3207000161000000ff      | packet identifier: 0         | 130",
        "3005000000ffff          | without a topic              | 130",
        "3008000161032300016868  | without a topic              | 130",
        "3003000968              | binary data: ends after 1 bytes | 129",
        "30050002ff6100          | not UTF-8                    | 129",
        "300500026100 00         | U+0000                       | 129",
        "4101000100              | flags: 1                     | 129",
        "40020000                | packet identifier: 0         | 130",
        "40050001000000          | 1 bytes too many             | 129",
        "9003000100              | one octet: ends after 0      | 129",
        "900500010000 0000       | 1 bytes too many             | 129",
        "d00100                  | 1 bytes too many             | 129",
        "50020001                | packet type: 5               | 130",
        "f000                    | packet type: 15              | 130",
        "0000                    | packet type: 0               | 130",
      })
  void next_notOfABroker_isRefusedByReason(String hex, String words, int reason) {
    assertThatThrownBy(() -> read(hex.replace(" ", "")))
        .isInstanceOfSatisfying(
            MalformedPacketException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(words);
  }
}
