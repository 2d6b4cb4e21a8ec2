/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnreadConnectionsTest {
  private static final int FULL = 70_000;
  private static final int MOST = 1_000_000;

  private long now;
  private final EmbeddedChannel reads = new EmbeddedChannel();
  private final EmbeddedChannel deaf = new EmbeddedChannel();
  private final UnreadConnections unread =
      new UnreadConnections(Set.of(reads, deaf), MOST, () -> now);

  @AfterEach
  void close() {
    reads.close();
    deaf.close();
  }

  /** As to a socket that takes nothing. */
  private static void send(EmbeddedChannel channel, int bytes) {
    channel.write(Unpooled.wrappedBuffer(new byte[bytes]));
  }

  private void after(long seconds) {
    now += TimeUnit.SECONDS.toNanos(seconds);
    unread.look();
  }

  @Test
  void clientThatReadsNothingForTwoMinutes_isClosed() {
    send(deaf, FULL);
    send(reads, FULL);
    after(0);
    after(60);
    reads.flush();
    after(30);
    send(reads, FULL);
    after(30);
    assertThat(deaf.isOpen()).isTrue();
    after(1);
    assertThat(deaf.isOpen()).isFalse();
    assertThat(reads.isOpen()).isTrue();
    after(60);
    assertThat(reads.isOpen()).as("since it was full again").isTrue();
  }

  @Test
  void clientForWhomTooMuchWaits_isClosedAtOnce() {
    send(deaf, MOST);
    send(reads, 1_000);
    after(0);
    assertThat(deaf.isOpen()).isFalse();
    assertThat(reads.isOpen()).isTrue();
  }
}
