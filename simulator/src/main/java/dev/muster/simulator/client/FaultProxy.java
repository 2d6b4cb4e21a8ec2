/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Stands between one device and its broker, for devices into whose connections nobody can see. It
 * has a port of its own, by which it is known whose bytes they are. Its connections live on one
 * event loop; what it is told may come from any thread.
 */
final class FaultProxy implements AutoCloseable {
  private static final int CONNECT_LIMIT_MS = 10_000;

  private final InetSocketAddress broker;
  private final EventLoop loop;
  private final RandomGenerator random;
  private final Channel listener;

  // Owned by the event loop.
  private final Set<Connection> connections = new LinkedHashSet<>();
  private NetworkConditions conditions = NetworkConditions.GOOD;

  /**
   * Listens on a free port where the broker does; blocks until it does.
   *
   * @param random decides what is lost
   */
  FaultProxy(InetSocketAddress broker, EventLoop loop, RandomGenerator random) {
    this.broker = broker;
    this.loop = loop;
    this.random = random;
    InetAddress here = broker.getAddress();
    this.listener = new ServerBootstrap()
        .group(loop)
        .channel(NioServerSocketChannel.class)
        .childOption(ChannelOption.TCP_NODELAY, true)
        // Its bytes wait where they are until there is somebody to take them.
        .childOption(ChannelOption.AUTO_READ, false)
        .childHandler(new ChannelInitializer<SocketChannel>() {
          @Override
          protected void initChannel(SocketChannel device) {
            new Connection(device).begin();
          }
        })
        .bind(here, 0)
        .syncUninterruptibly()
        .channel();
  }

  int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** From now on. */
  void change(NetworkConditions next) {
    onAll(() -> conditions = next, Connection::follow);
  }

  /** Resets what connections there are. */
  void cut() {
    onAll(() -> {}, Connection::reset);
  }

  /**
   * From now on nothing passes on what connections there are, and neither side is told.
   *
   * @param timeout after which the device's side gives up; null: when the device does
   */
  void abandon(@Nullable Duration timeout) {
    onAll(() -> {}, connection -> connection.abandon(timeout));
  }

  private interface Deed {
    void to(Connection connection);
  }

  private void onAll(Runnable first, Deed deed) {
    try {
      loop.execute(() -> {
        first.run();
        // They may go while it is done to them.
        List.copyOf(connections).forEach(deed::to);
      });
    } catch (RejectedExecutionException e) {
      // The run is over.
    }
  }

  /** What goes on is over, on both sides. */
  @Override
  public void close() {
    listener.close();
    onAll(() -> {}, Connection::end);
  }

  /** The device's and what belongs to it on the broker's side. */
  private final class Connection {
    private final Channel device;
    private final FaultyNetwork network = new FaultyNetwork(conditions, random);
    private @Nullable Channel toBroker;
    /** What will be told when somebody can be told again. */
    private final List<Runnable> untold = new ArrayList<>();

    private boolean abandoned;

    Connection(Channel device) {
      this.device = device;
    }

    void begin() {
      connections.add(this);
      device.pipeline().addLast(new Relay() {
        @Override
        @Nullable Channel other() {
          return toBroker;
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
          tell(Connection.this::deviceIsGone);
        }
      });
      tell(this::connect);
    }

    /** Now, or when the network is no longer silent. */
    private void tell(Runnable what) {
      if (conditions.silent()) {
        untold.add(what);
      } else {
        what.run();
      }
    }

    private void connect() {
      if (abandoned || !device.isActive()) {
        return;
      }
      new Bootstrap()
          .group(loop)
          .channel(NioSocketChannel.class)
          .option(ChannelOption.TCP_NODELAY, true)
          .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_LIMIT_MS)
          .handler(new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel channel) {
              toBroker = channel;
              channel.pipeline().addLast(network, new Relay() {
                @Override
                Channel other() {
                  return device;
                }

                @Override
                public void channelInactive(ChannelHandlerContext context) {
                  tell(Connection.this::brokerIsGone);
                }
              });
            }
          })
          .connect(broker)
          .addListener(done -> {
            if (done.isSuccess()) {
              device.config().setAutoRead(true);
            } else {
              // As the broker would refuse it.
              connections.remove(this);
              reset(device);
            }
          });
    }

    void follow() {
      network.change(conditions);
      if (!conditions.silent()) {
        List<Runnable> told = List.copyOf(untold);
        untold.clear();
        told.forEach(Runnable::run);
      }
    }

    void abandon(@Nullable Duration timeout) {
      abandoned = true;
      network.abandon();
      if (timeout != null) {
        loop.schedule(() -> reset(device), timeout.toNanos(), TimeUnit.NANOSECONDS);
      }
    }

    /** What it said before is still on its way, and comes first. */
    private void deviceIsGone() {
      if (toBroker == null) {
        connections.remove(this);
      } else if (!abandoned) {
        toBroker.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
      }
    }

    private void brokerIsGone() {
      connections.remove(this);
      if (!abandoned) {
        device.close();
      }
    }

    void reset() {
      reset(device);
      if (toBroker != null && !abandoned) {
        reset(toBroker);
      }
    }

    private void reset(Channel side) {
      side.config().setOption(ChannelOption.SO_LINGER, 0);
      side.close();
    }

    void end() {
      connections.remove(this);
      device.close();
      if (toBroker != null) {
        toBroker.close();
      }
    }
  }

  /**
   * Gives what comes to the other side. How much may wait there is bounded by MQTT, in which a
   * device has but so many messages under way.
   */
  private abstract static class Relay extends ChannelInboundHandlerAdapter {
    abstract @Nullable Channel other();

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      Channel other = other();
      if (other == null) {
        ReferenceCountUtil.release(bytes);
      } else {
        other.write(bytes);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      Channel other = other();
      if (other != null) {
        other.flush();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
