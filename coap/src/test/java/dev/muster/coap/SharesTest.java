/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** Who counts as one. */
class SharesTest {
  private final Shares shares = new Shares(4);

  private static InetAddress address(String literal) throws UnknownHostException {
    return InetAddress.getByName(literal);
  }

  @Test
  void addresses_ofOneNetworkOfIpv6_haveHalfTogether() throws Exception {
    shares.take(address("2001:db8:0:1::1"));
    shares.take(address("2001:db8:0:1:ffff::2"));
    assertThat(shares.isLeftFor(address("2001:db8:0:1::3"))).isFalse();
    assertThat(shares.isLeftFor(address("2001:db8:0:2::1"))).isTrue();
    shares.giveBack(address("2001:db8:0:1::1"));
    assertThat(shares.isLeftFor(address("2001:db8:0:1::3"))).isTrue();
  }

  @Test
  void addresses_ofIpv4_countEach() throws Exception {
    shares.take(address("192.0.2.1"));
    shares.take(address("192.0.2.1"));
    shares.take(address("192.0.2.2"));
    assertThat(shares.isLeftFor(address("192.0.2.1"))).isFalse();
    assertThat(shares.isLeftFor(address("192.0.2.2"))).isTrue();
  }
}
