/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.delivery;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.SessionListener;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.topic.FleetTopics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, whenever something may have changed for a device, what the store holds for it, and sends
 * what this connection was not sent yet. One look at a device at a time, and the newest state each
 * time: so nothing overtakes what is newer, and many changes at once are one message.
 */
public final class Deliveries implements SessionListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);
  private static final int THREADS = 2;
  private static final long SEND_SECONDS = 5;
  private static final long CLOSE_SECONDS = 5;

  /** After a failure; twice as long after each further one. */
  private static final long FIRST_AGAIN_SECONDS = 1;

  private static final long LONGEST_AGAIN_SECONDS = 60;

  /** One connection of a device, and the keys of what it was sent. */
  private record Recipient(
      ClientSession session,
      FleetTopics topics,
      ConcurrentMap<LetterSource, Set<String>> sent,
      Failures failures) {
    Set<String> sent(LetterSource source) {
      return sent.computeIfAbsent(source, unheard -> ConcurrentHashMap.newKeySet());
    }
  }

  /** What went wrong over a connection since it last went well. */
  private static final class Failures {
    /** How many; only one look at a device counts at a time. */
    private volatile int count;

    /** Whether another look is due already: there is one at most. */
    private final AtomicBoolean againIsDue = new AtomicBoolean();

    /** How long to wait for another look. */
    long add() {
      long seconds = Math.min(LONGEST_AGAIN_SECONDS, FIRST_AGAIN_SECONDS << count);
      count = Math.min(count + 1, Integer.SIZE - 1);
      return seconds;
    }
  }

  private enum Look {
    RUNNING,
    AGAIN
  }

  private final List<LetterSource> sources;
  private final DevicePublisher publisher;
  private final Counter count;
  private final ConcurrentMap<DeviceId, Recipient> recipients = new ConcurrentHashMap<>();
  private final ConcurrentMap<DeviceId, Look> looks = new ConcurrentHashMap<>();
  private final List<Consumer<DeviceId>> others = new CopyOnWriteArrayList<>();
  private final ScheduledThreadPoolExecutor executor;

  public Deliveries(List<LetterSource> sources, DevicePublisher publisher, MeterRegistry meters) {
    this(sources, publisher, meters, THREADS);
  }

  /** For tests: with as many threads as they want. */
  Deliveries(
      List<LetterSource> sources, DevicePublisher publisher, MeterRegistry meters, int threads) {
    this.sources = List.copyOf(sources);
    this.publisher = publisher;
    this.count = Counter.builder("muster.delivery.sent")
        .description("Messages of the backend handed to the sessions of devices")
        .register(meters);
    this.executor = new ScheduledThreadPoolExecutor(threads, task -> {
      Thread thread = new Thread(task, "muster-delivery");
      thread.setDaemon(true);
      return thread;
    });
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void live(ClientSession session) {
    if (session.subject().isDevice()) {
      recipients.put(
          deviceOf(session),
          new Recipient(
              session, topicsOf(session.subject()), new ConcurrentHashMap<>(), new Failures()));
    }
  }

  private static DeviceId deviceOf(ClientSession session) {
    return new DeviceId(session.subject().commonName());
  }

  private static FleetTopics topicsOf(ClientSubject subject) {
    String fleet = Optional.ofNullable(subject.organization()).orElseThrow();
    return new FleetTopics(
        new DeviceSubject(new FleetName(fleet), new DeviceId(subject.commonName())));
  }

  @Override
  public void listening(ClientSession session) {
    if (session.subject().isDevice()) {
      look(deviceOf(session));
    }
  }

  @Override
  public void ended(ClientSession session, String reason) {
    if (session.subject().isDevice()) {
      recipients.computeIfPresent(
          deviceOf(session), (device, current) -> current.session() == session ? null : current);
    }
  }

  /** Has somebody else look, too, whenever there may be something for a device. */
  public void alsoTell(Consumer<DeviceId> other) {
    others.add(other);
  }

  /** Looks what there is for a device, if it is connected. Returns at once. */
  public void look(DeviceId device) {
    lookElsewhere(device);
    lookHere(device);
  }

  private void lookHere(DeviceId device) {
    if (!recipients.containsKey(device)) {
      return;
    }
    Look now = looks.merge(device, Look.RUNNING, (running, started) -> Look.AGAIN);
    if (now == Look.RUNNING) {
      begin(device);
    }
  }

  private void begin(DeviceId device) {
    try {
      executor.execute(() -> run(device));
    } catch (RejectedExecutionException e) {
      // It is closing; the device hears it when it connects again.
      looks.remove(device);
    }
  }

  /** As {@link #look}, for what its session over MQTT has told us itself. */
  public void lookElsewhere(DeviceId device) {
    others.forEach(other -> other.accept(device));
  }

  /** Sends over a connection again what a source has for it. Returns at once. */
  public void repeat(ClientSession session, LetterSource source) {
    Recipient recipient = recipients.get(deviceOf(session));
    if (recipient != null && recipient.session() == session) {
      recipient.sent().remove(source);
      look(deviceOf(session));
    }
  }

  private void run(DeviceId device) {
    looks.put(device, Look.RUNNING);
    try {
      Recipient recipient = recipients.get(device);
      if (recipient != null) {
        deliver(device, recipient);
      }
    } finally {
      if (!looks.remove(device, Look.RUNNING)) {
        // Behind those who wait: whoever asks without a rest holds up nobody but himself.
        begin(device);
      }
    }
  }

  /** What failed need not fail again, and nobody else may ask as long as the connection lasts. */
  private void tryAgain(DeviceId device, Recipient recipient) {
    Failures failures = recipient.failures();
    if (!failures.againIsDue.compareAndSet(false, true)) {
      return;
    }
    Runnable again = () -> {
      failures.againIsDue.set(false);
      if (recipients.get(device) == recipient) {
        lookHere(device);
      }
    };
    try {
      executor.schedule(again, failures.add(), TimeUnit.SECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Delivery ends device={}", device);
    }
  }

  private void deliver(DeviceId device, Recipient recipient) {
    try {
      for (LetterSource source : sources) {
        List<Letter> letters = source.lettersFor(device);
        if (!letters.isEmpty()) {
          deliver(recipient, letters, recipient.sent(source));
        }
      }
      recipient.failures().count = 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception | Error e) {
      LOG.warn("Delivery failed device={} error={}", device, e.toString());
      tryAgain(device, recipient);
    }
  }

  private void deliver(Recipient recipient, List<Letter> letters, Set<String> sent)
      throws Exception {
    // What is over is asked for no more: so this does not grow with the age of the connection.
    sent.retainAll(letters.stream().map(Letter::key).collect(Collectors.toSet()));
    for (Letter letter : letters) {
      if (!sent.contains(letter.key()) && isSent(recipient, letter)) {
        sent.add(letter.key());
        letter.sent().run();
      }
    }
  }

  private boolean isSent(Recipient recipient, Letter letter) throws Exception {
    boolean subscribed = publisher
        .send(
            recipient.session(),
            letter.topic().apply(recipient.topics()),
            letter.payload(),
            letter.expiry())
        .get(SEND_SECONDS, TimeUnit.SECONDS);
    if (subscribed) {
      count.increment();
    }
    return subscribed;
  }

  /** Ends the looks that run. */
  @Override
  public void close() {
    executor.shutdown();
    try {
      if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        executor.shutdownNow();
      }
    } catch (InterruptedException e) {
      executor.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
