/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authn.CertificateAuthenticator.Refusal;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.authz.TopicPolicy;
import dev.muster.broker.delivery.Letter;
import dev.muster.coap.Observation;
import dev.muster.coap.Watch;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.californium.core.coap.OptionSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Devices that are told at once what there is for them, while they are awake. Before each
 * notification, it is judged who they are and what they may be told, as with each request.
 *
 * <p>Thread-safe.
 */
final class Observers {
  private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

  /** Two sessions of two paths: a device that has lost its session does not wait for its end. */
  private static final int OF_EACH_DEVICE = 4;

  private final KnownDevices devices;
  private final CoapRefusals refusals;
  private final Executor blocking;
  private final Clock clock;
  private final Counter told;
  /** Those of each device, the oldest first. */
  private final Map<DeviceId, Deque<Observer>> observers = new HashMap<>();

  /** @param blocking where the store is read */
  Observers(
      KnownDevices devices,
      CoapRefusals refusals,
      Executor blocking,
      Clock clock,
      MeterRegistry meters) {
    this.devices = devices;
    this.refusals = refusals;
    this.blocking = blocking;
    this.clock = clock;
    this.told = meters.counter("muster.coap.notifications");
    Gauge.builder("muster.coap.observers", this, Observers::size).register(meters);
  }

  /** What a device observes. @param topic where it would be told over MQTT */
  record Place(String topic, StateView view) {}

  /** One device at one place. */
  private final class Observer implements Watch {
    private final DeviceId device;
    private final Place place;
    private final OptionSet request;
    /** Asked to look, and not begun yet. */
    private final AtomicBoolean queued = new AtomicBoolean();
    /** There may be something to tell. */
    private volatile boolean due = true;

    private volatile @Nullable Instant nextChange;
    private volatile @Nullable TopicPolicy policy;
    private volatile @Nullable Observation observation;
    private @Nullable String newest; // Guarded by this.

    Observer(KnownDevice device, Place place, OptionSet request) {
      this.device = device.id();
      this.place = place;
      this.request = request;
      this.policy = device.policy();
    }

    /** Answers with what was found, and goes on from there. */
    synchronized void begin(Reply reply, Optional<Letter> letter) {
      see(letter);
      reply.answerAndObserve(StateAnswers.observed(letter, request), this);
    }

    @Override
    public void begun(Observation theirs) {
      observation = theirs;
      enter(this);
    }

    @Override
    public void over() {
      leave(this);
    }

    /** @return whether it is another than before */
    private boolean see(Optional<Letter> letter) {
      String key = letter.map(Letter::key).orElse("");
      nextChange = letter.map(Letter::expiry).map(clock.instant()::plus).orElse(null);
      boolean changed = !key.equals(newest);
      newest = key;
      return changed;
    }

    /** What comes after it has begun is seen by the next one. Blocks. */
    void look() {
      queued.set(false);
      due = false;
      try {
        lookOnce();
      } catch (SQLException | RuntimeException e) {
        due = true;
        LOG.warn("Observer not told device={} error={}", device, e.toString());
      }
    }

    private synchronized void lookOnce() throws SQLException {
      Outcome outcome = judge();
      if (outcome instanceof Outcome.Refused refused) {
        refuse(refused);
      } else if (outcome instanceof Outcome.Admitted admitted) {
        look(KnownDevice.of(admitted));
      }
    }

    private Outcome judge() {
      return devices.judge(observed().chain());
    }

    private Observation observed() {
      Observation begun = observation;
      if (begun == null) {
        throw new IllegalStateException("not begun");
      }
      return begun;
    }

    private void refuse(Outcome.Refused refused) {
      if (refused.refusal() == Refusal.UNAVAILABLE) {
        // Once there is a CRL again, it has changed: what it has missed is told then.
        policy = null;
      } else {
        observed().tell(CoapAnswers.of(refused));
      }
    }

    private void look(KnownDevice now) throws SQLException {
      policy = now.policy();
      Decision decision = now.policy().receive(place.topic());
      if (!decision.allowed()) {
        refusals.byPolicy(now.subject(), "subscribe", place.topic(), decision);
        observed().tell(CoapAnswers.denied(decision, policy.limits()));
        return;
      }
      Optional<Letter> letter = place.view().first(now);
      if (see(letter)) {
        told.increment();
        letter.ifPresent(found -> found.sent().run());
        observed().tell(StateAnswers.observed(letter, request));
      }
    }

    /** Whether something has happened of which nobody has told us. */
    boolean isDue(Instant now) {
      Instant change = nextChange;
      return due
          || (change != null && !now.isBefore(change))
          || devices.hasChanged(observed().chain().get(0), policy);
    }
  }

  /** Answers, and goes on telling. Blocks. @throws SQLException with nothing answered */
  void begin(Reply reply, KnownDevice device, Place place) throws SQLException {
    Optional<Letter> letter = place.view().first(device);
    letter.ifPresent(found -> found.sent().run());
    new Observer(device, place, reply.exchange().request().getOptions()).begin(reply, letter);
  }

  private void enter(Observer observer) {
    Observer tooMany = null;
    synchronized (observers) {
      Deque<Observer> theirs =
          observers.computeIfAbsent(observer.device, first -> new ArrayDeque<>(2));
      theirs.add(observer);
      if (theirs.size() > OF_EACH_DEVICE) {
        tooMany = theirs.getFirst();
      }
    }
    if (tooMany != null) {
      tooMany.observed().end();
    }
    // Of what has come between the first answer and now, nobody has told it.
    wake(observer);
  }

  private void leave(Observer observer) {
    synchronized (observers) {
      observers.computeIfPresent(observer.device, (device, theirs) -> {
        theirs.remove(observer);
        return theirs.isEmpty() ? null : theirs;
      });
    }
  }

  /** There may be something new for a device. Returns at once. */
  void look(DeviceId device) {
    List<Observer> theirs;
    synchronized (observers) {
      theirs = List.copyOf(observers.getOrDefault(device, new ArrayDeque<>(0)));
    }
    theirs.forEach(this::wake);
  }

  /** Looks who lost a right, whose command is out of date, and who could not be told before. */
  void lookAtAll() {
    List<Observer> all;
    synchronized (observers) {
      all = observers.values().stream().flatMap(Deque::stream).toList();
    }
    Instant now = clock.instant();
    all.stream().filter(observer -> observer.isDue(now)).forEach(this::wake);
  }

  private void wake(Observer observer) {
    observer.due = true;
    if (observer.queued.compareAndSet(false, true)) {
      try {
        blocking.execute(observer::look);
      } catch (RejectedExecutionException e) {
        // There is too much to do; it stays due.
        observer.queued.set(false);
      }
    }
  }

  private int size() {
    synchronized (observers) {
      return observers.values().stream().mapToInt(Deque::size).sum();
    }
  }
}
