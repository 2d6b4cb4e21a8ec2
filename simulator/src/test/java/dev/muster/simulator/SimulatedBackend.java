/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.simulator.client.ControlledLink;
import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.client.NetworkConditions;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.simulator.payload.Reading;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Links to a backend that takes as long, and fails as often, as a test wants. */
final class SimulatedBackend implements DeviceLink.Factory {
  private static final AtomicInteger BOOTS = new AtomicInteger();

  /** Devices of another run have another. */
  private final String boot = "boot-" + BOOTS.incrementAndGet();

  final ManualTimeline timeline = new ManualTimeline();
  final List<Link> links = new ArrayList<>();
  final List<String> sent = new ArrayList<>();
  /** What was done to devices. */
  final List<String> done = new ArrayList<>();

  Duration enrollmentTime = Duration.ofMillis(100);
  Duration answerTime = Duration.ofMillis(5);
  Predicate<String> comesOnline = serial -> true;
  /** Between these times since the start nothing is acknowledged. */
  Duration stallFrom = Duration.ZERO;

  Duration stallTo = Duration.ZERO;
  /** Messages with this number in a device are refused. */
  long refused = -1;
  /** How long the caller of {@code send} is held up by the message with number 3. */
  Duration sendTakes = Duration.ZERO;

  /** Whether it refuses all others, too. */
  boolean refusesAll;
  /** Whether devices number each message as their first. */
  boolean repeatsNumbers;

  boolean answers = true;
  /** Whether links are as the SDK's. */
  boolean blocks = true;

  /** How long it takes until a revoked device is cut off. */
  Duration revokedIn = Duration.ZERO;

  boolean letsInTheRevoked;
  /** Whether revoked devices are thrown out at all. */
  boolean expelsTheRevoked = true;
  /** Whether devices that were cut find their way back. */
  Predicate<String> comesBack = serial -> true;

  /** How long an operator's order takes. */
  Duration orderTakes = Duration.ZERO;
  /** How long a device takes to do as it was told. */
  Duration orderAnsweredIn = Duration.ofMillis(50);
  /** Whether it does what it is told by such an order. */
  Predicate<String> obeys = order -> true;

  /** Why devices do not start again after a power cut; null: they do. */
  @Nullable String diskProblem;

  boolean renews = true;
  boolean takesAnyCertificate;
  /** Whether who comes as another, or twice, is heard of. */
  boolean judges = true;
  /** Whether devices hear of changes to their twins; else with the next one of which they do. */
  BooleanSupplier hearsChanges = () -> true;

  private final Map<DeviceId, Integer> unheard = new ConcurrentHashMap<>();

  /** What operators are told instead. */
  @Nullable String operatorProblem;

  int starting;
  int startingAtMost;

  @Override
  public DeviceLink open(String serial, DeviceLink.Listener listener) {
    Link link = new Link(serial, listener);
    links.add(link);
    return link;
  }

  @Override
  public boolean blocks() {
    return blocks;
  }

  final FleetOperator operator = new FleetOperator() {
    @Override
    public void revoke(List<DeviceId> devices) {
      done.add("revoke " + devices);
      timeline.after(
          revokedIn,
          () -> links.stream()
              .filter(link -> expelsTheRevoked && devices.contains(link.id))
              .forEach(link -> link.cutForGood()));
    }

    @Override
    public void desire(DeviceId device, String patch) {
      int changes = unheard.merge(device, 1, Integer::sum);
      boolean heard = hearsChanges.getAsBoolean();
      if (heard) {
        unheard.remove(device);
      }
      order("desire " + patch + " " + device, device, listener -> {
        if (heard) {
          listener.adapted(changes);
        }
      });
    }

    @Override
    public void command(DeviceId device, String name) {
      order("command " + name + " " + device, device, DeviceLink.Listener::answered);
    }

    private void order(String what, DeviceId device, Consumer<DeviceLink.Listener> answer) {
      if (operatorProblem != null) {
        throw new IllegalStateException(operatorProblem);
      }
      timeline.spend(orderTakes);
      done.add(what);
      links.stream()
          .filter(link -> device.equals(link.id) && obeys.test(what))
          .forEach(link -> timeline.after(orderAnsweredIn, () -> answer.accept(link.listener)));
    }
  };

  final class Link implements ControlledLink {
    private final String serial;
    private final Listener listener;
    private @Nullable DeviceId id;
    private long sequence;
    boolean closed;

    private Link(String serial, Listener listener) {
      this.serial = serial;
      this.listener = listener;
    }

    @Override
    public void enroll() {
      timeline.after(enrollmentTime, () -> {
        id = new DeviceId("acme-" + serial);
        listener.enrolled();
      });
    }

    @Override
    public void cut() {
      done.add("cut " + serial);
      goAndComeBack("the connection was reset");
    }

    private void goAndComeBack(String why) {
      listener.waiting(why);
      if (comesBack.test(serial)) {
        timeline.after(Duration.ofSeconds(2), listener::online);
      }
    }

    private void cutForGood() {
      listener.expelled();
      listener.waiting("disconnected by the broker: reason 0x87");
      if (letsInTheRevoked) {
        timeline.after(Duration.ofSeconds(1), listener::online);
      }
    }

    @Override
    public void duplicate(boolean there) {
      done.add(serial + (there ? " has a duplicate" : " has none"));
      if (there && judges) {
        timeline.after(answerTime, listener::duplicated);
      }
    }

    @Override
    public void disguise(boolean disguised) {
      done.add((disguised ? "disguised " : "as itself ") + serial);
      if (disguised && judges) {
        timeline.after(answerTime, takesAnyCertificate ? listener::intruded : listener::turnedAway);
      }
    }

    @Override
    public void hurry(@Nullable Duration longest) {
      done.add("hurry " + serial + " " + longest);
    }

    @Override
    public void abandon(@Nullable Duration timeout) {
      done.add("abandoned " + serial + " " + timeout);
    }

    @Override
    public void network(NetworkConditions conditions) {
      done.add("network " + (conditions.silent() ? "silent " : "speaks ") + serial);
    }

    @Override
    public void cutPower() {
      done.add("power " + serial);
      if (diskProblem == null) {
        goAndComeBack("the power was cut");
      } else {
        listener.waiting(diskProblem);
        listener.brokeDown(diskProblem);
      }
    }

    @Override
    public void renew() {
      done.add("renew " + serial + " at " + timeline.elapsed().toSeconds());
      if (renews) {
        timeline.after(answerTime, listener::renewed);
      } else {
        timeline.after(answerTime, () -> listener.renewalFailed("503"));
      }
    }

    @Override
    public void start() {
      startingAtMost = Math.max(startingAtMost, ++starting);
      if (!comesOnline.test(serial)) {
        listener.waiting("the registrar does not know the manufacturer");
        return;
      }
      timeline.after(enrollmentTime, () -> {
        starting--;
        id = new DeviceId("acme-" + serial);
        listener.enrolled();
        listener.online();
      });
    }

    @Override
    public Optional<DeviceId> device() {
      return Optional.ofNullable(id);
    }

    @Override
    public Receipt send(Reading reading) {
      sent.add(serial + " " + reading);
      CompletableFuture<Void> acknowledged = new CompletableFuture<>();
      long number = ++sequence;
      if (number == 3) {
        timeline.spend(sendTakes);
      }
      if (answers) {
        timeline.after(untilAnswer(), () -> answer(number, acknowledged));
      }
      return new Receipt(
          new MessageIdentity(boot, repeatsNumbers ? 1 : number),
          ContentChecksum.of(reading.stream(), SenmlJson.write(reading.measurements())),
          acknowledged);
    }

    private Duration untilAnswer() {
      Duration now = timeline.elapsed();
      boolean stalled = now.compareTo(stallFrom) >= 0 && now.compareTo(stallTo) < 0;
      return stalled ? stallTo.minus(now).plus(answerTime) : answerTime;
    }

    private void answer(long number, CompletableFuture<Void> acknowledged) {
      if (number == refused || refusesAll) {
        acknowledged.completeExceptionally(new IOException("the broker refused the message"));
      } else {
        acknowledged.complete(null);
      }
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
