/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.DropReason;
import dev.muster.device.MessageClass;
import dev.muster.device.PublishException;
import dev.muster.device.PublishReceipt;
import dev.muster.device.internal.journal.Journal.Lost;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A receipt as the queue fills it in; its status by one thread at a time. */
final class Receipt implements PublishReceipt {
  private final MessageIdentity identity;
  private final CompletableFuture<Void> stored = new CompletableFuture<>();
  private final CompletableFuture<Void> acknowledged = new CompletableFuture<>();
  private volatile Status status = Status.ACCEPTED;
  private volatile boolean written;
  private volatile @Nullable Map<MessageClass, Lost> losses;

  Receipt(MessageIdentity identity) {
    this.identity = identity;
  }

  @Override
  public MessageIdentity identity() {
    return identity;
  }

  @Override
  public Status status() {
    return status;
  }

  @Override
  public CompletableFuture<Void> stored() {
    return stored;
  }

  @Override
  public CompletableFuture<Void> acknowledged() {
    return acknowledged;
  }

  /** Its message is a report of these losses. */
  void tells(Map<MessageClass, Lost> reported) {
    losses = reported;
  }

  /** The losses that its message reports; null if that is no report. */
  @Nullable Map<MessageClass, Lost> losses() {
    return losses;
  }

  /** The status only; futures complete on the callback thread. */
  void reach(Status next) {
    status = next;
  }

  /** As a failure leaves it: a message that is on the disk is not dropped by closing the device. */
  void reach(PublishException failure) {
    DropReason reason = failure.dropReason();
    boolean kept = reason == DropReason.NOT_FOLLOWED || (reason == DropReason.CLOSED && written);
    status = kept ? Status.STORED : Status.DROPPED;
  }

  /** It is on the disk, whether its future tells so yet or not. */
  void written() {
    written = true;
    if (status == Status.ACCEPTED) {
      status = Status.STORED;
    }
  }

  void completeStored() {
    stored.complete(null);
  }

  void complete() {
    stored.complete(null);
    acknowledged.complete(null);
  }

  void fail(PublishException failure) {
    stored.completeExceptionally(failure);
    acknowledged.completeExceptionally(failure);
  }
}
