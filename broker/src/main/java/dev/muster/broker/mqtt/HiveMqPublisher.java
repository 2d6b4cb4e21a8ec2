/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.packets.general.Qos;
import com.hivemq.extension.sdk.api.services.builder.Builders;
import com.hivemq.extension.sdk.api.services.builder.PublishBuilder;
import com.hivemq.extension.sdk.api.services.publish.PublishService;
import com.hivemq.extension.sdk.api.services.publish.PublishToClientResult;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Publishes through HiveMQ; until the extension runs, there is nobody to publish to. */
final class HiveMqPublisher implements DevicePublisher {
  private static final String JSON = "application/json";

  private volatile @Nullable PublishService publisher;

  void use(PublishService service) {
    publisher = service;
  }

  @Override
  public CompletableFuture<Boolean> send(
      ClientSession session, String topic, byte[] payload, @Nullable Duration expiry) {
    PublishService service = publisher;
    if (service == null) {
      return CompletableFuture.completedFuture(false);
    }
    PublishBuilder message = message(topic, payload);
    if (expiry != null) {
      message.messageExpiryInterval(Math.max(1, expiry.toSeconds()));
    }
    // Its success says that the client has subscribed, not that the message has reached it.
    return service
        .publishToClient(message.build(), session.brokerClientId())
        .thenApply(result -> result == PublishToClientResult.SUCCESSFUL);
  }

  @Override
  public CompletableFuture<Void> pass(String topic, byte[] payload, @Nullable String contentType) {
    PublishService service = publisher;
    if (service == null) {
      return CompletableFuture.completedFuture(null);
    }
    PublishBuilder message =
        Builders.publish().topic(topic).qos(Qos.AT_LEAST_ONCE).payload(ByteBuffer.wrap(payload));
    if (contentType != null) {
      message.contentType(contentType);
    }
    return service.publish(message.build());
  }

  @Override
  public CompletableFuture<Void> retain(String topic, byte[] payload) {
    PublishService service = publisher;
    return service == null
        ? CompletableFuture.completedFuture(null)
        : service.publish(message(topic, payload).retain(true).build());
  }

  private static PublishBuilder message(String topic, byte[] payload) {
    return Builders.publish()
        .topic(topic)
        .qos(Qos.AT_LEAST_ONCE)
        .contentType(JSON)
        .payload(ByteBuffer.wrap(payload));
  }
}
