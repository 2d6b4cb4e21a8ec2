/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import dev.muster.broker.authz.ClientSubject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was refused to whom, and why: for the question that every developer of a device asks. Of
 * those refused last; gone with the process. Safe for use by several threads.
 */
public final class Refusals {
  private static final int PRINCIPALS = 10_000;
  private static final int NEWEST = 20;
  private static final int LONGEST_TOPIC = 256;

  /**
   * One refusal.
   *
   * @param operation connect, publish, subscribe, will or deliver
   * @param topic or filter; empty for a connect
   * @param rule as in {@link dev.muster.broker.authz.Decision}
   */
  public record Refusal(Instant at, String operation, String topic, String rule, String detail) {}

  /**
   * All refusals of one principal.
   *
   * @param counts how many there were, by operation and rule: {@code publish default}
   * @param newest the last ones, newest first
   */
  public record Account(ClientSubject subject, Map<String, Long> counts, List<Refusal> newest) {}

  private static final class Book {
    private final Map<String, Long> counts = new TreeMap<>();
    private final Deque<Refusal> newest = new ArrayDeque<>(NEWEST);
  }

  private final Clock clock;
  private final Map<ClientSubject, Book> books = RecentlyUsed.atMost(PRINCIPALS);

  public Refusals(Clock clock) {
    this.clock = clock;
  }

  /** Notes one; parameters as in {@link Refusal}. */
  public synchronized void note(
      ClientSubject subject, String operation, String topic, String rule, String detail) {
    Book book = books.computeIfAbsent(subject, one -> new Book());
    book.counts.merge(operation + " " + rule, 1L, Long::sum);
    if (book.newest.size() == NEWEST) {
      book.newest.removeLast();
    }
    String shown = topic.length() > LONGEST_TOPIC ? topic.substring(0, LONGEST_TOPIC) : topic;
    book.newest.addFirst(new Refusal(clock.instant(), operation, shown, rule, detail));
  }

  /**
   * Of those with that name: a device, and perhaps a service.
   *
   * @param commonName the id of a device, the name of a service
   */
  public synchronized List<Account> of(String commonName) {
    return books.entrySet().stream()
        .filter(entry -> entry.getKey().commonName().equals(commonName))
        .map(entry -> account(entry.getKey(), entry.getValue()))
        .sorted(Comparator.comparing(account -> account.subject().issuer()))
        .toList();
  }

  private static Account account(ClientSubject subject, Book book) {
    return new Account(subject, Map.copyOf(book.counts), List.copyOf(book.newest));
  }
}
