/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Proves that a log is whole: each entry hangs on the one before, and each signed checkpoint names
 * an entry that is there. What comes after the last checkpoint is chained but not yet signed. Needs
 * nothing of the server's but what it is given.
 *
 * <p>A checkpoint under a CA whose key was lost proves nothing, whenever it says that it was made:
 * whoever has the key, and the log, writes both anew. It must fit all the same.
 *
 * <p>Fed with entries in order; belongs to one thread.
 */
public final class AuditVerifier {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String COMPROMISED = "ca.compromised";

  private final SortedMap<Long, List<SignedCheckpoint.Proof>> ahead = new TreeMap<>();
  private final List<List<SignedCheckpoint.Proof>> met = new ArrayList<>();
  private final Set<String> compromised;
  private long seq;
  private String hash = AuditChain.NOTHING;

  /**
   * @param checkpoints as the log has them, and any that were kept elsewhere
   * @param roots whom to trust
   * @param compromised serial numbers (lower-case hexadecimal digits) of CAs whose signatures prove
   *     nothing, besides those of which the log itself tells
   * @throws IllegalArgumentException telling which checkpoint is not to be trusted
   */
  public AuditVerifier(
      List<byte[]> checkpoints, List<X509Certificate> roots, Set<String> compromised) {
    this.compromised = new TreeSet<>(compromised);
    for (byte[] signed : checkpoints) {
      SignedCheckpoint.Proof proof = SignedCheckpoint.verify(signed, roots);
      Checkpoint checkpoint = proof.checkpoint();
      List<SignedCheckpoint.Proof> same =
          ahead.computeIfAbsent(checkpoint.seq(), none -> new ArrayList<>(1));
      if (same.stream().anyMatch(one -> !one.checkpoint().hash().equals(checkpoint.hash()))) {
        throw new IllegalArgumentException("checkpoints: two of entry " + checkpoint.seq()
            + " that differ (the log was rewritten)");
      }
      same.add(proof);
    }
  }

  /** Takes the next entry. @throws IllegalArgumentException telling where the chain breaks */
  public void next(AuditEntry entry) {
    if (entry.seq() != seq + 1) {
      throw broken("entry " + (seq + 1) + " is missing");
    }
    if (!AuditChain.hash(entry.text()).equals(entry.hash())) {
      throw broken("entry " + entry.seq() + " was changed (its hash is another)");
    }
    JsonNode json = read(entry);
    if (json.path("seq").asLong() != entry.seq()
        || !json.path("previous").asText().equals(hash)) {
      throw broken("entry " + entry.seq() + " does not follow the one before it");
    }
    seq = entry.seq();
    hash = entry.hash();
    lostCa(json).ifPresent(compromised::add);
    List<SignedCheckpoint.Proof> here = ahead.remove(seq);
    if (here != null) {
      Checkpoint checkpoint = here.get(0).checkpoint();
      if (!checkpoint.hash().equals(hash)) {
        throw broken("entry " + seq + " is not the one that was signed at " + checkpoint.at());
      }
      met.add(here);
    }
  }

  /** The serial number of a CA of which an entry says that its key is in other hands. */
  private static Optional<String> lostCa(JsonNode entry) {
    return entry.path("action").asText().equals(COMPROMISED)
        ? Optional.ofNullable(entry.path("details").path("serial").textValue())
        : Optional.empty();
  }

  private static JsonNode read(AuditEntry entry) {
    try {
      return JSON.readTree(entry.text());
    } catch (JsonProcessingException e) {
      throw broken("entry " + entry.seq() + " is no JSON");
    }
  }

  /**
   * What was proved.
   *
   * @param checkpoints that count
   * @param signedUpTo the last entry that one of them proves; 0 if none does
   * @param discounted how many fit, but are signed under a CA that was compromised
   * @param compromised the serial numbers of the CAs that are held to be
   */
  public record Report(
      long entries,
      int checkpoints,
      long signedUpTo,
      int discounted,
      Set<String> compromised,
      String head) {
    public Report {
      compromised = Collections.unmodifiableSet(new TreeSet<>(compromised));
    }
  }

  /** There are no more entries. @throws IllegalArgumentException if there should be */
  public Report finish() {
    if (!ahead.isEmpty()) {
      Checkpoint missing = ahead.get(ahead.firstKey()).get(0).checkpoint();
      throw broken("entry " + missing.seq() + " was signed at " + missing.at()
          + " and is gone: the log was cut short");
    }
    List<Long> good = met.stream()
        .filter(here -> here.stream().anyMatch(this::counts))
        .map(here -> here.get(0).checkpoint().seq())
        .toList();
    return new Report(
        seq,
        good.size(),
        good.isEmpty() ? 0 : good.get(good.size() - 1),
        met.size() - good.size(),
        compromised,
        hash);
  }

  private boolean counts(SignedCheckpoint.Proof proof) {
    return Collections.disjoint(proof.authorities(), compromised);
  }

  private static IllegalArgumentException broken(String what) {
    return new IllegalArgumentException("audit log: " + what);
  }
}
