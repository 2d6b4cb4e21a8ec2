/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.authority.Authority.State;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All CAs of an installation, from the first on, oldest first; and what follows for those who are
 * to trust them. A value: each change makes a new one.
 *
 * @param version counts the changes
 */
public record AuthorityHistory(long version, List<Authority> all) {
  /** The kinds that there are. */
  public static final String ROOT = "root";

  public static final String DEVICE = "device";
  public static final String SERVICE = "service";

  public AuthorityHistory {
    all = List.copyOf(all);
  }

  public Optional<Authority> find(String id) {
    return all.stream().filter(authority -> authority.id().equals(id)).findFirst();
  }

  /** Those of a kind, oldest first. */
  public List<Authority> of(String kind) {
    return all.stream().filter(authority -> authority.kind().equals(kind)).toList();
  }

  /** The one of a kind that signs. */
  public Authority active(String kind) {
    return in(kind, State.ACTIVE)
        .orElseThrow(() -> new IllegalStateException("no active CA of kind " + kind));
  }

  /** Whether one of a kind signs: not where another server has dropped it and made the next. */
  public boolean isActive(String kind) {
    return in(kind, State.ACTIVE).isPresent();
  }

  /** The one of a kind that will sign next, if it is made already. */
  public Optional<Authority> prepared(String kind) {
    return in(kind, State.PREPARED);
  }

  private Optional<Authority> in(String kind, State state) {
    return of(kind).stream().filter(authority -> authority.state() == state).findFirst();
  }

  /** Those of a kind whose certificates are good, or will be. */
  public List<Authority> trusted(String kind) {
    return of(kind).stream().filter(Authority::isTrusted).toList();
  }

  /** The roots to trust. */
  public List<X509Certificate> roots() {
    return trusted(ROOT).stream().map(Authority::certificate).toList();
  }

  /** The id of the next of a kind. */
  String nextId(String kind) {
    return kind + "-" + (of(kind).size() + 1);
  }

  /**
   * What EST answers to cacerts (RFC 7030, 4.1.3): roots, what bridges them, and issuing CAs.
   *
   * @param now bridges are told of until their older end has ended
   */
  public List<X509Certificate> published(Instant now) {
    List<X509Certificate> published = new ArrayList<>(roots());
    trusted(ROOT).forEach(root -> published.addAll(bridges(root, now)));
    Stream.of(DEVICE, SERVICE)
        .flatMap(kind -> trusted(kind).stream())
        .forEach(issuing -> published.add(issuing.certificate()));
    return published.stream().distinct().toList();
  }

  /**
   * What is to be sent above a certificate (RFC 8446, 4.4.2): its CA, and what leads from there to
   * another root than its own, for those who do not know its own yet, or any more.
   */
  public List<X509Certificate> chain(Authority issuing, Instant now) {
    List<X509Certificate> chain = new ArrayList<>(List.of(issuing.certificate()));
    find(issuing.parent())
        .ifPresent(root -> bridges(root, now).stream()
            .filter(bridge -> bridge
                .getSubjectX500Principal()
                .equals(root.certificate().getSubjectX500Principal()))
            .forEach(chain::add));
    return chain;
  }

  /**
   * Both directions while the older root is trusted. After that, what leads from it to the newer
   * one stays for as long as it is valid: a device that was on a shelf finds its way by it.
   */
  private List<X509Certificate> bridges(Authority root, Instant now) {
    List<X509Certificate> bridges = new ArrayList<>();
    root.bridgeOrNone()
        .filter(bridge -> now.isBefore(bridge.newWithOld().getNotAfter().toInstant()))
        .ifPresent(bridge -> bridges.add(bridge.newWithOld()));
    for (Authority newer : trusted(ROOT)) {
      newer
          .bridgeOrNone()
          .filter(bridge -> root.isTrusted() && isOf(bridge.oldWithNew(), root))
          .ifPresent(bridge -> bridges.add(bridge.oldWithNew()));
    }
    return bridges;
  }

  private static boolean isOf(X509Certificate certificate, Authority authority) {
    return certificate.getPublicKey().equals(authority.certificate().getPublicKey());
  }

  /** The same, with some of them compromised: as it is to be read, not as it is kept. */
  AuthorityHistory without(Set<String> lost) {
    return new AuthorityHistory(
        version,
        all.stream()
            .map(authority -> lost.contains(authority.id())
                ? authority.as(State.COMPROMISED, authority.since())
                : authority)
            .toList());
  }

  AuthorityHistory with(Authority added) {
    List<Authority> next = new ArrayList<>(all);
    next.add(added);
    return new AuthorityHistory(version + 1, next);
  }

  /**
   * The same with one in another state; if that is now the active one, the one before it retires.
   *
   * @throws IllegalArgumentException if there is no way from its state to that one; worded for an
   *     operator
   */
  AuthorityHistory changed(String id, State next, Instant now) {
    Authority changing =
        find(id).orElseThrow(() -> new IllegalArgumentException("authority: no \"" + id + "\""));
    if (!isStep(changing.state(), next)) {
      throw new IllegalArgumentException("authority " + id + ": is "
          + changing.state().label() + " and cannot become " + next.label());
    }
    List<Authority> changed = new ArrayList<>();
    for (Authority authority : all) {
      boolean before = next == State.ACTIVE
          && authority.state() == State.ACTIVE
          && authority.kind().equals(changing.kind());
      changed.add(
          authority.id().equals(id)
              ? authority.as(next, now)
              : before ? authority.as(State.RETIRING, now) : authority);
    }
    return new AuthorityHistory(version + 1, changed);
  }

  private static boolean isStep(State from, State to) {
    return switch (to) {
      case PREPARED, RETIRING -> false;
      case ACTIVE -> from == State.PREPARED;
      case COMPROMISED -> from == State.RETIRING || from == State.PREPARED;
      case ENDED -> from == State.RETIRING || from == State.COMPROMISED;
    };
  }
}
