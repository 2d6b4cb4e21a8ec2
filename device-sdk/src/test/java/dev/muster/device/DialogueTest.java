/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.internal.mqtt.OutboundMessage;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.ScriptedTransport;
import dev.muster.device.testing.ScriptedTransport.ScriptedLink;
import dev.muster.device.testing.TestFleet;
import dev.muster.testing.MovableClock;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands and twins, with a broker that follows a script. */
class DialogueTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String PREFIX = "fleets/default/devices/acme-0001/";

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.running();
  private TestFleet fleet;
  private EstDouble est;
  private ScriptedTransport transport;
  private FleetDevice device;

  @BeforeEach
  void makeDevice() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    device = newDevice();
  }

  private FleetDevice newDevice() {
    transport = new ScriptedTransport();
    return FleetDevice.builder()
        .enrollment(est.uri())
        .broker(URI.create("mqtts://localhost:8883"))
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(folder.resolve("state"))
        .timing(TestTiming.FAST)
        .transport(transport)
        .clock(clock)
        .build();
  }

  @AfterEach
  void stop() {
    device.close();
    est.close();
  }

  private ScriptedLink link(int number) {
    await().atMost(LIMIT).until(() -> transport.links().size() >= number);
    ScriptedLink link = transport.links().get(number - 1);
    link.connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    return link;
  }

  private void restart() {
    device.close();
    device = newDevice();
  }

  private void command(ScriptedLink link, String id, String name) {
    command(link, id, name, clock.instant().plusSeconds(60));
  }

  private static void command(ScriptedLink link, String id, String name, Instant deadline) {
    link.deliver(
        PREFIX + "commands/" + id,
        "{\"id\":\"" + id + "\",\"name\":\"" + name + "\",\"payload\":{\"n\":3},\"deadline\":\""
            + deadline + "\"}");
  }

  private static void desired(ScriptedLink link, long version, String content) {
    link.deliver(
        PREFIX + "twin/desired",
        "{\"version\":" + version + ",\"desired\":" + content
            + ",\"delta\":{},\"reportedVersion\":0}");
  }

  private static List<String> said(ScriptedLink link, String topicEnd) {
    return link.sent().stream()
        .filter(message -> message.topic().endsWith(topicEnd))
        .map(OutboundMessage::payload)
        .map(payload -> new String(payload, StandardCharsets.UTF_8))
        .toList();
  }

  private static String answer(ScriptedLink link, String id, int number) {
    String topic = PREFIX + "commands/" + id + "/result";
    await().atMost(LIMIT).until(() -> said(link, topic).size() >= number);
    return said(link, topic).get(number - 1);
  }

  @Test
  void command_once_isDoneAndAnswered() {
    List<Command> done = new CopyOnWriteArrayList<>();
    device.onCommand("blink", (command, context) -> {
      done.add(command);
      return CommandResult.done(Map.of("blinked", 3));
    });
    device.start();
    ScriptedLink link = link(1);
    assertThat(link.subscriptions()).containsExactly(PREFIX + "commands/+");

    command(link, "c1", "blink");

    assertThat(answer(link, "c1", 1))
        .isEqualTo("{\"status\":\"done\",\"payload\":{\"blinked\":3}}");
    assertThat(done).singleElement().satisfies(command -> {
      assertThat(command.name()).isEqualTo("blink");
      assertThat(command.payload()).isEqualTo(Map.of("n", 3L));
    });
  }

  @Test
  void command_repeated_isAnsweredWithTheKeptResultEvenAfterARestart() {
    AtomicInteger times = new AtomicInteger();
    CommandHandler handler = (command, context) -> CommandResult.done(times.incrementAndGet());
    device.onCommand("count", handler);
    device.start();
    ScriptedLink first = link(1);
    command(first, "c1", "count");
    answer(first, "c1", 1);
    command(first, "c1", "count");
    assertThat(answer(first, "c1", 2)).contains("\"payload\":1");
    restart();
    device.onCommand("count", handler);
    device.start();

    command(link(1), "c1", "count");

    assertThat(answer(link(1), "c1", 1)).contains("\"payload\":1");
    assertThat(times).hasValue(1);
  }

  @Test
  void command_programEndedWhileAtIt_isNotDoneAgainAndSaidToHaveFailed() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger times = new AtomicInteger();
    device.onCommand("flash", (command, context) -> {
      times.incrementAndGet();
      begun.countDown();
      new CountDownLatch(1).await();
      return CommandResult.done();
    });
    device.start();
    command(link(1), "c1", "flash");
    begun.await();
    // As a kill leaves it: the folder of that moment.
    Path log = folder.resolve("state/journal/commands");
    Path kept;
    try (var files = Files.list(log)) {
      kept = files.findFirst().orElseThrow();
    }
    byte[] atKill = Files.readAllBytes(kept);
    device.close();
    Files.write(kept, atKill);
    device = newDevice();
    device.onCommand("flash", (command, context) -> CommandResult.done(times.incrementAndGet()));
    device.start();

    command(link(1), "c1", "flash");

    assertThat(answer(link(1), "c1", 1)).contains("\"failed\"").contains("restarted");
    assertThat(times).hasValue(1);
  }

  @Test
  void command_deviceClosedBeforeItsTurn_isDoneAfterTheNextStart() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    device.onCommand("slow", (command, context) -> {
      begun.countDown();
      new CountDownLatch(1).await();
      return CommandResult.done();
    });
    device.start();
    ScriptedLink link = link(1);
    command(link, "c1", "slow");
    command(link, "c2", "slow");
    begun.await();
    restart();
    device.onCommand("slow", (command, context) -> CommandResult.done());
    device.start();

    command(link(1), "c1", "slow");
    command(link(1), "c2", "slow");

    assertThat(answer(link(1), "c1", 1)).contains("failed");
    assertThat(answer(link(1), "c2", 1)).contains("done");
  }

  @Test
  void command_closesTheDevice_waitsUntilItIsClosed() {
    CompletableFuture<DeviceState> afterClose = new CompletableFuture<>();
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    device.onCommand("quit", (command, context) -> {
      context.answer(CommandResult.done()).get();
      device.close();
      afterClose.complete(device.state());
      interrupted.complete(Thread.currentThread().isInterrupted());
      return CommandResult.done();
    });
    device.start();
    ScriptedLink link = link(1);
    device.telemetry("env").publish(Map.of("n", 1)); // Close waits for its acknowledgement.

    command(link, "c1", "quit");

    assertThat(afterClose).succeedsWithin(LIMIT).isEqualTo(DeviceState.STOPPED);
    assertThat(interrupted).succeedsWithin(LIMIT).isEqualTo(true);
    assertThat(answer(link, "c1", 1)).contains("done");
  }

  @Test
  void command_answeredBeforeTheEnd_isAnsweredSoAfterARestart() {
    device.onCommand("reboot", (command, context) -> {
      context.answer(CommandResult.done("going down")).join();
      throw new IllegalStateException("as if the program ended here");
    });
    device.start();
    ScriptedLink link = link(1);
    command(link, "c1", "reboot");
    assertThat(answer(link, "c1", 1)).contains("going down");
    restart();
    device.onCommand("reboot", (command, context) -> CommandResult.failed("done twice"));
    device.start();

    command(link(1), "c1", "reboot");

    assertThat(answer(link(1), "c1", 1)).contains("going down");
  }

  @Test
  void command_lateUnknownOrNotUnderstood_isRefusedWithTheReason() {
    device.onCommand("blink", (command, context) -> CommandResult.done());
    device.start();
    ScriptedLink link = link(1);

    command(link, "c1", "blink", clock.instant().minusSeconds(1));
    command(link, "c2", "dance");
    link.deliver(PREFIX + "commands/c3", "[]");

    assertThat(answer(link, "c1", 1)).contains("\"refused\"").contains("deadline");
    assertThat(answer(link, "c2", 1)).contains("\"refused\"").contains("no command of this name");
    assertThat(answer(link, "c3", 1)).contains("\"refused\"").contains("not an object");
  }

  @Test
  void command_throwsOrHasTooMuchToSay_failsWithTheReason() {
    device.onCommand("throw", (command, context) -> {
      throw new IOException("no such sensor");
    });
    device.onCommand("log", (command, context) -> CommandResult.done("x".repeat(70_000)));
    device.onCommand("odd", (command, context) -> CommandResult.done(new Object()));
    device.start();
    ScriptedLink link = link(1);

    command(link, "c1", "throw");
    command(link, "c2", "log");
    command(link, "c3", "odd");

    assertThat(answer(link, "c1", 1)).contains("\"failed\"").contains("no such sensor");
    assertThat(answer(link, "c2", 1)).contains("\"failed\"").contains("at most 65536");
    assertThat(answer(link, "c3", 1)).contains("\"failed\"").contains("cannot be sent");
  }

  @Test
  void command_takesLong_holdsUpNeitherMessagesNorTheirAcknowledgements() {
    CountDownLatch go = new CountDownLatch(1);
    device.onCommand("slow", (command, context) -> {
      context.progress("half");
      go.await();
      return CommandResult.done();
    });
    device.start();
    ScriptedLink link = link(1);
    command(link, "c1", "slow");
    await().atMost(LIMIT).until(() -> said(link, "events/command-progress").size() == 1);
    var receipt = device.alarm("door", Map.of("open", true));
    await().atMost(LIMIT).until(() -> said(link, "telemetry/door").size() == 1);
    link.acknowledge(link.sent().size() - 1);

    assertThat(receipt.acknowledged()).succeedsWithin(LIMIT);
    go.countDown();
    assertThat(answer(link, "c1", 1)).contains("done");
    assertThat(said(link, "events/command-progress").get(0)).contains("half");
  }

  @Test
  void logs_askedFor_areAnsweredWithWhatThisDeviceHasLogged() {
    device.onCommand(DeviceLog.COMMAND, device.log());
    device.start();
    ScriptedLink link = link(1);

    command(link, "c1", "muster.logs");

    assertThat(answer(link, "c1", 1))
        .contains("\"status\":\"done\"", "\"older\":0")
        .contains("INFO Status Device state boot=" + device.bootId() + " state=ONLINE");
    assertThat(device.log().lines()).allSatisfy(line -> assertThat(line).startsWith("20"));
    link.deliver(
        PREFIX + "commands/c2",
        "{\"id\":\"c2\",\"name\":\"muster.logs\",\"payload\":{\"lines\":1},\"deadline\":\""
            + clock.instant().plusSeconds(60) + "\"}");
    assertThat(answer(link, "c2", 1)).containsPattern("\"lines\":\\[\"[^\"]*\"]");
    link.deliver(
        PREFIX + "commands/c3",
        "{\"id\":\"c3\",\"name\":\"muster.logs\",\"payload\":{\"lines\":0},\"deadline\":\""
            + clock.instant().plusSeconds(60) + "\"}");
    assertThat(answer(link, "c3", 1)).contains("refused", "at least 1");
  }

  @Test
  void threads_commandRenewalAndCallbacksAtOnce_areThree() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch renewing = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    device.onCommand("slow", (command, context) -> {
      begun.countDown();
      go.await();
      return CommandResult.done();
    });
    ThreadGroup own = new ThreadGroup("own");
    Thread starter = new Thread(own, device::start);
    starter.start();
    starter.join();
    ScriptedLink link = link(1);
    command(link, "c1", "slow");
    begun.await();
    est.registrar(request -> {
      renewing.countDown();
      go.await();
      return est.issue(request);
    });
    clock.advance(Duration.ofDays(26));
    renewing.await();
    var alarm = device.alarm("door", Map.of("open", true));
    await().atMost(LIMIT).until(() -> said(link, "telemetry/door").size() == 1);
    link.acknowledge(0);
    await().atMost(LIMIT).until(() -> alarm.status() == PublishReceipt.Status.ACKNOWLEDGED);

    // A listener that was called when the renewal began may have had one more, for a moment.
    await().atMost(LIMIT).untilAsserted(() -> {
      Thread[] threads = new Thread[10];
      int count = own.enumerate(threads);
      assertThat(count).as(Arrays.toString(threads)).isEqualTo(3);
    });
    go.countDown();
    assertThat(answer(link, "c1", 1)).contains("done");
    assertThat(alarm.acknowledged()).succeedsWithin(LIMIT);
  }

  @Test
  void onCommand_registeredWhileOnline_isSubscribedToThen() {
    device.start();
    ScriptedLink link = link(1);
    assertThat(link.subscriptions()).isEmpty();

    device.onCommand("blink", (command, context) -> CommandResult.done());

    await().atMost(LIMIT).until(() -> link.subscriptions().size() == 1);
  }

  @Test
  void desired_told_isGivenToListenersAndTakenOver() {
    List<Map<String, Object>> heard = new CopyOnWriteArrayList<>();
    device.twin().onDesired(heard::add);
    device.start();
    ScriptedLink link = link(1);

    desired(link, 4, "{\"interval\":10}");
    desired(link, 3, "{\"interval\":99}"); // Overtaken.
    desired(link, 5, "{\"interval\":20}");

    await().atMost(LIMIT).until(() -> heard.size() == 2);
    assertThat(heard).containsExactly(Map.of("interval", 10L), Map.of("interval", 20L));
    await().atMost(LIMIT).until(() -> !said(link, "twin/reported").isEmpty());
    link.acknowledge(0);
    await()
        .atMost(LIMIT)
        .until(
            () -> said(link, "twin/reported").contains("{\"reported\":{},\"desiredVersion\":5}"));
    assertThat(device.twin().desiredVersion()).isEqualTo(5);
  }

  @Test
  void desired_afterARestart_isKnownWithoutAConnection() {
    device.twin().onDesired(desired -> {});
    device.start();
    desired(link(1), 4, "{\"interval\":10}");
    await().atMost(LIMIT).until(() -> device.twin().desiredVersion() == 4);
    restart();
    List<Map<String, Object>> heard = new CopyOnWriteArrayList<>();
    device.twin().onDesired(heard::add);

    device.start();

    await().atMost(LIMIT).until(() -> heard.size() == 1);
    assertThat(device.twin().desired()).isEqualTo(Map.of("interval", 10L));
  }

  @Test
  void desired_firstOfAConnectionIsOlder_countsAllTheSame() {
    device.twin().onDesired(desired -> {});
    device.start();
    ScriptedLink first = link(1);
    desired(first, 9, "{\"a\":1}");
    await().atMost(LIMIT).until(() -> device.twin().desiredVersion() == 9);
    first.ended(LinkEnd.Kind.LOST, "gone");

    desired(link(2), 2, "{\"a\":2}");

    await().atMost(LIMIT).until(() -> device.twin().desiredVersion() == 2);
    assertThat(device.twin().desired()).isEqualTo(Map.of("a", 2L));
  }

  @Test
  void desired_listenerThrows_isNotTakenOver() {
    device.twin().onDesired(desired -> {
      throw new IllegalArgumentException("interval: 0 (expected: 1 or more)");
    });
    device.start();
    ScriptedLink link = link(1);

    desired(link, 1, "{\"interval\":0}");
    device.twin().report(Map.of("alive", true));

    await().atMost(LIMIT).until(() -> said(link, "twin/reported").size() == 1);
    assertThat(said(link, "twin/reported")).containsExactly("{\"reported\":{\"alive\":true}}");
  }

  @Test
  void report_offlineAndOverARestart_isJoinedAndSentOnce() throws Exception {
    device.twin().report(Map.of("firmware", "2.0", "led", Map.of("on", true)));
    device.start();
    device.twin().report(Map.of("firmware", "2.1", "led", Map.of("color", "red")));
    await().atMost(LIMIT).until(() -> Files.exists(folder.resolve("state/twin.json")));
    await()
        .atMost(LIMIT)
        .until(() -> Files.readString(folder.resolve("state/twin.json")).contains("2.1"));
    restart();
    device.start();

    ScriptedLink link = link(1);
    await().atMost(LIMIT).until(() -> said(link, "twin/reported").size() == 1);
    assertThat(said(link, "twin/reported").get(0))
        .contains("\"firmware\":\"2.1\"")
        .contains("\"on\":true")
        .contains("\"color\":\"red\"");
    link.acknowledge(0);
    await()
        .atMost(LIMIT)
        .until(() -> Files.readString(folder.resolve("state/twin.json")).contains("\"untold\":[]"));
    link.ended(LinkEnd.Kind.LOST, "gone");
    ScriptedLink second = link(2);
    assertThat(said(second, "twin/reported")).isEmpty();
  }

  @Test
  void report_refusedByTheBroker_isGivenUp() throws Exception {
    device.start();
    ScriptedLink link = link(1);
    device.twin().report(Map.of("a", 1));
    await().atMost(LIMIT).until(() -> said(link, "twin/reported").size() == 1);

    link.refuse(0, 0x99);
    device.twin().report(Map.of("b", 2));

    await().atMost(LIMIT).until(() -> said(link, "twin/reported").size() == 2);
    assertThat(said(link, "twin/reported").get(1)).isEqualTo("{\"reported\":{\"b\":2}}");
  }
}
