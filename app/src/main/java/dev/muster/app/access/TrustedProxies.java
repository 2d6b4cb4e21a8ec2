/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.enrollment.operator.OperatorRoutes;
import io.netty.util.NetUtil;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The proxies whose word is taken for where a request came from. Each adds to
 * {@code X-Forwarded-For} whom it has heard; what stands before the first that is not known,
 * anybody can have written.
 */
public final class TrustedProxies {
  /** Nobody's word is taken. */
  public static final TrustedProxies NONE = new TrustedProxies(List.of());

  private static final String HEADER = "X-Forwarded-For";
  private static final String EXPECTED =
      " (expected: an address, or a network such as 10.0.0.0/8, of proxies alone)";

  private final List<Network> networks;

  private TrustedProxies(List<Network> networks) {
    this.networks = List.copyOf(networks);
  }

  /** @throws IllegalArgumentException if one is no address, and no network */
  public static TrustedProxies of(List<String> networks) {
    return networks.isEmpty()
        ? NONE
        : new TrustedProxies(networks.stream().map(Network::parse).toList());
  }

  /** Whether nobody's word is taken. */
  public boolean isEmpty() {
    return networks.isEmpty();
  }

  /** The networks, as {@code [10.1.2.3/32]}. */
  @Override
  public String toString() {
    return networks.toString();
  }

  /** Notes where a request came from, for all who ask that later. */
  public void note(RoutingContext ctx) {
    String peer = String.valueOf(ctx.request().remoteAddress().hostAddress());
    ctx.put(OperatorRoutes.FROM, from(peer, ctx.request().headers().getAll(HEADER)));
    ctx.next();
  }

  /**
   * The address of the first, going back from us, that is none of the proxies.
   *
   * @param peer who is connected to us
   * @param forwardedFor the lines of the header, in their order
   */
  String from(String peer, List<String> forwardedFor) {
    List<String> hops = new ArrayList<>();
    forwardedFor.forEach(line -> hops.addAll(Arrays.asList(line.split(",", -1))));
    String from = peer;
    Optional<InetAddress> address = read(peer);
    for (int i = hops.size() - 1; i >= 0 && address.filter(this::isTrusted).isPresent(); i--) {
      address = hop(hops.get(i).trim());
      from = address.map(InetAddress::getHostAddress).orElse(from);
    }
    return from;
  }

  private boolean isTrusted(InetAddress address) {
    return networks.stream().anyMatch(network -> network.contains(address.getAddress()));
  }

  /** Some proxies add the port. */
  private static Optional<InetAddress> hop(String text) {
    if (text.startsWith("[") && text.indexOf(']') > 0) {
      return read(text.substring(1, text.indexOf(']')));
    }
    int colon = text.indexOf(':');
    boolean hasPort = colon >= 0 && colon == text.lastIndexOf(':');
    return read(hasPort ? text.substring(0, colon) : text);
  }

  /** Of digits alone: no name is looked up. */
  private static Optional<InetAddress> read(String text) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    try {
      return bytes == null ? Optional.empty() : Optional.of(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
    }
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Network(byte[] address, int bits) {
    static Network parse(String text) {
      String[] parts = text.split("/", 2);
      byte[] address = read(parts[0])
          .orElseThrow(() -> new IllegalArgumentException(text + EXPECTED))
          .getAddress();
      int most = address.length * Byte.SIZE;
      int bits = parts.length == 1 ? most : bits(parts[1]);
      if (bits < 1 || bits > most) {
        throw new IllegalArgumentException(text + EXPECTED);
      }
      return new Network(address, bits);
    }

    private static int bits(String text) {
      return text.matches("\\d{1,3}") ? Integer.parseInt(text) : -1;
    }

    @Override
    public String toString() {
      return NetUtil.bytesToIpAddress(address) + "/" + bits;
    }

    boolean contains(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> (bit % Byte.SIZE);
        if (((address[bit / Byte.SIZE] ^ other[bit / Byte.SIZE]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
