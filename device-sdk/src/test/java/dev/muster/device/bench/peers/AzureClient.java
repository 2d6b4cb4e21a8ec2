/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import com.microsoft.azure.sdk.iot.device.ClientOptions;
import com.microsoft.azure.sdk.iot.device.DeviceClient;
import com.microsoft.azure.sdk.iot.device.IotHubClientProtocol;
import com.microsoft.azure.sdk.iot.device.Message;

/** The device SDK of Azure, which takes any broker for its hub, but on port 8883 only. */
final class AzureClient implements Client {
  private final Link link;
  private final byte[] payload = Client.payload();
  private DeviceClient client;

  AzureClient(Link link) {
    this.link = link;
  }

  @Override
  public void connect() throws Exception {
    client = new DeviceClient(
        "HostName=" + link.host() + ";DeviceId=azure;x509=true",
        IotHubClientProtocol.MQTT,
        ClientOptions.builder().sslContext(link.context()).build());
    client.open(false);
  }

  @Override
  public void publish(Runnable acknowledged) {
    client.sendEventAsync(
        new Message(payload),
        (message, failure, context) -> {
          if (failure != null) {
            throw new IllegalStateException(failure);
          }
          acknowledged.run();
        },
        null);
  }
}
