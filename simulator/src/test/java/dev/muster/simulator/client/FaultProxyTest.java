/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class FaultProxyTest {
  /** So long is listened for what shall not come. */
  private static final int SILENCE_MS = 100;

  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private ServerSocket broker;
  private FaultProxy proxy;

  @BeforeEach
  void begin() throws IOException {
    broker = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    proxy = new FaultProxy(
        new InetSocketAddress(broker.getInetAddress(), broker.getLocalPort()),
        loops.next(),
        new SplittableRandom(1));
  }

  @AfterEach
  void end() throws IOException {
    proxy.close();
    broker.close();
    loops.shutdownGracefully();
  }

  @Test
  void good_passesBothWays_andEndsWithEitherSide() throws IOException {
    try (Socket device = connect();
        Socket side = broker.accept()) {
      say(device, "a");
      assertThat(hear(side)).isEqualTo("a");
      say(side, "b");
      assertThat(hear(device)).isEqualTo("b");
      device.shutdownOutput();
      assertThat(hear(side)).isEqualTo("the end");
    }
    try (Socket device = connect();
        Socket side = broker.accept()) {
      side.shutdownOutput();
      assertThat(hear(device)).isEqualTo("the end");
    }
  }

  @Test
  void slow_whatWasSaidBeforeTheEnd_arrivesBeforeIt() throws IOException {
    try (Socket device = connect();
        Socket side = broker.accept()) {
      proxy.change(new NetworkConditions(Duration.ofMillis(50), 0, 0, false));
      awaitProxy();
      say(device, "goodbye");
      device.shutdownOutput();
      assertThat(hear(side)).isEqualTo("goodbye");
      assertThat(hear(side)).isEqualTo("the end");
    }
  }

  @Test
  void silent_whatHappensMeanwhile_isToldAfterwards() throws IOException {
    try (Socket device = connect();
        Socket side = broker.accept()) {
      say(device, "before");
      assertThat(hear(side)).isEqualTo("before");
      proxy.change(NetworkConditions.SILENT);
      awaitProxy();
      try (Socket late = connect()) {
        say(late, "late");
        side.shutdownOutput();
        assertSilent(device);
        broker.setSoTimeout(SILENCE_MS);
        assertThatThrownBy(broker::accept).isInstanceOf(SocketTimeoutException.class);
        broker.setSoTimeout(0);
        proxy.change(NetworkConditions.GOOD);
        assertThat(hear(device)).isEqualTo("the end");
        try (Socket second = broker.accept()) {
          assertThat(hear(second)).isEqualTo("late");
        }
      }
    }
  }

  @Test
  void cut_resetsBothSides_andLetsThemComeAgain() throws IOException {
    try (Socket device = connect();
        Socket side = broker.accept()) {
      say(device, "a");
      assertThat(hear(side)).isEqualTo("a");
      proxy.cut();
      assertThatThrownBy(() -> hear(device)).isInstanceOf(SocketException.class);
      assertThatThrownBy(() -> hear(side)).isInstanceOf(SocketException.class);
    }
    try (Socket device = connect();
        Socket side = broker.accept()) {
      say(device, "b");
      assertThat(hear(side)).isEqualTo("b");
    }
  }

  @Test
  void abandoned_deviceGivesUp_andTheBrokerHearsNothingOfIt() throws IOException {
    try (Socket device = connect();
        Socket side = broker.accept()) {
      say(device, "a");
      assertThat(hear(side)).isEqualTo("a");
      proxy.abandon(Duration.ofMillis(20));
      awaitProxy();
      assertThatThrownBy(() -> {
            say(device, "lost");
            hear(device);
          })
          .isInstanceOf(SocketException.class);
      try (Socket again = connect();
          Socket second = broker.accept()) {
        say(again, "b");
        assertThat(hear(second)).isEqualTo("b");
      }
      assertSilent(side);
    }
  }

  @Test
  void abandoned_brokerGivesUp_andTheDeviceHearsNothingOfIt() throws IOException {
    try (Socket device = connect();
        Socket side = broker.accept()) {
      say(device, "a");
      assertThat(hear(side)).isEqualTo("a");
      proxy.abandon(null);
      awaitProxy();
      say(side, "lost");
      side.shutdownOutput();
      assertSilent(device);
    }
  }

  @Test
  void brokerThatIsNotThere_resetsTheDevice() throws IOException {
    broker.close();
    try (Socket device = connect()) {
      assertThatThrownBy(() -> hear(device)).isInstanceOf(SocketException.class);
    }
  }

  /** Until it has done what it was told. */
  private void awaitProxy() {
    loops.next().submit(() -> {}).syncUninterruptibly();
  }

  private Socket connect() throws IOException {
    return new Socket(broker.getInetAddress(), proxy.port());
  }

  private static void say(Socket socket, String what) throws IOException {
    socket.getOutputStream().write(what.getBytes(StandardCharsets.US_ASCII));
  }

  private static String hear(Socket socket) throws IOException {
    byte[] heard = new byte[100];
    int length = socket.getInputStream().read(heard);
    return length < 0 ? "the end" : new String(heard, 0, length, StandardCharsets.US_ASCII);
  }

  private static void assertSilent(Socket socket) throws IOException {
    socket.setSoTimeout(SILENCE_MS);
    assertThatThrownBy(() -> hear(socket)).isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(0);
  }
}
