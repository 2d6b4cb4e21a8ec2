/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.Exchange.Origin;
import org.eclipse.californium.core.network.InMemoryMessageIdProvider;
import org.eclipse.californium.core.network.KeyMID;
import org.junit.jupiter.api.Test;

/** What is remembered of messages, and of peers. */
class RecentMessagesTest {
  private final AtomicLong now = new AtomicLong();
  private final RecentMessages messages = new RecentMessages(10, 247, now::get);

  private static KeyMID key(int peer, int message) {
    return new KeyMID(message, peer(peer));
  }

  private static InetSocketAddress peer(int number) {
    return new InetSocketAddress("192.0.2." + number % 250, 1 + number);
  }

  private static InetSocketAddress port(int port) {
    return new InetSocketAddress("198.51.100.1", port);
  }

  private Exchange add(int peer, int message) {
    Exchange exchange = new Exchange(Request.newGet(), peer(peer), Origin.REMOTE, Runnable::run);
    assertThat(messages.findPrevious(key(peer, message), exchange)).isNull();
    return exchange;
  }

  @Test
  void findPrevious_sameMessage_isFoundUntilItsLifeIsOver() {
    Exchange first = add(1, 1);
    now.set(247);
    messages.forgetOld();
    assertThat(messages.findPrevious(key(1, 1), first)).isSameAs(first);
    now.set(248);
    messages.forgetOld();
    assertThat(messages.find(key(1, 1))).isNull();
    assertThat(messages.isEmpty()).isTrue();
  }

  @Test
  void findPrevious_manyOfOnePeer_pushesOutItsOwn() {
    add(2, 1);
    for (int message = 1; message <= 5; message++) {
      add(1, message);
    }
    assertThat(messages.find(key(1, 1))).isNull();
    assertThat(messages.find(key(1, 2))).isNotNull();
    assertThat(messages.find(key(2, 1))).isNotNull();
  }

  @Test
  void findPrevious_manyPeers_isBoundedInAll() {
    for (int peer = 1; peer <= 100; peer++) {
      add(peer, 1);
    }
    assertThat(messages.size()).isEqualTo(10);
    assertThat(messages.find(key(100, 1))).isNotNull();
  }

  @Test
  void findPrevious_manyPortsOfOneAddress_pushOutNobodyElses() {
    add(1, 1);
    add(2, 1);
    for (int port = 1; port <= 100; port++) {
      KeyMID key = new KeyMID(1, port(port));
      messages.findPrevious(
          key, new Exchange(Request.newGet(), port(port), Origin.REMOTE, Runnable::run));
    }
    assertThat(messages.find(key(1, 1))).isNotNull();
    assertThat(messages.find(key(2, 1))).isNotNull();
    assertThat(messages.find(new KeyMID(1, port(100)))).as("its newest").isNotNull();
    assertThat(messages.size()).as("half of ten for the many").isEqualTo(7);
    messages.clear();
    assertThat(messages.isEmpty()).isTrue();
  }

  @Test
  void messageIds_ofMorePeersThanTransfers_areGiven() {
    InMemoryMessageIdProvider ids =
        new InMemoryMessageIdProvider(CoapsSettings.ofMessageIds(CoapsConfig.on("localhost", 0)));
    for (int peer = 0; peer < 2 * CoapsSettings.TRANSFERS; peer++) {
      assertThat(ids.getNextMessageId(peer(peer))).isNotNegative();
    }
  }
}
