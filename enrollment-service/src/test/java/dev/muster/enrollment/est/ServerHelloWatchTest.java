/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class ServerHelloWatchTest {
  private static final int EXTENDED_MASTER_SECRET = 23;
  private static final int RENEGOTIATION_INFO = 0xff01;

  /** The record of a ServerHello with extensions of these types, all empty. */
  private static ByteBuf serverHello(int... extensions) {
    ByteBuf body = Unpooled.buffer();
    body.writeShort(0x0303)
        .writeZero(32)
        .writeByte(3)
        .writeZero(3)
        .writeShort(0xc02b)
        .writeByte(0);
    body.writeShort(extensions.length * 4);
    for (int extension : extensions) {
      body.writeShort(extension).writeShort(0);
    }
    ByteBuf record = Unpooled.buffer();
    record.writeByte(22).writeShort(0x0303).writeShort(4 + body.readableBytes());
    record.writeByte(2).writeMedium(body.readableBytes()).writeBytes(body);
    return record;
  }

  @Test
  void serverHello_withTheExtension_agrees() {
    assertThat(ServerHelloWatch.agrees(serverHello(RENEGOTIATION_INFO, EXTENDED_MASTER_SECRET)))
        .isTrue();
  }

  @Test
  void serverHello_withoutTheExtension_agreesToNothing() {
    assertThat(ServerHelloWatch.agrees(serverHello(RENEGOTIATION_INFO))).isFalse();
    assertThat(ServerHelloWatch.agrees(serverHello())).isFalse();
  }

  @Test
  void whateverElse_agreesToNothing() {
    ByteBuf whole = serverHello(RENEGOTIATION_INFO, EXTENDED_MASTER_SECRET);
    for (int length = 0; length < whole.readableBytes(); length++) {
      assertThat(ServerHelloWatch.agrees(whole.slice(0, length))).isFalse();
    }
    assertThat(ServerHelloWatch.agrees(Unpooled.wrappedBuffer(new byte[] {21, 3, 3, 0, 2, 2, 40})))
        .isFalse();
  }
}
