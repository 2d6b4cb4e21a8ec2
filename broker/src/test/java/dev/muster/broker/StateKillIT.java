/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.DeviceClient.Library;
import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 while devices report and answer and an operator gives orders: what was acknowledged to
 * either is there, and what was not done yet is sent again.
 */
class StateKillIT {
  private static final int DEVICES = 6;
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 2);

  @TempDir
  Path folder;

  /** Reports a number, answers every command, and remembers what was acknowledged. */
  private static final class Device implements Runnable {
    final String id;
    final Library library;
    final Credential credential;
    final Set<String> answered = ConcurrentHashMap.newKeySet();
    /** What the operator was told is taken. */
    final Set<String> ordered = ConcurrentHashMap.newKeySet();

    volatile int reported;
    volatile int desired;
    volatile DeviceClient client;
    private int next;

    Device(String id, Library library, Credential credential) {
      this.id = id;
      this.library = library;
      this.credential = credential;
    }

    Thread start(BrokerFixture fixture, int port) throws Exception {
      client = library.connect(fixture, credential, port, id, true);
      client.subscribe("commands/+");
      Thread thread = new Thread(this, id);
      thread.start();
      return thread;
    }

    @Override
    public void run() {
      int heard = 0;
      try {
        while (!Thread.currentThread().isInterrupted()) {
          int number = ++next;
          if (client.publish("twin/reported", "{\"reported\":{\"n\":" + number + "}}") < 0x80) {
            reported = number;
          }
          for (; heard < client.topics().size(); heard++) {
            String topic = client.topics().get(heard);
            String command = topic.substring(topic.lastIndexOf('/') + 1);
            if (client.publish("commands/" + command + "/result", "{\"status\":\"done\"}") < 0x80) {
              answered.add(command);
            }
          }
        }
      } catch (Exception e) {
        // The broker was killed; or, at the end, all is done.
      }
    }
  }

  @Test
  void kill9_losesNothingOfTwinsAndCommands() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    try (BrokerFixture fixture = new BrokerFixture(folder)) {
      List<Device> devices = new ArrayList<>();
      for (int i = 0; i < DEVICES; i++) {
        Library library = Library.values()[i % Library.values().length];
        devices.add(new Device("k" + i, library, fixture.device("k" + i)));
      }
      for (int round = 1; round <= ROUNDS; round++) {
        Process broker = startChild();
        try {
          OperatorApi api = OperatorApi.at(port("API ", round));
          check(api, devices);
          List<Thread> threads = new ArrayList<>();
          for (Device device : devices) {
            threads.add(device.start(fixture, port("PORT ", round)));
          }
          threads.add(operator(api, devices, random));
          int wanted = ordered(devices) + 20 + random.nextInt(40);
          await().atMost(Duration.ofSeconds(60)).until(() -> ordered(devices) >= wanted);
          broker.destroyForcibly();
          assertThat(broker.waitFor(10, TimeUnit.SECONDS)).isTrue();
          for (Thread thread : threads) {
            thread.join(20_000);
          }
        } finally {
          broker.destroyForcibly();
        }
      }
      finish(fixture, devices);
      System.out.printf(
          "FIGURE %d reports, %d commands, %d results acknowledged over %d kills, seed %d%n",
          devices.stream().mapToInt(device -> device.reported).sum(),
          ordered(devices),
          devices.stream().mapToInt(device -> device.answered.size()).sum(),
          ROUNDS,
          seed);
    }
  }

  private static int ordered(List<Device> devices) {
    return devices.stream().mapToInt(device -> device.ordered.size()).sum();
  }

  private static Thread operator(OperatorApi api, List<Device> devices, Random random) {
    Thread thread = new Thread(
        () -> {
          try {
            while (true) {
              order(api, devices.get(random.nextInt(DEVICES)));
            }
          } catch (AssertionError e) {
            // The broker was killed.
          }
        },
        "operator");
    thread.start();
    return thread;
  }

  private static void order(OperatorApi api, Device device) {
    device.ordered.add(
        api.post("/devices/" + device.id + "/commands", "{\"name\":\"x\",\"validForSeconds\":3600}")
            .getString("id"));
    int number = device.desired + 1;
    api.patch("/devices/" + device.id + "/twin", "{\"n\":" + number + "}");
    device.desired = number;
  }

  private static void check(OperatorApi api, List<Device> devices) {
    for (Device device : devices) {
      JsonObject twin = api.get("/devices/" + device.id + "/twin");
      assertThat(twin.getJsonObject("reported").getInteger("n", 0))
          .as(device.id + ": reported")
          .isGreaterThanOrEqualTo(device.reported);
      int desired = twin.getJsonObject("desired").getInteger("n", 0);
      // What was asked for at the kill may have been kept, or not.
      assertThat(desired).as(device.id + ": desired").isBetween(device.desired, device.desired + 1);
      device.desired = desired;
      JsonArray commands =
          api.get("/devices/" + device.id + "/commands?limit=1000").getJsonArray("commands");
      Set<String> kept = new HashSet<>();
      Set<String> done = new HashSet<>();
      commands.stream().map(JsonObject.class::cast).forEach(command -> {
        kept.add(command.getString("id"));
        if (command.getString("state").equals("done")) {
          done.add(command.getString("id"));
        }
      });
      assertThat(kept).as(device.id + ": commands").containsAll(device.ordered);
      assertThat(done).as(device.id + ": results").containsAll(device.answered);
    }
  }

  /** Nothing is lost in the end: every command reaches its device, and is done. */
  private void finish(BrokerFixture fixture, List<Device> devices) throws Exception {
    Process broker = startChild();
    try {
      OperatorApi api = OperatorApi.at(port("API ", ROUNDS + 1));
      check(api, devices);
      for (Device device : devices) {
        Thread thread = device.start(fixture, port("PORT ", ROUNDS + 1));
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(() -> assertThat(
                    api.get("/devices/" + device.id + "/commands?limit=1000").encode())
                .doesNotContain("\"queued\"")
                .doesNotContain("\"sent\""));
        thread.interrupt();
      }
    } finally {
      broker.destroyForcibly();
    }
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

  private int port(String which, int round) {
    List<String> ports = new ArrayList<>();
    await().atMost(Duration.ofSeconds(60)).until(() -> {
      ports.clear();
      Files.readAllLines(folder.resolve("child.log")).stream()
          .filter(line -> line.startsWith(which))
          .forEach(ports::add);
      return ports.size() == round;
    });
    return Integer.parseInt(ports.get(round - 1).substring(which.length()));
  }
}
