/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.DropPolicy;
import dev.muster.device.MessageClass;
import java.util.EnumMap;
import java.util.Map;

/**
 * How much is kept.
 *
 * @param messages in memory, of each class
 * @param bytes of payload in memory, of each class
 * @param journalBytes on disk, alarms and telemetry together
 */
public record QueueLimits(
    int messages, long bytes, long journalBytes, Map<MessageClass, DropPolicy> policies) {
  private static final int ALARM_SHARE = 4;

  public QueueLimits {
    Map<MessageClass, DropPolicy> all = new EnumMap<>(MessageClass.class);
    all.put(MessageClass.ALARM, DropPolicy.NEWEST);
    all.put(MessageClass.TELEMETRY, DropPolicy.OLDEST);
    all.put(MessageClass.DEBUG, DropPolicy.OLDEST);
    all.putAll(policies);
    policies = Map.copyOf(all);
  }

  DropPolicy policy(MessageClass messageClass) {
    return policies.getOrDefault(messageClass, DropPolicy.NEWEST);
  }

  long journalBytes(MessageClass messageClass) {
    long alarms = journalBytes / ALARM_SHARE;
    return messageClass == MessageClass.ALARM ? alarms : journalBytes - alarms;
  }
}
