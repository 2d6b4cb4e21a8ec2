/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import dev.muster.broker.telemetry.AcknowledgedListener;
import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.JdbcTelemetrySink;
import dev.muster.broker.telemetry.JournaledSink;
import dev.muster.broker.telemetry.MessageQuery;
import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.testing.TestPki.Credential;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 under load: what was acknowledged is there, once; what is sent again is there once, too.
 */
class KillIT {
  private static final int DEVICES = 12;
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 2);
  private static final long SEED = Long.getLong("kill.seed", System.nanoTime());
  private static final int LEAST_BEFORE_KILL = 100;
  private static final int MOST_BEFORE_KILL = 3_000;

  @TempDir
  Path folder;

  /** One device: sends as fast as its window allows, and remembers what was acknowledged. */
  private abstract static class Sender {
    final String id;
    final Credential credential;
    final AtomicLong sequence = new AtomicLong();
    final Set<Long> acknowledged = Collections.synchronizedSet(new HashSet<>());
    final Set<Long> open = Collections.synchronizedSet(new LinkedHashSet<>());
    volatile boolean running;

    Sender(String id, Credential credential) {
      this.id = id;
      this.credential = credential;
    }

    /** Connects anew; blocks. */
    abstract void connect(BrokerFixture fixture, int port) throws Exception;

    /** {@link #answered} follows, unless the connection ends. */
    abstract void send(long number);

    /** Nothing is answered after this. */
    abstract void disconnect() throws Exception;

    void start(BrokerFixture fixture, int port) throws Exception {
      connect(fixture, port);
      running = true;
      for (long again : List.copyOf(open)) {
        send(again);
      }
      while (open.size() < 10) {
        next();
      }
    }

    private void next() {
      long number = sequence.incrementAndGet();
      open.add(number);
      send(number);
    }

    /** @param taken whether the broker has acknowledged it; else the number stays open */
    void answered(long number, boolean taken) {
      if (taken) {
        acknowledged.add(number);
        open.remove(number);
      }
      if (running) {
        next();
      }
    }

    String topic() {
      return "fleets/f1/devices/" + id + "/telemetry/load";
    }

    static byte[] payload(long number) {
      return ("{\"n\":" + number + "}").getBytes(StandardCharsets.US_ASCII);
    }

    void stop() throws Exception {
      running = false;
      disconnect();
    }
  }

  private static final class PahoSender extends Sender {
    private volatile MqttAsyncClient client;

    PahoSender(String id, Credential credential) {
      super(id, credential);
    }

    @Override
    void connect(BrokerFixture fixture, int port) throws MqttException {
      client = new MqttAsyncClient("ssl://localhost:" + port, id, new MemoryPersistence());
      MqttConnectionOptions options = new MqttConnectionOptions();
      options.setSocketFactory(fixture.tls(credential).getSocketFactory());
      client.connect(options).waitForCompletion(60_000);
    }

    @Override
    void send(long number) {
      MqttProperties properties = new MqttProperties();
      properties.setUserProperties(List.of(
          new UserProperty(MessageIdentity.BOOT_PROPERTY, "b"),
          new UserProperty(MessageIdentity.SEQUENCE_PROPERTY, Long.toString(number))));
      MqttMessage message = new MqttMessage(payload(number), 1, false, properties);
      try {
        client.publish(topic(), message, null, listener(number));
      } catch (MqttException e) {
        // The broker was killed; the number stays open.
      }
    }

    private MqttActionListener listener(long number) {
      return new MqttActionListener() {
        @Override
        public void onSuccess(IMqttToken token) {
          answered(number, token.getReasonCodes() == null || token.getReasonCodes()[0] < 0x80);
        }

        @Override
        public void onFailure(IMqttToken token, Throwable failure) {
          // The number stays open.
        }
      };
    }

    @Override
    void disconnect() throws MqttException {
      client.disconnectForcibly(0, 0, false);
      client.close(true);
    }
  }

  private static final class HiveMqSender extends Sender {
    private final AtomicInteger pending = new AtomicInteger();
    private volatile Mqtt5AsyncClient client;

    HiveMqSender(String id, Credential credential) {
      super(id, credential);
    }

    @Override
    void connect(BrokerFixture fixture, int port) throws Exception {
      client = fixture.hiveMqClient(id, credential, port).useMqttVersion5().buildAsync();
      client.connect().get(60, TimeUnit.SECONDS);
    }

    @Override
    void send(long number) {
      pending.incrementAndGet();
      client
          .publishWith()
          .topic(topic())
          .qos(MqttQos.AT_LEAST_ONCE)
          .payload(payload(number))
          .userProperties()
          .add(MessageIdentity.BOOT_PROPERTY, "b")
          .add(MessageIdentity.SEQUENCE_PROPERTY, Long.toString(number))
          .applyUserProperties()
          .send()
          .whenComplete((result, failure) -> {
            if (failure == null) {
              answered(number, result.getError().isEmpty());
            }
            pending.decrementAndGet();
          });
    }

    @Override
    void disconnect() {
      // The broker was killed: what is not answered fails.
      await().until(() -> pending.get() == 0);
    }
  }

  @Test
  void kill9_underLoad_losesNothingAcknowledgedAndDuplicatesNothing() throws Exception {
    try (BrokerFixture fixture = new BrokerFixture(folder)) {
      System.out.println("SEED kill.seed=" + SEED);
      Random random = new Random(SEED);
      List<Sender> senders = new ArrayList<>();
      for (int i = 0; i < DEVICES; i++) {
        String id = "k" + i;
        Credential credential = fixture.device(id);
        senders.add(i % 3 == 0 ? new HiveMqSender(id, credential) : new PahoSender(id, credential));
      }
      for (int round = 1; round <= ROUNDS; round++) {
        Process broker = startChild();
        try {
          int port = portOf(round);
          long before = acknowledged(senders);
          long start = System.nanoTime();
          for (Sender sender : senders) {
            sender.start(fixture, port);
          }
          int enough = random.nextInt(LEAST_BEFORE_KILL, MOST_BEFORE_KILL);
          await()
              .atMost(Duration.ofSeconds(60))
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(1))
              .until(() -> acknowledged(senders) - before > enough
                  && senders.stream().noneMatch(sender -> sender.acknowledged.isEmpty()));
          double seconds = (System.nanoTime() - start) / 1e9;
          broker.destroyForcibly();
          assertThat(broker.waitFor(10, TimeUnit.SECONDS)).isTrue();
          System.out.printf(
              "FIGURE round %d: %.0f acknowledged/s, %d in all, %d open at the kill%n",
              round,
              (acknowledged(senders) - before) / seconds,
              acknowledged(senders),
              senders.stream().mapToInt(sender -> sender.open.size()).sum());
        } finally {
          broker.destroyForcibly();
        }
        for (Sender sender : senders) {
          sender.stop();
        }
        compare(senders);
      }
    }
  }

  private static long acknowledged(List<Sender> senders) {
    return senders.stream().mapToLong(sender -> sender.acknowledged.size()).sum();
  }

  private Process startChild() throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElse("java"),
            "-cp",
            classPath,
            BrokerChild.class.getName(),
            folder.toString())
        .redirectErrorStream(true)
        .redirectOutput(
            ProcessBuilder.Redirect.appendTo(folder.resolve("child.log").toFile()))
        .start();
  }

  private int portOf(int round) {
    List<String> ports = new ArrayList<>();
    await().atMost(Duration.ofMinutes(3)).until(() -> {
      ports.clear();
      Files.readAllLines(folder.resolve("child.log")).stream()
          .filter(line -> line.startsWith("PORT "))
          .forEach(ports::add);
      return ports.size() == round;
    });
    return Integer.parseInt(ports.get(round - 1).substring("PORT ".length()));
  }

  /** Has the database take what waits in the journal. */
  private void store(TelemetryDatabase database) {
    MeterRegistry meters = new SimpleMeterRegistry();
    AcknowledgedListener nobody = AcknowledgedListener.NOBODY;
    try (JdbcTelemetrySink direct =
            JdbcTelemetrySink.start(database, IntakeLimits.DEFAULT, nobody, meters);
        JournaledSink sink = JournaledSink.start(
            Telemetry.journalIn(folder.resolve("broker")),
            database,
            direct,
            IntakeLimits.DEFAULT,
            nobody,
            meters)) {
      assertThat(sink.problem()).isEmpty();
    }
  }

  private void compare(List<Sender> senders) throws Exception {
    try (TelemetryDatabase database = TelemetryDatabase.open(folder.resolve("broker"))) {
      store(database);
      MessageQuery query = new MessageQuery(database);
      for (Sender sender : senders) {
        List<Long> stored = new ArrayList<>();
        long last = 0;
        Page<MessageQuery.Message> page;
        do {
          page = query.messages(new DeviceId(sender.id), last, 1_000);
          for (MessageQuery.Message message : page.entries()) {
            stored.add(message.sequence());
            last = message.id();
          }
        } while (page.more());
        assertThat(stored).as(sender.id + ": stored once").doesNotHaveDuplicates();
        Set<Long> lost = new HashSet<>(sender.acknowledged);
        lost.removeAll(new HashSet<>(stored));
        assertThat(lost).as(sender.id + ": acknowledged and not stored").isEmpty();
      }
    }
  }
}
