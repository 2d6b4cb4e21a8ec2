/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/**
 * Reads from our own ServerHello whether the handshake agreed on an extended master secret (RFC
 * 7627), which no TLS engine for Java tells. Looks at the first bytes sent and is gone then.
 * Whatever it does not understand it takes for a no.
 */
final class ServerHelloWatch extends ChannelOutboundHandlerAdapter {
  private static final int RECORD_HEADER = 5;
  private static final int HANDSHAKE = 22;
  private static final int SERVER_HELLO = 2;
  private static final int EXTENDED_MASTER_SECRET = 23;
  private static final int VERSION_AND_RANDOM = 2 + 32;
  private static final int SUITE_AND_COMPRESSION = 2 + 1;

  private volatile boolean extendedMasterSecret;

  boolean extendedMasterSecret() {
    return extendedMasterSecret;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (message instanceof ByteBuf bytes && bytes.isReadable()) {
      extendedMasterSecret = agrees(bytes.duplicate());
      ctx.write(message, promise);
      ctx.pipeline().remove(this);
    } else {
      ctx.write(message, promise);
    }
  }

  static boolean agrees(ByteBuf sent) {
    try {
      return isServerHello(sent) && hasExtension(sent, EXTENDED_MASTER_SECRET);
    } catch (IndexOutOfBoundsException e) {
      return false;
    }
  }

  private static boolean isServerHello(ByteBuf sent) {
    int start = sent.readerIndex();
    return sent.getUnsignedByte(start) == HANDSHAKE
        && sent.getUnsignedByte(start + RECORD_HEADER) == SERVER_HELLO;
  }

  private static boolean hasExtension(ByteBuf sent, int wanted) {
    sent.skipBytes(RECORD_HEADER + 1);
    ByteBuf body = sent.readSlice(sent.readUnsignedMedium());
    body.skipBytes(VERSION_AND_RANDOM);
    body.skipBytes(body.readUnsignedByte());
    body.skipBytes(SUITE_AND_COMPRESSION);
    ByteBuf extensions = body.readSlice(body.readUnsignedShort());
    while (extensions.isReadable()) {
      int type = extensions.readUnsignedShort();
      extensions.skipBytes(extensions.readUnsignedShort());
      if (type == wanted) {
        return true;
      }
    }
    return false;
  }
}
