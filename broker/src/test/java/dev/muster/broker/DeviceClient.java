/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.testing.TestPki.Credential;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device of MQTT 5 that says which reason code its messages were answered with. */
interface DeviceClient extends AutoCloseable {
  /** Who wrote the client: not we. */
  enum Library {
    PAHO {
      @Override
      DeviceClient connect(
          BrokerFixture fixture, Credential credential, int port, String id, boolean clean)
          throws Exception {
        return PahoDevice.connect(fixture, credential, port, id, clean);
      }
    },
    HIVEMQ {
      @Override
      DeviceClient connect(
          BrokerFixture fixture, Credential credential, int port, String id, boolean clean)
          throws Exception {
        return HiveMqDevice.connect(fixture, credential, port, id, clean);
      }
    };

    /** @param clean whether the session of before is forgotten */
    abstract DeviceClient connect(
        BrokerFixture fixture, Credential credential, int port, String id, boolean clean)
        throws Exception;

    DeviceClient connect(BrokerFixture fixture, String id, boolean clean) throws Exception {
      return connect(fixture, fixture.device(id), fixture.port(), id, clean);
    }

    DeviceClient connect(BrokerFixture fixture, String id) throws Exception {
      return connect(fixture, id, true);
    }

    /** A device id of its own. */
    String id(String prefix) {
      return prefix + "-" + ordinal();
    }
  }

  void subscribe(String rest) throws Exception;

  /** Publishes with QoS 1. @return the reason code of the PUBACK */
  int publish(String rest, String payload) throws Exception;

  /** The payloads, in the order of their arrival. */
  List<String> received();

  List<String> topics();

  boolean isConnected();

  /** What the broker said when it ended the connection; null if it has not. */
  @Nullable Integer disconnectCode();

  @Override
  void close();
}
