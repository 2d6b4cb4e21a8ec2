/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;

class CallerTest {
  private static String network(String address) throws UnknownHostException {
    InetSocketAddress from = new InetSocketAddress(InetAddress.getByName(address), 4711);
    return new Caller(List.of(), from.toString(), ChannelBinding.unknown()).network();
  }

  @Test
  void network_isTheAddress_andOfIpv6The64() throws UnknownHostException {
    assertThat(network("192.0.2.1")).isEqualTo("/192.0.2.1").isNotEqualTo(network("192.0.2.2"));
    assertThat(network("2001:db8:0:1::1"))
        .isEqualTo(network("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        .isNotEqualTo(network("2001:db8:0:2::1"));
    assertThat(network("::ffff:192.0.2.1")).isEqualTo(network("192.0.2.1"));
  }
}
