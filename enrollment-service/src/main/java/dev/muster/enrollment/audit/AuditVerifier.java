/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Proves that a log is whole: each entry hangs on the one before, and each signed checkpoint names
 * an entry that is there. What comes after the last checkpoint is chained but not yet signed. Needs
 * nothing of the server's but what it is given.
 *
 * <p>Fed with entries in order; belongs to one thread.
 */
public final class AuditVerifier {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SortedMap<Long, Checkpoint> ahead = new TreeMap<>();
  private final int checkpoints;
  private long seq;
  private String hash = AuditChain.NOTHING;
  private long signedUpTo;

  /**
   * @param checkpoints as the log has them, and any that were kept elsewhere
   * @param roots whom to trust
   * @throws IllegalArgumentException telling which checkpoint is not to be trusted
   */
  public AuditVerifier(List<byte[]> checkpoints, List<X509Certificate> roots) {
    for (byte[] signed : checkpoints) {
      Checkpoint checkpoint = SignedCheckpoint.verify(signed, roots);
      Checkpoint other = ahead.put(checkpoint.seq(), checkpoint);
      if (other != null && !other.hash().equals(checkpoint.hash())) {
        throw new IllegalArgumentException("checkpoints: two of entry " + checkpoint.seq()
            + " that differ (the log was rewritten)");
      }
    }
    this.checkpoints = ahead.size();
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
    Checkpoint checkpoint = ahead.remove(seq);
    if (checkpoint != null) {
      if (!checkpoint.hash().equals(hash)) {
        throw broken("entry " + seq + " is not the one that was signed at " + checkpoint.at());
      }
      signedUpTo = seq;
    }
  }

  private static JsonNode read(AuditEntry entry) {
    try {
      return JSON.readTree(entry.text());
    } catch (JsonProcessingException e) {
      throw broken("entry " + entry.seq() + " is no JSON");
    }
  }

  /** What was proved. */
  public record Report(long entries, int checkpoints, long signedUpTo, String head) {}

  /** There are no more entries. @throws IllegalArgumentException if there should be */
  public Report finish() {
    for (Map.Entry<Long, Checkpoint> missing : ahead.entrySet()) {
      throw broken("entry " + missing.getKey() + " was signed at "
          + missing.getValue().at() + " and is gone: the log was cut short");
    }
    return new Report(seq, checkpoints, signedUpTo, hash);
  }

  private static IllegalArgumentException broken(String what) {
    return new IllegalArgumentException("audit log: " + what);
  }
}
