/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static java.util.Objects.requireNonNull;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One CA of ours, in one generation.
 *
 * @param id {@code root}, {@code device}, {@code service}; later generations are {@code device-2}
 *     and so on
 * @param since when it came into its state
 * @param parent the id of the root above it; a root is its own
 * @param bridge what leads from the root before to this one and back; null for issuing CAs, for the
 *     first root, and where the one before was compromised
 */
public record Authority(
    String id,
    State state,
    Instant since,
    String parent,
    X509Certificate certificate,
    @Nullable Bridge bridge) {

  /** How far it is in its life. */
  public enum State {
    /** Made known to all, and not yet used. */
    PREPARED,
    /** Signs. One of each kind is. */
    ACTIVE,
    /** Signs nothing new; what it has signed is good. */
    RETIRING,
    /** Its key is in other hands: nothing that it has signed is good. */
    COMPROMISED,
    /** All that it has signed has ended. */
    ENDED;

    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException if there is no such state */
    public static State of(String label) {
      return Arrays.stream(values())
          .filter(state -> state.label().equals(label))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("state: \"" + label + "\""));
    }
  }

  /**
   * The two certificates by which whoever trusts one root comes to trust the other (RFC 4210, 4.4).
   *
   * @param newWithOld this root's key, signed by the one before
   * @param oldWithNew the key of the one before, signed by this root
   */
  public record Bridge(X509Certificate newWithOld, X509Certificate oldWithNew) {}

  public Authority {
    requireNonNull(id, "id");
    requireNonNull(certificate, "certificate");
  }

  /** The id without the number of its generation. */
  public String kind() {
    return kindOf(id);
  }

  /** The kind of a CA of that id: {@code device-2} is a {@code device}. */
  public static String kindOf(String id) {
    int dash = id.indexOf('-');
    return dash < 0 ? id : id.substring(0, dash);
  }

  public boolean isRoot() {
    return kind().equals(AuthorityHistory.ROOT);
  }

  /** Whether what it has signed may be good. */
  public boolean isTrusted() {
    return state != State.COMPROMISED && state != State.ENDED;
  }

  public Instant notAfter() {
    return certificate.getNotAfter().toInstant();
  }

  Authority as(State next, Instant now) {
    return new Authority(id, next, now, parent, certificate, bridge);
  }

  Optional<Bridge> bridgeOrNone() {
    return Optional.ofNullable(bridge);
  }
}
