/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import java.util.concurrent.CountDownLatch;
import software.amazon.awssdk.crt.mqtt5.Mqtt5Client;
import software.amazon.awssdk.crt.mqtt5.Mqtt5ClientOptions.ExtendedValidationAndFlowControlOptions;
import software.amazon.awssdk.crt.mqtt5.Mqtt5ClientOptions.LifecycleEvents;
import software.amazon.awssdk.crt.mqtt5.OnAttemptingConnectReturn;
import software.amazon.awssdk.crt.mqtt5.OnConnectionFailureReturn;
import software.amazon.awssdk.crt.mqtt5.OnConnectionSuccessReturn;
import software.amazon.awssdk.crt.mqtt5.OnDisconnectionReturn;
import software.amazon.awssdk.crt.mqtt5.OnStoppedReturn;
import software.amazon.awssdk.crt.mqtt5.QOS;
import software.amazon.awssdk.crt.mqtt5.packets.ConnectPacket.ConnectPacketBuilder;
import software.amazon.awssdk.crt.mqtt5.packets.PublishPacket.PublishPacketBuilder;
import software.amazon.awssdk.iot.AwsIotMqtt5ClientBuilder;

/**
 * The device SDK of AWS, whose TLS is native code; without the pace that suits AWS's own broker.
 */
final class AwsClient implements Client {
  private final Link link;
  private final byte[] payload = Client.payload();
  private final CountDownLatch connected = new CountDownLatch(1);
  private Mqtt5Client client;

  AwsClient(Link link) {
    this.link = link;
  }

  @Override
  public void connect() throws InterruptedException {
    try (AwsIotMqtt5ClientBuilder builder =
        AwsIotMqtt5ClientBuilder.newDirectMqttBuilderWithMtlsFromPath(
            link.host(), link.chain().toString(), link.key().toString())) {
      client = builder
          .withCertificateAuthorityFromPath(null, link.root().toString())
          .withPort((long) link.port())
          .withConnectProperties(
              new ConnectPacketBuilder().withClientId("aws").withKeepAliveIntervalSeconds(60L))
          .withExtendedValidationAndFlowControlOptions(ExtendedValidationAndFlowControlOptions.NONE)
          .withLifeCycleEvents(new Events())
          .build();
    }
    client.start();
    connected.await();
  }

  @Override
  public void publish(Runnable acknowledged) {
    client
        .publish(new PublishPacketBuilder("bench/aws", QOS.AT_LEAST_ONCE, payload).build())
        .thenRun(acknowledged);
  }

  private final class Events implements LifecycleEvents {
    @Override
    public void onConnectionSuccess(Mqtt5Client of, OnConnectionSuccessReturn event) {
      connected.countDown();
    }

    @Override
    public void onConnectionFailure(Mqtt5Client of, OnConnectionFailureReturn event) {
      System.err.println("not connected: " + event.getErrorCode());
    }

    @Override
    public void onAttemptingConnect(Mqtt5Client of, OnAttemptingConnectReturn event) {
      // Of no interest.
    }

    @Override
    public void onDisconnection(Mqtt5Client of, OnDisconnectionReturn event) {
      // Of no interest.
    }

    @Override
    public void onStopped(Mqtt5Client of, OnStoppedReturn event) {
      // Of no interest.
    }
  }
}
