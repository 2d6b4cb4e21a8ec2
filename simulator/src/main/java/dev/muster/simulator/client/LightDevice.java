/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.protocol.topic.FleetTopics;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.simulator.payload.Reading;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One of thousands of devices. Whatever concerns its connection happens on its event loop;
 * enrolling blocks a thread that it shares with others.
 */
final class LightDevice implements ControlledLink, MqttConnection.Events {
  /** As in the SDK: anything from nothing to a limit that doubles each time. */
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);
  private static final int MAX_DOUBLINGS = 6;
  private static final FleetName UNNAMED_FLEET = new FleetName("simulated");

  /** Of a stolen key it is told that it came in, and no more. */
  private record Thief(Listener victim) implements Listener {
    @Override
    public void enrolled() {
      // It was before.
    }

    @Override
    public void online() {
      victim.duplicated();
    }

    @Override
    public void waiting(String reason) {
      // It comes back.
    }
  }

  private final String serial;
  private final LightLinks shared;
  private final EventLoop loop;
  private final RandomGenerator random;
  private final Listener listener;
  private volatile @Nullable DeviceSubject subject;
  private volatile @Nullable Credential credential;
  /** Two enrollments of one device would come with two keys. */
  private final AtomicBoolean enrolling = new AtomicBoolean();

  private final String firstBoot;
  /** A new one after each start. */
  private volatile MessageNumbers numbers;

  // Owned by the event loop.
  private final Outbox outbox = new Outbox();
  private @Nullable TlsIdentity identity;
  private boolean disguiseWanted;
  /** What it shows instead of its own. */
  private @Nullable TlsIdentity disguise;
  /** Whether it was shown on the connection that stands, or is being made. */
  private boolean disguised;

  private @Nullable LightDevice duplicate;
  private @Nullable MqttConnection connection;
  /** Of which it was told last; 0: of none. */
  private long twinVersion;

  private boolean wanted;
  private boolean online;
  private boolean closed;
  private int failures;
  private Duration longestWait = LONGEST_WAIT;
  private int powerCuts;
  private NetworkConditions conditions = NetworkConditions.GOOD;

  LightDevice(
      String serial, LightLinks shared, EventLoop loop, RandomGenerator random, Listener listener) {
    this.serial = serial;
    this.shared = shared;
    this.loop = loop;
    this.random = random;
    this.listener = listener;
    // Another one in each run, or the backend would take a new message for an old one sent again.
    this.firstBoot = Long.toString(shared.clock().millis(), Character.MAX_RADIX);
    this.numbers = new MessageNumbers(firstBoot);
  }

  @Override
  public void enroll() {
    if (enrolling.compareAndSet(false, true)) {
      shared.enrolling(this::askForCertificate);
    }
  }

  @Override
  public void start() {
    on(() -> {
      wanted = true;
      connect();
    });
    if (credential == null) {
      enroll();
    }
  }

  private void askForCertificate() {
    try {
      if (credential == null) {
        Optional<Credential> present = shared.identities().present(serial);
        use(present.isPresent() ? present.get() : shared.identities().enroll(serial));
        listener.enrolled();
        on(this::connect);
      }
      enrolling.set(false);
    } catch (EnrollmentRefusedException e) {
      listener.waiting(String.valueOf(e.getMessage()));
      enrolling.set(false);
    } catch (EnrollmentDeferredException e) {
      on(() -> enrollLater(e, e.retryAfter()));
    } catch (EnrollmentException | RuntimeException e) {
      on(() -> enrollLater(e, nextWait()));
    }
  }

  private void enrollLater(Exception problem, Duration wait) {
    String message = problem.getMessage();
    listener.waiting(message == null ? problem.getClass().getSimpleName() : message);
    after(wait, () -> shared.enrolling(this::askForCertificate));
  }

  private void use(Credential credential) {
    TlsIdentity fresh = shared.tls(credential);
    this.credential = credential;
    subject = subjectOf(credential);
    on(() -> identity = fresh);
  }

  @Override
  public void renew() {
    Credential current = credential;
    if (current != null) {
      shared.enrolling(() -> renew(current));
    }
  }

  private void renew(Credential current) {
    try {
      use(shared.identities().renew(serial, current));
      on(() -> {
        listener.renewed();
        reconnect();
      });
    } catch (EnrollmentException | RuntimeException e) {
      on(() -> listener.renewalFailed(String.valueOf(e.getMessage())));
    }
  }

  /** The certificate is another: so is the connection. */
  private void reconnect() {
    MqttConnection current = connection;
    if (current != null) {
      current.close();
      forget("renewed its certificate");
      connect();
    }
  }

  @Override
  public void hurry(@Nullable Duration longest) {
    on(() -> longestWait = longest == null ? LONGEST_WAIT : longest);
  }

  @Override
  public void network(NetworkConditions next) {
    on(() -> {
      conditions = next;
      if (connection != null) {
        connection.network().change(next);
      }
    });
  }

  @Override
  public void cutPower() {
    on(() -> {
      powerCuts++;
      numbers = new MessageNumbers(firstBoot + "-" + powerCuts);
      outbox
          .drain()
          .forEach(
              lost -> lost.receipt().completeExceptionally(new IOException("the power was cut")));
      if (connection != null) {
        connection.reset();
      }
    });
  }

  /** Numbers the messages of a start; those of a device come one at a time. */
  private static final class MessageNumbers {
    private final String boot;
    private long sequence;

    MessageNumbers(String boot) {
      this.boot = boot;
    }

    MessageIdentity next() {
      return new MessageIdentity(boot, ++sequence);
    }
  }

  @Override
  public void cut() {
    on(() -> {
      if (connection != null) {
        connection.reset();
      }
    });
  }

  @Override
  public void abandon(@Nullable Duration timeout) {
    on(() -> {
      if (connection != null) {
        connection.abandon(timeout);
      }
    });
  }

  /** Of a certificate that names no device, as one from a factory, the serial number serves. */
  private DeviceSubject subjectOf(Credential credential) {
    try {
      return DeviceSubject.of(credential.leaf().getSubjectX500Principal());
    } catch (IllegalArgumentException e) {
      return new DeviceSubject(UNNAMED_FLEET, new DeviceId(serial.toLowerCase(Locale.ROOT)));
    }
  }

  @Override
  public void duplicate(boolean there) {
    Credential stolen = credential;
    on(() -> {
      if (!there && duplicate != null) {
        duplicate.close();
        duplicate = null;
      } else if (there && duplicate == null && stolen != null) {
        duplicate = new LightDevice(serial, shared, loop, random, new Thief(listener));
        duplicate.use(stolen);
        duplicate.start();
      }
    });
  }

  @Override
  public void disguise(boolean wanted) {
    on(() -> {
      disguiseWanted = wanted;
      if (!wanted) {
        show(null);
      }
    });
    if (wanted) {
      shared.enrolling(this::prepareDisguise);
    }
  }

  private void prepareDisguise() {
    TlsIdentity other;
    try {
      other = shared.tls(shared.identities().cameWith(serial));
    } catch (RuntimeException e) {
      on(() -> listener.disguiseFailed(String.valueOf(e.getMessage())));
      return;
    }
    on(() -> {
      // It took its time; by now it may be over.
      if (disguiseWanted) {
        show(other);
      }
    });
  }

  private void show(@Nullable TlsIdentity other) {
    boolean same = disguise == null && other == null;
    disguise = other;
    if (connection != null && !same) {
      connection.reset();
    }
  }

  private void connect() {
    DeviceSubject self = subject;
    TlsIdentity shown = disguise == null ? identity : disguise;
    if (!wanted || closed || connection != null || self == null || shown == null) {
      return;
    }
    if (conditions.silent()) {
      listener.waiting("the network is silent");
      after(nextWait(), this::connect);
      return;
    }
    disguised = disguise != null;
    connection = new MqttConnection(
        shared.mqtt(), self.device().value(), new FaultyNetwork(conditions, random), this);
    shared.connect(loop, shown, connection);
  }

  @Override
  public void connected(MqttConnection which, int window) {
    failures = 0;
    online = true;
    outbox.connected(window);
    listener.online();
    if (disguised) {
      listener.intruded();
    }
    DeviceSubject self = subject;
    if (self != null && shared.hasOperators()) {
      which.subscribe(Answers.filters(new FleetTopics(self)));
    }
    pump();
  }

  @Override
  public void told(MqttConnection which, String topic, byte[] payload) {
    DeviceSubject self = subject;
    if (self == null) {
      return;
    }
    Answers.to(new FleetTopics(self), topic, payload).ifPresent(answer -> {
      CompletableFuture<Void> receipt = new CompletableFuture<>();
      receipt.thenRun(told(answer.version()));
      accept(new Outbox.Message(answer.topic(), answer.payload(), null, receipt));
    });
  }

  private Runnable told(long version) {
    if (version == 0) {
      return listener::answered;
    }
    // What it was in an earlier run is not known here.
    long changes = twinVersion == 0 ? Long.MAX_VALUE : version - twinVersion;
    twinVersion = version;
    return () -> listener.adapted(changes);
  }

  @Override
  public void notAuthorized(MqttConnection which) {
    if (disguised) {
      listener.turnedAway();
    } else {
      listener.expelled();
    }
  }

  @Override
  public void certificateRefused(MqttConnection which) {
    if (disguised) {
      listener.turnedAway();
    }
  }

  @Override
  public void ended(MqttConnection which, String reason) {
    forget(reason);
    after(nextWait(), this::connect);
  }

  private void forget(String reason) {
    online = false;
    connection = null;
    outbox.disconnected();
    listener.waiting(reason);
  }

  private Duration nextWait() {
    long limit = Math.min(longestWait.toNanos(), FIRST_WAIT.toNanos() << failures);
    failures = Math.min(failures + 1, MAX_DOUBLINGS);
    return Duration.ofNanos((long) (random.nextDouble() * limit));
  }

  @Override
  public Optional<DeviceId> device() {
    return Optional.ofNullable(subject).map(DeviceSubject::device);
  }

  @Override
  public Receipt send(Reading reading) {
    DeviceSubject self = subject;
    if (self == null) {
      throw new IllegalStateException("not enrolled");
    }
    MessageIdentity number = numbers.next();
    Outbox.Message message = new Outbox.Message(
        new FleetTopics(self).telemetry(reading.stream()),
        SenmlJson.write(reading.measurements()),
        number,
        new CompletableFuture<>());
    on(() -> accept(message));
    return new Receipt(
        number, ContentChecksum.of(reading.stream(), message.payload()), message.receipt());
  }

  private void accept(Outbox.Message message) {
    if (closed || !outbox.offer(message)) {
      message.receipt().completeExceptionally(new IOException("the device's queue is full"));
      return;
    }
    pump();
  }

  private void pump() {
    MqttConnection current = connection;
    if (!online || current == null) {
      return;
    }
    boolean written = false;
    for (Outbox.Packet next = outbox.next(); next != null; next = outbox.next()) {
      current.publish(next);
      written = true;
    }
    if (written) {
      current.flush();
    }
  }

  @Override
  public void answered(MqttConnection which, int packetId, @Nullable String refusal) {
    Outbox.Message message = outbox.answered(packetId);
    if (message != null && refusal == null) {
      message.receipt().complete(null);
    } else if (message != null) {
      message.receipt().completeExceptionally(new IOException(refusal));
    }
    pump();
  }

  @Override
  public void close() {
    on(() -> {
      closed = true;
      online = false;
      if (duplicate != null) {
        duplicate.close();
      }
      if (connection != null) {
        connection.close();
        connection = null;
      }
      outbox
          .drain()
          .forEach(left ->
              left.receipt().completeExceptionally(new IOException("the device was closed")));
    });
  }

  private void on(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The run is over, and so is everything that this would have been for.
    }
  }

  private void after(Duration wait, Runnable task) {
    try {
      loop.schedule(task, wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // As above.
    }
  }
}
