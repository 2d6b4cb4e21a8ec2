/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who would lose what if another policy were in force. Rules are compared, not what clients happen
 * to do: what is granted now and would not be wholly granted then is a loss. Limits are not
 * compared. For one thread.
 */
public final class PolicyPreview {
  private static final int SAMPLE = 20;

  /** A policy may have thousands of rules; nobody reads so many losses. */
  private static final int MAX_LOSSES = 500;

  private static final int MAX_COUNTED = 10_000;

  private final PolicyFile now;
  private final PolicyFile then;
  private final Map<Key, Loss> losses = new LinkedHashMap<>();
  private final Set<Key> more = new HashSet<>();
  private long clients;

  /** @param then what might be in force */
  public PolicyPreview(PolicyFile now, PolicyFile then) {
    this.now = now;
    this.then = then;
  }

  private record Key(String act, String rule, String reason) {}

  /** The same loss of several clients. */
  public static final class Loss {
    private final String act;
    private final String rule;
    private final String topic;
    private final String reason;
    private final List<String> sample = new ArrayList<>();
    private long clients;

    private Loss(String act, String rule, String topic, String reason) {
      this.act = act;
      this.rule = rule;
      this.topic = topic;
      this.reason = reason;
    }

    /** {@code publish}, {@code will}, {@code subscribe}, {@code share}, or {@code connect}. */
    public String act() {
      return act;
    }

    /** The rule that grants it now, by its place in the file. */
    public String rule() {
      return rule;
    }

    /** What the rule grants the first of them. */
    public String topic() {
      return topic;
    }

    /** Why it would not be granted then, or not all of it. */
    public String reason() {
      return reason;
    }

    /** How many lose it. */
    public long clients() {
      return clients;
    }

    /** The first of them, by their client ids. */
    public List<String> sample() {
      return List.copyOf(sample);
    }

    private void add(String client) {
      clients++;
      if (sample.size() < SAMPLE) {
        sample.add(client);
      }
    }
  }

  /** Looks at one client; who is not let in now has nothing to lose. */
  public void look(ClientSubject subject, String clientId) {
    if (!(now.admit(subject, clientId) instanceof PolicyFile.Admission.Admitted before)) {
      return;
    }
    clients++;
    PolicyFile.Admission after = then.admit(subject, clientId);
    if (after instanceof PolicyFile.Admission.Admitted admitted) {
      before
          .policy()
          .losses(admitted.policy())
          .forEach(lost -> add(lost.act(), lost.rule(), lost.topic(), lost.reason(), clientId));
    } else {
      String reason = after instanceof PolicyFile.Admission.WrongClientId
          ? "its client id would not be one that its role may use"
          : "no role would match it";
      add("connect", String.join(", ", before.policy().roles()), "", reason, clientId);
    }
  }

  private void add(String act, String rule, String topic, String reason, String clientId) {
    Key key = new Key(act, rule, reason);
    Loss known = losses.get(key);
    if (known != null) {
      known.add(clientId);
    } else if (losses.size() < MAX_LOSSES) {
      Loss first = new Loss(act, rule, topic, reason);
      first.add(clientId);
      losses.put(key, first);
    } else if (more.size() < MAX_COUNTED) {
      more.add(key);
    }
  }

  /** How many losses are not told; above 10,000 they are counted no further. */
  public int untold() {
    return more.size();
  }

  /** How many were looked at that are let in now. */
  public long clients() {
    return clients;
  }

  public Collection<Loss> losses() {
    return List.copyOf(losses.values());
  }
}
