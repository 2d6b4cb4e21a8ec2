/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who would lose what if another policy were in force. Rules are compared, not what clients happen
 * to do: what is granted now and would not be wholly granted then is a loss. Limits are not
 * compared. For one thread.
 */
public final class PolicyPreview {
  private static final int SAMPLE = 20;

  private final PolicyFile now;
  private final PolicyFile then;
  private final Map<Key, Loss> losses = new LinkedHashMap<>();
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
    losses
        .computeIfAbsent(new Key(act, rule, reason), key -> new Loss(act, rule, topic, reason))
        .add(clientId);
  }

  /** How many were looked at that are let in now. */
  public long clients() {
    return clients;
  }

  public Collection<Loss> losses() {
    return List.copyOf(losses.values());
  }
}
