/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Stands before TLS until the handshake is over: what a client sends in it, for which signatures
 * have to be made and checked, is passed on when it is its turn. An event loop does one step of one
 * handshake, and then looks after whoever has something to say, before it does the next. Confined
 * to the event loop of its channel.
 */
final class HandshakeTurn extends ChannelInboundHandlerAdapter {
  /** In all connections of this JVM, since Netty puts them into all. */
  private static final LongAdder TAKEN = new LongAdder();

  private static final FastThreadLocal<Turns> TURNS = new FastThreadLocal<>() {
    @Override
    protected Turns initialValue() {
      return new Turns();
    }
  };

  /** Of one event loop, in the order of arrival. */
  private static final class Turns {
    private final Queue<ChannelHandlerContext> waiting = new ArrayDeque<>();

    void enter(ChannelHandlerContext context) {
      waiting.add(context);
      if (waiting.size() == 1) {
        scheduleNext(context.channel().eventLoop());
      }
    }

    /** What is scheduled is done in the loop's next round, what is executed still in this one. */
    private void scheduleNext(EventLoop loop) {
      loop.schedule(() -> next(loop), 0, TimeUnit.NANOSECONDS);
    }

    private void next(EventLoop loop) {
      ChannelHandlerContext first = waiting.element();
      try {
        ((HandshakeTurn) first.handler()).pass(first);
      } finally {
        waiting.remove();
        if (!waiting.isEmpty()) {
          scheduleNext(loop);
        }
      }
    }
  }

  /** What came, and has not had its turn. */
  private final Deque<Object> held = new ArrayDeque<>();

  @Override
  public void channelRead(ChannelHandlerContext context, Object bytes) {
    held.add(bytes);
    if (held.size() == 1) {
      // Whoever waits may not send us more than that.
      context.channel().config().setAutoRead(false);
      TURNS.get().enter(context);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (held.isEmpty()) {
      context.fireChannelReadComplete();
    }
  }

  /** How many turns were taken: two or more of each handshake, unless it came in one piece. */
  static long taken() {
    return TAKEN.sum();
  }

  private void pass(ChannelHandlerContext context) {
    TAKEN.increment();
    if (held.isEmpty()) {
      // The client is gone.
      return;
    }
    // First, as those behind this one have their own reasons to read or not.
    context.channel().config().setAutoRead(true);
    for (Object bytes = held.poll(); bytes != null; bytes = held.poll()) {
      context.fireChannelRead(bytes);
    }
    context.fireChannelReadComplete();
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls != null && tls.handshakeFuture().isDone() && !context.isRemoved()) {
      context.pipeline().remove(this);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    release();
    context.fireChannelInactive();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    release();
  }

  private void release() {
    held.forEach(ReferenceCountUtil::release);
    held.clear();
  }
}
