/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The network of one connection, below TLS, where there are only bytes. In good conditions they
 * pass at once. Confined to the event loop of its channel.
 */
final class FaultyNetwork extends ChannelDuplexHandler {
  /** Bytes that are held, and what lets them go on. */
  private record Held(Object bytes, long due, Runnable pass) {}

  private final Deque<Held> incoming = new ArrayDeque<>();
  private final Deque<Held> outgoing = new ArrayDeque<>();
  private NetworkConditions conditions;
  private @Nullable ChannelHandlerContext context;

  FaultyNetwork(NetworkConditions conditions) {
    this.conditions = conditions;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
  }

  /** From now on. What is held goes on its way as soon as the new conditions let it. */
  void change(NetworkConditions next) {
    conditions = next;
    drain();
  }

  @Override
  public void channelRead(ChannelHandlerContext at, Object bytes) {
    pass(incoming, bytes, () -> at.fireChannelRead(bytes));
  }

  @Override
  public void write(ChannelHandlerContext at, Object bytes, ChannelPromise promise) {
    pass(outgoing, bytes, () -> at.write(bytes, promise));
  }

  private void pass(Deque<Held> held, Object bytes, Runnable pass) {
    if (held.isEmpty() && conditions.equals(NetworkConditions.GOOD)) {
      pass.run();
      return;
    }
    held.add(new Held(bytes, System.nanoTime() + conditions.delay().toNanos(), pass));
    if (!conditions.silent() && context != null) {
      context.executor().schedule(this::drain, conditions.delay().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** In their order: what came later never overtakes. */
  private void drain() {
    ChannelHandlerContext at = context;
    if (at == null || conditions.silent()) {
      return;
    }
    if (release(incoming)) {
      at.fireChannelReadComplete();
    }
    if (release(outgoing)) {
      at.flush();
    }
  }

  private boolean release(Deque<Held> held) {
    boolean any = false;
    for (Held next = held.peek();
        next != null && (next.due() <= System.nanoTime() || conditions.delay().isZero());
        next = held.peek()) {
      held.remove();
      next.pass().run();
      any = true;
    }
    return any;
  }

  @Override
  public void channelInactive(ChannelHandlerContext at) {
    incoming.forEach(held -> ReferenceCountUtil.release(held.bytes()));
    outgoing.forEach(held -> ReferenceCountUtil.release(held.bytes()));
    incoming.clear();
    outgoing.clear();
    at.fireChannelInactive();
  }
}
