/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.command.Command;
import dev.muster.broker.command.CommandOrder;
import dev.muster.broker.command.CommandOutcome;
import dev.muster.broker.command.CommandRequest;
import dev.muster.broker.command.Commands;
import dev.muster.broker.presence.AlarmBook;
import dev.muster.broker.presence.DeviceConnection;
import dev.muster.broker.presence.PresenceBook;
import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.SessionAlarm;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.twin.Twin;
import dev.muster.broker.twin.TwinChange;
import dev.muster.broker.twin.TwinOutcome;
import dev.muster.broker.twin.Twins;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.testing.MovableClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every database must do for the state of devices. */
abstract class StateContract {
  private static final DeviceId DEVICE = new DeviceId("d1");
  private static final PolicyFile POLICY = PolicyFile.parse("default", DefaultPolicy.yaml());
  private static final Instant START = Instant.parse("2026-11-25T10:00:00.123456Z");

  private final MovableClock clock = MovableClock.at(START);
  private TelemetryDatabase database;
  private StateStore store;
  private Twins twins;
  private Commands commands;

  abstract TelemetryDatabase openDatabase() throws Exception;

  @BeforeEach
  void open() throws Exception {
    database = openDatabase();
    store = StateStore.start(database, new SimpleMeterRegistry());
    twins = new Twins(store, clock);
    commands = new Commands(store, clock);
  }

  @AfterEach
  void close() {
    store.close();
    database.close();
  }

  private static <T> T done(CompletableFuture<T> future) throws Exception {
    return future.get(10, TimeUnit.SECONDS);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static TwinChange change(String patch) {
    ObjectNode content = StrictJson.readObject("test", bytes(patch));
    return new TwinChange(content, false, OptionalLong.empty());
  }

  private CommandOutcome ordered(String name, CommandRequest request) throws Exception {
    return done(commands.send(DEVICE, new CommandOrder(name, null, Duration.ofHours(48)), request));
  }

  @Test
  void command_askedForTwiceByOneKey_isMadeOnce_forADay() throws Exception {
    CommandRequest request = new CommandRequest("a".repeat(64), "b".repeat(64));
    CommandOutcome.Kept first = (CommandOutcome.Kept) ordered("blink", request);
    assertThat(first.changed()).isTrue();
    done(commands.cancel(first.command().id()));
    clock.advance(Duration.ofHours(23));
    CommandOutcome.Kept again = (CommandOutcome.Kept) ordered("blink", request);
    assertThat(again.changed()).isFalse();
    assertThat(again.command().id()).isEqualTo(first.command().id());
    assertThat(again.command().state()).isEqualTo(Command.State.CANCELLED);
    assertThat(ordered("reboot", new CommandRequest(request.keyId(), "c".repeat(64))))
        .isEqualTo(new CommandOutcome.Misused());
    clock.advance(Duration.ofHours(1));
    CommandOutcome.Kept next = (CommandOutcome.Kept) ordered("blink", request);
    assertThat(next.command().id()).isNotEqualTo(first.command().id());
    assertThat(commands.list(DEVICE, "g", 10)).hasSize(2);
  }

  @Test
  void write_thatFails_takesNoOtherWithIt() throws Exception {
    List<CompletableFuture<Integer>> good = new ArrayList<>();
    List<CompletableFuture<Integer>> bad = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int number = i;
      good.add(store.write(connection -> {
        try (var insert = connection.prepareStatement(
            "INSERT INTO presence (device, fleet, online, since_us, reason) VALUES (?,'f1',TRUE,0,'')")) {
          insert.setString(1, "d" + number);
          return insert.executeUpdate();
        }
      }));
      bad.add(store.write(connection -> {
        try (var statement = connection.createStatement()) {
          return statement.executeUpdate("INSERT INTO presence (device) VALUES ('other')");
        }
      }));
      if (i == 3) {
        // One of them is broken in another way.
        bad.add(store.write(connection -> {
          throw new IllegalStateException("a defect");
        }));
      }
    }
    for (CompletableFuture<Integer> one : good) {
      assertThat(done(one)).isEqualTo(1);
    }
    for (CompletableFuture<Integer> one : bad) {
      assertThatThrownBy(() -> done(one))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(StateUnavailableException.class);
    }
    assertThat(store.<Integer>read(connection -> {
          try (var statement = connection.createStatement();
              var rows = statement.executeQuery("SELECT COUNT(*) FROM presence")) {
            rows.next();
            return rows.getInt(1);
          }
        }))
        .isEqualTo(20);
    assertThat(store.problem()).isEmpty();
    assertThatThrownBy(() -> done(store.write(connection -> {
          connection.close();
          return connection.createStatement();
        })))
        .hasCauseInstanceOf(StateUnavailableException.class);
    assertThat(store.problem()).isPresent();
    done(twins.desire(DEVICE, change("{}")));
    assertThat(store.problem()).as("it works again, by itself").isEmpty();
  }

  @Test
  void twin_isKeptToTheLetter() throws Exception {
    String large = "x".repeat(32_000);
    done(twins.desire(
        DEVICE, change("{\"text\":\"\\u0000 é 😀\",\"n\":1.50,\"large\":\"" + large + "\"}")));
    done(twins.report(DEVICE, bytes("{\"reported\":{\"a\":[1,2]},\"desiredVersion\":1}")));
    Twin twin = twins.find(DEVICE);
    assertThat(twin.desired().content().toString())
        .isEqualTo("{\"text\":\"\\u0000 é 😀\",\"n\":1.50,\"large\":\"" + large + "\"}");
    assertThat(twin.desired().changedAt()).isEqualTo(START);
    assertThat(twin.reported().version()).isEqualTo(1);
    assertThat(twin.appliedVersion()).isEqualTo(1);
    TwinOutcome stale = done(twins.desire(
        DEVICE, new TwinChange(change("{\"a\":1}").content(), false, OptionalLong.of(0))));
    assertThat(stale).isInstanceOf(TwinOutcome.Stale.class);
    assertThat(twins.find(DEVICE)).isEqualTo(twin);
  }

  /** One writer: of those who saw the same version, one wins. */
  @Test
  void twin_changedByManyAtOnce_losesNoChange() throws Exception {
    List<CompletableFuture<TwinOutcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      outcomes.add(twins.desire(
          DEVICE,
          new TwinChange(change("{\"n" + i + "\":1}").content(), false, OptionalLong.of(i / 2))));
    }
    int kept = 0;
    for (CompletableFuture<TwinOutcome> outcome : outcomes) {
      kept += done(outcome) instanceof TwinOutcome.Kept ? 1 : 0;
    }
    Twin twin = twins.find(DEVICE);
    assertThat(twin.desired().version()).isEqualTo(kept).isPositive();
    assertThat(twin.desired().content()).hasSize(kept);
  }

  private Command ordered(String name) throws Exception {
    CommandOutcome outcome =
        done(commands.send(DEVICE, new CommandOrder(name, null, Duration.ofMinutes(1))));
    return ((CommandOutcome.Kept) outcome).command();
  }

  @Test
  void command_fromItsOrderToItsResult_isKept() throws Exception {
    Command command = ordered("blink");
    assertThat(commands.find(command.id())).contains(command);
    commands.lettersFor(DEVICE).forEach(letter -> letter.sent().run());
    clock.advance(Duration.ofSeconds(1));
    done(commands.result(DEVICE, command.id(), bytes("{\"status\":\"done\",\"payload\":[1.0]}")));
    Command after = commands.find(command.id()).orElseThrow();
    assertThat(after.state()).isEqualTo(Command.State.DONE);
    assertThat(after.sentAt()).isEqualTo(START);
    assertThat(after.endedAt()).isEqualTo(START.plusSeconds(1));
    assertThat(after.result().payload().toString()).isEqualTo("[1.0]");
    assertThat(commands.lettersFor(DEVICE)).isEmpty();
    assertThat(commands.hasEnded(command.id())).isTrue();
  }

  @Test
  void command_whoseTimeIsOver_isExpired_beforeAndAfterThatIsNoted() throws Exception {
    Command command = ordered("late");
    clock.advance(Duration.ofMinutes(1));
    for (int i = 0; i < 2; i++) {
      Command after = commands.find(command.id()).orElseThrow();
      assertThat(after.state()).isEqualTo(Command.State.EXPIRED);
      assertThat(after.endedAt()).isEqualTo(command.deadline());
      assertThat(commands.lettersFor(DEVICE)).isEmpty();
      commands.expire();
    }
    assertThat(done(commands.cancel(command.id()))).isInstanceOf(CommandOutcome.Conflict.class);
  }

  @Test
  void commands_areBounded_openOnesAndEndedOnes() throws Exception {
    for (int i = 0; i < Commands.MAX_OPEN; i++) {
      ordered("n" + i);
    }
    assertThat(done(commands.send(DEVICE, new CommandOrder("x", null, Duration.ofMinutes(1)))))
        .isInstanceOf(CommandOutcome.Conflict.class);
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (int round = 0; round < 11; round++) {
      clock.advance(Duration.ofMinutes(1));
      for (int i = 0; i < Commands.MAX_OPEN; i++) {
        all.add(commands.send(DEVICE, new CommandOrder("x", null, Duration.ofMinutes(1))));
      }
      commands.expire();
    }
    for (CompletableFuture<?> one : all) {
      done(one);
    }
    List<Command> kept = commands.list(DEVICE, "g", 5_000);
    assertThat(kept).hasSizeBetween(Commands.MAX_KEPT, Commands.MAX_KEPT + Commands.MAX_OPEN);
    assertThat(kept).isSortedAccordingTo((a, b) -> b.id().compareTo(a.id()));
  }

  @Test
  void alarm_thatGoesOn_isOne() throws SQLException, Exception {
    AlarmBook alarms = new AlarmBook(store, clock, new SimpleMeterRegistry());
    for (int i = 0; i < 3; i++) {
      alarms.note(new SessionAlarm(
          SessionAlarm.Kind.FLAPPING,
          "d1",
          "CN=d1",
          "1f",
          List.of("10.0.0." + i),
          START,
          START.plusSeconds(i),
          21 + i));
    }
    assertThat(done(alarms.acknowledge(7))).isFalse();
    AlarmBook.Kept kept = alarms.list(false).get(0);
    assertThat(kept.alarm().times()).isEqualTo(23);
    assertThat(kept.alarm().addresses()).containsExactly("10.0.0.2");
    assertThat(done(alarms.acknowledge(kept.id()))).isTrue();
    assertThat(alarms.list(false)).isEmpty();
    assertThat(alarms.list(true)).hasSize(1);
  }

  @Test
  void connections_areKeptFor90Days_andAThousandOfADevice() throws Exception {
    try (PresenceBook book = book(PresenceListener.NONE)) {
      Sessions sessions = new Sessions();
      for (int i = 0; i < PresenceBook.MAX_KEPT + 5; i++) {
        connect(book, sessions, DEVICE.value());
      }
      connect(book, sessions, "other");
      // What comes before it in the queue is not its own.
      await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () -> !book.connections(new DeviceId("other"), Long.MAX_VALUE, 1).isEmpty());
      book.forget();
      assertThat(book.connections(DEVICE, Long.MAX_VALUE, PresenceBook.MAX_KEPT + 5))
          .hasSize(PresenceBook.MAX_KEPT);
      List<DeviceConnection> kept = book.connections(DEVICE, Long.MAX_VALUE, 5);
      assertThat(kept.get(0).id()).as("the newest stay").isEqualTo(PresenceBook.MAX_KEPT + 5);
      clock.advance(Duration.ofDays(89));
      connect(book, sessions, DEVICE.value());
      book.forget();
      assertThat(book.connections(DEVICE, Long.MAX_VALUE, 5)).hasSize(5);
      clock.advance(Duration.ofDays(2));
      book.forget();
      assertThat(book.connections(DEVICE, Long.MAX_VALUE, 5)).hasSize(1);
      assertThat(book.connections(new DeviceId("other"), Long.MAX_VALUE, 5)).isEmpty();
    }
  }

  @Test
  void connections_areTold_andAfterAStartAllThatAreKnown() {
    Map<String, String> told = new HashMap<>();
    PresenceListener listener = new PresenceListener() {
      @Override
      public void changed(DeviceId device, @Nullable String certificate, Instant since) {
        told.put(
            device.value(), certificate == null ? "offline " + since : "online " + certificate);
      }

      @Override
      public void programCame(String certificate) {
        told.put("a program", certificate);
      }
    };
    Sessions sessions = new Sessions();
    Instant first = clock.instant();
    try (PresenceBook book = book(listener)) {
      connect(book, sessions, "gone");
      assertThat(told).containsOnly(Map.entry("gone", "offline " + first));
      ClientSession before = begin(book, sessions, "there");
      begin(book, sessions, "there");
      clock.advance(Duration.ofMinutes(1));
      // The end of one whose place another has taken is not that of the device.
      book.ended(before, "another connection");
      assertThat(told).containsEntry("there", "online 1");
      begin(book, sessions, new ClientSubject("service", "reader", null, "consumer"));
      assertThat(told).containsEntry("a program", "1");
    }
    Instant stopped = clock.instant();
    assertThat(told).containsEntry("there", "offline " + stopped);
    told.clear();
    clock.advance(Duration.ofMinutes(1));
    book(listener).close();
    assertThat(told)
        .containsOnly(
            Map.entry("gone", "offline " + first), Map.entry("there", "offline " + stopped));
  }

  private PresenceBook book(PresenceListener listener) {
    return PresenceBook.open(store, new NoPublisher(), listener, clock, new SimpleMeterRegistry());
  }

  private void connect(PresenceBook book, Sessions sessions, String device) {
    book.ended(begin(book, sessions, device), "closed by the client");
  }

  private ClientSession begin(PresenceBook book, Sessions sessions, String device) {
    return begin(book, sessions, new ClientSubject("device", device, "f1", "device"));
  }

  private ClientSession begin(PresenceBook book, Sessions sessions, ClientSubject subject) {
    ClientSession session = sessions.open(
        new ClientSession.Credential(
            subject, subject.issuer(), BigInteger.ONE, clock.instant().plusSeconds(60)),
        new ClientSession.Connection(
            subject.commonName(),
            "10.0.0.1",
            true,
            60,
            new ClientSession.Tls("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
            clock.instant()),
        ((PolicyFile.Admission.Admitted) POLICY.admit(subject, subject.commonName())).policy());
    book.live(session);
    return session;
  }

  private static final class NoPublisher implements DevicePublisher {
    @Override
    public CompletableFuture<Void> pass(
        String topic, byte[] payload, @Nullable String contentType) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Boolean> send(
        ClientSession session, String topic, byte[] payload, @Nullable Duration expiry) {
      return CompletableFuture.completedFuture(false);
    }

    @Override
    public CompletableFuture<Void> retain(String topic, byte[] payload) {
      return CompletableFuture.completedFuture(null);
    }
  }
}
