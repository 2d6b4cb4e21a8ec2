/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The network of one connection, below TLS, where there are only bytes. In good conditions they
 * pass at once. Confined to the event loop of its channel.
 */
final class FaultyNetwork extends ChannelDuplexHandler {
  /** What Linux waits at least before it sends a segment again; twice as long each further time. */
  static final long RETRANSMISSION_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /**
   * So much of what comes in is held, and what one reading brings on top of it; the rest waits
   * where it came from, as behind any window of TCP that is full.
   */
  static final int MOST_HELD_BYTES = 64 * 1024;

  /** The longest wait is then 51 s; RFC 6298, 2.5 lets it have a limit of 60 s or more. */
  private static final int MOST_LOSSES = 8;

  private static final double NANOS_PER_SECOND = 1e9;

  /** Bytes that are held, and what lets them go on. */
  private record Held(Object bytes, long due, Runnable pass) {}

  /** One way. */
  private static final class Direction {
    final Deque<Held> held = new ArrayDeque<>();
    /** When the line is free again. */
    long free = Long.MIN_VALUE;

    long bytes;

    void add(Held one) {
      held.add(one);
      bytes += length(one.bytes());
    }

    void pass() {
      Held first = held.remove();
      bytes -= length(first.bytes());
      first.pass().run();
    }

    void discard() {
      held.forEach(one -> ReferenceCountUtil.release(one.bytes()));
      held.clear();
      bytes = 0;
    }
  }

  private static int length(Object bytes) {
    return bytes instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
  }

  private final Direction incoming = new Direction();
  private final Direction outgoing = new Direction();
  private final RandomGenerator random;
  private NetworkConditions conditions;
  private @Nullable ChannelHandlerContext context;
  private @Nullable ScheduledFuture<?> timer;
  private boolean abandoned;

  /** @param random decides what is lost */
  FaultyNetwork(NetworkConditions conditions, RandomGenerator random) {
    this.conditions = conditions;
    this.random = random;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext added) {
    context = added;
    readOrNot();
  }

  /** From now on. What is held goes on its way as soon as the new conditions let it. */
  void change(NetworkConditions next) {
    conditions = next;
    drain();
    readOrNot();
  }

  /**
   * From now on nothing passes on this connection, for good, and nobody is told, as when the other
   * side is gone without a FIN.
   */
  void abandon() {
    abandoned = true;
    incoming.discard();
    outgoing.discard();
    readOrNot();
  }

  /** Whether nothing passes for now. */
  boolean isSilent() {
    return conditions.silent();
  }

  boolean isAbandoned() {
    return abandoned;
  }

  /** TLS asks for more when it has but a part of a record; it comes when there is room. */
  @Override
  public void read(ChannelHandlerContext at) {
    if (isReading()) {
      at.read();
    }
  }

  /**
   * What does not arrive is not read: not the end of the connection either, which whoever reads
   * nothing does not see. Whoever is abandoned reads on: else nobody would see it any more.
   */
  private boolean isReading() {
    return abandoned || !conditions.silent() && incoming.bytes < MOST_HELD_BYTES;
  }

  @Override
  public void channelRead(ChannelHandlerContext at, Object bytes) {
    if (abandoned) {
      ReferenceCountUtil.release(bytes);
      return;
    }
    pass(at, incoming, bytes, () -> at.fireChannelRead(bytes));
  }

  @Override
  public void write(ChannelHandlerContext at, Object bytes, ChannelPromise promise) {
    if (abandoned) {
      ReferenceCountUtil.release(bytes);
      promise.trySuccess();
      return;
    }
    pass(at, outgoing, bytes, () -> at.write(bytes, promise));
  }

  private void pass(ChannelHandlerContext at, Direction way, Object bytes, Runnable pass) {
    if (way.held.isEmpty() && conditions.equals(NetworkConditions.GOOD)) {
      pass.run();
      return;
    }
    long now = now(at);
    way.free = Math.max(way.free, now) + transmission(bytes);
    way.add(new Held(bytes, way.free + conditions.delay().toNanos() + losses(), pass));
    readOrNot();
    arm(at, now);
  }

  private void readOrNot() {
    if (context != null) {
      context.channel().config().setAutoRead(isReading());
    }
  }

  private long transmission(Object bytes) {
    double rate = conditions.bytesPerSecond();
    return rate == 0 ? 0 : (long) (length(bytes) / rate * NANOS_PER_SECOND);
  }

  /** How long it takes until a packet was not lost. */
  private long losses() {
    long waited = 0;
    if (conditions.loss() == 0) {
      // The device's own chances are those of its seed.
      return 0;
    }
    for (int i = 0; i < MOST_LOSSES && random.nextDouble() < conditions.loss(); i++) {
      waited += RETRANSMISSION_NANOS << i;
    }
    return waited;
  }

  private static long now(ChannelHandlerContext at) {
    return at.executor().ticker().nanoTime();
  }

  /** In their order: what came later never overtakes. */
  private void drain() {
    ChannelHandlerContext at = context;
    if (at == null || conditions.silent()) {
      return;
    }
    long now = now(at);
    if (release(incoming, now)) {
      at.fireChannelReadComplete();
      readOrNot();
    }
    if (release(outgoing, now)) {
      at.flush();
    }
    arm(at, now);
  }

  private boolean release(Direction way, long now) {
    boolean any = false;
    for (Held next = way.held.peek();
        next != null && (next.due() <= now || conditions.equals(NetworkConditions.GOOD));
        next = way.held.peek()) {
      way.pass();
      any = true;
    }
    if (conditions.equals(NetworkConditions.GOOD)) {
      way.free = now;
    }
    return any;
  }

  /** For what is held and comes first. */
  private void arm(ChannelHandlerContext at, long now) {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    long due = Math.min(due(incoming), due(outgoing));
    if (!conditions.silent() && due != Long.MAX_VALUE) {
      timer = at.executor().schedule(this::drain, due - now, TimeUnit.NANOSECONDS);
    }
  }

  private static long due(Direction way) {
    Held next = way.held.peek();
    return next == null ? Long.MAX_VALUE : next.due();
  }

  @Override
  public void channelInactive(ChannelHandlerContext at) {
    incoming.discard();
    outgoing.discard();
    at.fireChannelInactive();
  }
}
