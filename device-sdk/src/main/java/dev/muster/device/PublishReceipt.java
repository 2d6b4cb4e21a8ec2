/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.util.concurrent.CompletableFuture;

/**
 * What a caller gets for a message.
 *
 * @param identity under which the message is stored, and by which a redelivery is recognized
 * @param acknowledged completes at the PUBACK; exceptionally with a {@link PublishException}
 */
public record PublishReceipt(MessageIdentity identity, CompletableFuture<Void> acknowledged) {
  public PublishReceipt {
    requireNonNull(identity, "identity");
    requireNonNull(acknowledged, "acknowledged");
  }
}
