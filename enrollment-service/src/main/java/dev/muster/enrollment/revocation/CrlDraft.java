/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.inventory.Crls;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.TakenBack;
import dev.muster.enrollment.inventory.TakenBackCertificates;
import dev.muster.enrollment.issuance.CrlContents;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the CRLs of an issuer should say now, and which of them have to be made for it.
 *
 * @param parts to be signed
 * @param over shards whose certificates have all ended and were on a CRL after that, and will have
 *     no others
 * @param forgotten what ended before this need not be named again
 */
record CrlDraft(List<Part> parts, Set<Integer> over, Instant forgotten) {
  /** By which the clocks of processes on one database may differ. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  /**
   * One CRL.
   *
   * @param url the distribution point; empty for the complete CRL
   * @param digest by which is told whether it says what the registry says
   */
  record Part(int shard, String url, List<CrlContents.Entry> entries, String digest) {}

  /**
   * What is wanted.
   *
   * @param due a CRL made then or earlier is to be made anew
   * @param opened new shards, with their URLs
   * @param complete whether the complete CRL is wanted in any case
   */
  record Wish(Instant due, Map<Integer, String> opened, boolean complete) {}

  static CrlDraft of(Registry.Tables tables, String issuer, Wish wish, Instant now) {
    Map<Integer, Crls.Issued> newest = tables.crls().newest(issuer);
    Instant oldest = newest.values().stream()
        .map(issued -> lastTold(issued, now))
        .min(Comparator.naturalOrder())
        .orElse(Instant.EPOCH);
    List<TakenBack> all = tables.takenBack().of(issuer, oldest);
    Map<Integer, String> shards = new HashMap<>(wish.opened());
    newest.values().forEach(issued -> shards.put(issued.shard(), issued.url()));
    shards.put(PublishedCrl.COMPLETE, "");
    Set<Integer> over = over(tables, issuer, newest, oldest, wish.due(), now);
    Map<Integer, List<TakenBack>> byShard = byShard(all);
    List<Part> parts = new ArrayList<>();
    for (int shard : new TreeSet<>(shards.keySet())) {
      Crls.@Nullable Issued before = newest.get(shard);
      List<TakenBack> candidates =
          shard == PublishedCrl.COMPLETE ? all : byShard.getOrDefault(shard, List.of());
      Instant last = before == null ? Instant.EPOCH : lastTold(before, now);
      Part part = part(shard, String.valueOf(shards.get(shard)), candidates, last, now);
      if (!over.contains(shard) && isWanted(part, before, wish, now)) {
        parts.add(part);
      }
    }
    return new CrlDraft(parts, over, oldest);
  }

  /**
   * Whether a CRL is to be made anew.
   *
   * @param due when it was made then or earlier
   * @param now when it was made long after that, by a clock that was ahead: nobody takes it yet
   */
  static boolean isDue(Crls.Issued issued, Instant due, Instant now) {
    return !issued.thisUpdate().isAfter(due) || isAhead(issued, now);
  }

  /** Whether a CRL was made by a clock that was ahead. */
  static boolean isAhead(Crls.Issued issued, Instant now) {
    return issued.thisUpdate().isAfter(now.plus(SKEW));
  }

  private static boolean isWanted(Part part, Crls.@Nullable Issued before, Wish wish, Instant now) {
    return before == null
        || isDue(before, wish.due(), now)
        || (part.shard == PublishedCrl.COMPLETE
            ? wish.complete()
            : !before.digest().equals(part.digest));
  }

  private static Map<Integer, List<TakenBack>> byShard(List<TakenBack> all) {
    Map<Integer, List<TakenBack>> byShard = new HashMap<>();
    all.forEach(entry ->
        byShard.computeIfAbsent(entry.shard(), none -> new ArrayList<>()).add(entry));
    return byShard;
  }

  /**
   * What ended before this was on a CRL after its end. One from the future has told nobody: what
   * ends before its date may still be in use.
   */
  private static Instant lastTold(Crls.Issued issued, Instant now) {
    return issued.thisUpdate().isAfter(now) ? Instant.EPOCH : issued.thisUpdate();
  }

  private static Part part(
      int shard, String url, List<TakenBack> candidates, Instant last, Instant now) {
    List<CrlContents.Entry> entries = candidates.stream()
        .filter(entry -> !entry.notAfter().isBefore(last))
        .map(entry -> new CrlContents.Entry(
            entry.serial(), entry.revokedAt(), entry.reason(), entry.invalidSince()))
        .toList();
    return new Part(
        shard,
        url,
        entries,
        shard == PublishedCrl.COMPLETE
            ? TakenBackCertificates.state(candidates, now)
            : digest(entries));
  }

  /** Looked for only now and then: a shard that lingers does no harm. */
  private static Set<Integer> over(
      Registry.Tables tables,
      String issuer,
      Map<Integer, Crls.Issued> newest,
      Instant oldest,
      Instant due,
      Instant now) {
    int open = tables.crls().openShard(issuer);
    List<Crls.Issued> candidates = newest.values().stream()
        .filter(issued -> issued.shard() != PublishedCrl.COMPLETE && issued.shard() != open)
        .filter(issued -> !issued.thisUpdate().isAfter(due))
        .toList();
    Set<Integer> over = new TreeSet<>();
    if (!candidates.isEmpty()) {
      Map<Integer, Instant> ends = tables.certificates().shardEnds(issuer, oldest);
      Map<Integer, Instant> taken = tables.crls().lastTaken(issuer);
      candidates.stream()
          .filter(
              issued -> CrlShards.isUsedUp(taken.getOrDefault(issued.shard(), Instant.EPOCH), now))
          .filter(issued ->
              ends.getOrDefault(issued.shard(), Instant.EPOCH).isBefore(issued.thisUpdate()))
          .forEach(issued -> over.add(issued.shard()));
    }
    return over;
  }

  private static String digest(List<CrlContents.Entry> entries) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      entries.forEach(entry -> sha256.update(entry.toString().getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }
}
