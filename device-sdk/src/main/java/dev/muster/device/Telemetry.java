/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.outbound.Message;
import dev.muster.device.internal.outbound.OutboundQueue;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.SenmlJson;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One stream of a device's telemetry. Thread-safe; no method blocks, whether the device is
 * connected or not.
 *
 * <p>Futures complete on the device's callback thread, and so run what hangs on them without an
 * executor: it should return soon (see {@link FleetDevice}).
 */
public final class Telemetry {
  private final String stream;
  private final MessageClass messageClass;
  private final OutboundQueue queue;
  private final DeviceClock clock;

  Telemetry(String stream, MessageClass messageClass, OutboundQueue queue, DeviceClock clock) {
    this.stream = stream;
    this.messageClass = messageClass;
    this.queue = queue;
    this.clock = clock;
  }

  /**
   * Sends one message with the values measured now.
   *
   * @param values metric to value: a finite {@link Number}, a {@link Boolean} or a {@link String}
   * @return completes at the PUBACK, by which the backend has it on its disk; exceptionally with a
   *     {@link PublishException}
   * @throws IllegalArgumentException if there is no value, or one that cannot be sent
   */
  public CompletableFuture<Void> publish(Map<String, ?> values) {
    return send(values).acknowledged();
  }

  /** As {@link #publish}, for callers who want to know how far the message has come. */
  public PublishReceipt send(Map<String, ?> values) {
    return submit(Measurements.of(values, clock.instant()));
  }

  /**
   * Sends one message with measurements that have units and times of their own. Times are those of
   * the system's clock: if that was never set, they are moved along with it.
   *
   * @throws IllegalArgumentException if there is none, or one that cannot be sent
   */
  public PublishReceipt send(List<Measurement> measurements) {
    Duration behind = clock.behind();
    return submit(behind.isZero() ? measurements : Measurements.later(measurements, behind));
  }

  private PublishReceipt submit(List<Measurement> measurements) {
    return queue.submit(
        messageClass, Message.Kind.TELEMETRY, stream, SenmlJson.write(measurements));
  }
}
