/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HandshakeTurnTest {
  private final MultiThreadIoEventLoopGroup servers =
      new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
  private final MultiThreadIoEventLoopGroup clients =
      new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());

  @AfterEach
  void end() throws InterruptedException {
    // One after the other: whose client is gone, has closed already.
    clients.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    servers.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
  }

  @Test
  void handshakes_ofMany_letOthersGoInBetween() throws Exception {
    EventLoop loop = servers.next();
    BlockingQueue<String> done = new LinkedBlockingQueue<>();
    LocalAddress address = new LocalAddress(HandshakeTurnTest.class);
    CountDownLatch accepted = new CountDownLatch(3);
    new ServerBootstrap()
        .group(loop)
        .channel(LocalServerChannel.class)
        .childHandler(new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            channel.pipeline().addLast(new HandshakeTurn(), new Handshake(loop, done));
            accepted.countDown();
          }
        })
        .bind(address)
        .sync();
    Bootstrap bootstrap = new Bootstrap()
        .group(clients)
        .channel(LocalChannel.class)
        .handler(new ChannelInitializer<>() {
          @Override
          protected void initChannel(Channel channel) {
            // It only speaks.
          }
        });
    List<Channel> devices = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      devices.add(bootstrap.connect(address).sync().channel());
    }
    assertThat(accepted.await(30, TimeUnit.SECONDS)).isTrue();
    CountDownLatch allHaveSpoken = new CountDownLatch(1);
    loop.execute(() -> await(allHaveSpoken));
    for (Channel device : devices) {
      device.writeAndFlush(bytes("hello")).sync();
    }
    allHaveSpoken.countDown();
    List<String> order = new ArrayList<>();
    while (order.size() < 6) {
      order.add(String.valueOf(done.poll(30, TimeUnit.SECONDS)));
    }
    assertThat(order)
        .containsExactly("handshake", "other", "handshake", "other", "handshake", "other");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** While it goes on, somebody else has something for the loop to do. */
  private static final class Handshake extends ChannelInboundHandlerAdapter {
    private final EventLoop loop;
    private final BlockingQueue<String> done;

    Handshake(EventLoop loop, BlockingQueue<String> done) {
      this.loop = loop;
      this.done = done;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      ReferenceCountUtil.release(bytes);
      loop.execute(() -> done.add("other"));
      done.add("handshake");
    }
  }

  @Test
  void handshake_thatIsOver_needsNoMoreTurns() throws Exception {
    SslHandler tls = new SslHandler(SSLContext.getDefault().createSSLEngine());
    tls.engine().setUseClientMode(false);
    EmbeddedChannel channel = new EmbeddedChannel(new HandshakeTurn(), tls);
    assertThat(channel.pipeline().get(HandshakeTurn.class)).isNotNull();
    channel.pipeline().fireChannelRead(bytes("GET / HTTP/1.1\r\n\r\n"));
    channel.runPendingTasks();
    assertThat(tls.handshakeFuture().isDone()).as("no TLS").isTrue();
    assertThat(channel.pipeline().get(HandshakeTurn.class)).isNull();
    assertThat(channel.config().isAutoRead()).isTrue();
  }

  @Test
  void whoWaits_sendsNoMore_andWhatItSentGoesWithIt() {
    EmbeddedChannel channel = new EmbeddedChannel(new HandshakeTurn());
    ByteBuf held = bytes("hello");
    channel.pipeline().fireChannelRead(held);
    assertThat(channel.config().isAutoRead()).isFalse();
    channel.pipeline().fireChannelInactive();
    assertThat(held.refCnt()).isZero();
    channel.runPendingTasks();
    assertThat(channel.<Object>readInbound()).isNull();
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }
}
