/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.hivemq.bootstrap.netty.initializer.AbstractTlsChannelInitializer;
import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import dev.muster.broker.mqtt.FleetExtension;
import dev.muster.protocol.tls.Renegotiation;
import io.netty.channel.group.ChannelGroup;
import java.lang.reflect.Method;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HiveMQ CE in this JVM; its state is the JVM's, so one at a time. */
final class EmbeddedBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
  private static final int START_SECONDS = 60;

  static {
    // HiveMQ does not, and speaks the JDK's TLS.
    Renegotiation.refuse();
    FairHandshakes.enable();
    FairHandshakes.recognize(AbstractTlsChannelInitializer.class);
  }

  /** Beside a few packets that are as large as they may be. */
  private static final long ANSWERS_BYTES = 1024 * 1024;

  private static final int PACKETS = 4;

  private final EmbeddedHiveMQ hiveMq;
  private volatile @Nullable UnreadConnections unread;

  private EmbeddedBroker(EmbeddedHiveMQ hiveMq) {
    this.hiveMq = hiveMq;
  }

  /** Starts and waits. @throws StartFailedException if it does not start; it is stopped again */
  static EmbeddedBroker start(HiveMqHome home, FleetExtension extension, BrokerConfig config) {
    Thread.UncaughtExceptionHandler handler = Thread.getDefaultUncaughtExceptionHandler();
    EmbeddedHiveMQ hiveMq = EmbeddedHiveMQ.builder()
        .withConfigurationFolder(home.config())
        .withDataFolder(home.data())
        .withExtensionsFolder(home.extensions())
        .withEmbeddedExtension(EmbeddedExtension.builder()
            .withId("muster")
            .withName("Muster")
            .withVersion("1")
            .withPriority(1_000)
            .withStartPriority(1_000)
            .withExtensionMain(extension)
            .build())
        .withoutLoggingBootstrap()
        .build();
    // build() has just opened the door to everybody, in case that no extension would close it.
    InternalConfigurations.AUTH_DENY_UNAUTHENTICATED_CONNECTIONS.set(true);
    // How long it waits for late writes at its end: there are none, all is in memory.
    InternalConfigurations.PERSISTENCE_SHUTDOWN_GRACE_PERIOD_MSEC.set(50);
    EmbeddedBroker broker = new EmbeddedBroker(hiveMq);
    try {
      hiveMq.start().get(START_SECONDS, TimeUnit.SECONDS);
      broker.unread = new UnreadConnections(
          channelsOf(hiveMq),
          ANSWERS_BYTES + (long) PACKETS * config.limits().maxPacketBytes(),
          System::nanoTime);
      return broker;
    } catch (ExecutionException | TimeoutException e) {
      broker.close();
      throw new StartFailedException(
          "MQTT broker could not be started on " + config.host() + ":" + config.mqttPort()
              + " (is the port in use, or the address not of this machine? see the log above)",
          e);
    } catch (InterruptedException e) {
      broker.close();
      Thread.currentThread().interrupt();
      throw new StartFailedException("interrupted while starting the MQTT broker", e);
    } finally {
      // HiveMQ's own would end the process.
      Thread.setDefaultUncaughtExceptionHandler(handler);
    }
  }

  /**
   * HiveMQ shows its connections to no extension (decision 100).
   *
   * @throws StartFailedException if this is another HiveMQ than that which we know
   */
  private static ChannelGroup channelsOf(EmbeddedHiveMQ hiveMq) {
    try {
      Method getInjector = hiveMq.getClass().getDeclaredMethod("getInjector");
      getInjector.setAccessible(true);
      Method getInstance =
          Class.forName("com.google.inject.Injector").getMethod("getInstance", Class.class);
      return (ChannelGroup) getInstance.invoke(getInjector.invoke(hiveMq), ChannelGroup.class);
    } catch (ReflectiveOperationException e) {
      throw new StartFailedException("connections of HiveMQ not found: " + e, e);
    }
  }

  /** Ends who does not read; to be called once a second. */
  void look() {
    UnreadConnections watched = unread;
    if (watched != null) {
      watched.look();
    }
  }

  @Override
  public void close() {
    try {
      hiveMq.close();
    } catch (ExecutionException e) {
      LOG.error("MQTT broker did not stop cleanly", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
