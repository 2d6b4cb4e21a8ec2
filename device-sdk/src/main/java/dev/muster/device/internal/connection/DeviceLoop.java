/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.DeviceState;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.MessageClass;
import dev.muster.device.internal.clock.TimeNote;
import dev.muster.device.internal.est.EstChannels;
import dev.muster.device.internal.est.IssuedCertificate;
import dev.muster.device.internal.identity.Generation;
import dev.muster.device.internal.identity.IdentityStore;
import dev.muster.device.internal.identity.PendingKey;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.log.LogRing;
import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.internal.mqtt.LinkEvents;
import dev.muster.device.internal.mqtt.LinkSettings;
import dev.muster.device.internal.mqtt.MqttLink;
import dev.muster.device.internal.mqtt.OutboundMessage;
import dev.muster.device.internal.outbound.Entry;
import dev.muster.device.internal.outbound.Message;
import dev.muster.device.internal.outbound.OutboundQueue;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.protocol.topic.FleetTopics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The life of a device as a state machine. All of it runs on the owner thread; what comes from
 * elsewhere is handed over to it.
 */
public final class DeviceLoop {
  private static final Logger LOG = DeviceLogger.of(DeviceLoop.class);

  /** More would not make a device faster; what a broker can bear of each it says itself. */
  private static final int MAX_WINDOW = 64;

  /** Within which the registrar is asked first when to renew, and after which again by itself. */
  private static final Duration FIRST_QUESTION = Duration.ofHours(1);

  private static final Duration QUESTION_AGAIN = Duration.ofDays(1);

  /** A clock that goes back by less is only adjusted. */
  private static final Duration CLOCK_STEP = Duration.ofMinutes(1);

  private static final int PACKET_TOO_LARGE = 0x95;
  private static final int FIRST_FAILURE = 0x80;
  private static final String JSON = "application/json";

  private final DeviceSettings settings;
  private final DeviceTiming timing;
  private final String boot;
  private final OutboundQueue queue;
  private final List<Dialogue> dialogues;
  private final Status status;
  private final EventLoop owner;
  private final Conversations threads;
  private final Identities identities;
  private final Enroller enroller;
  private final Waits waits;
  private final TimeNote timeNote;
  private final AtomicBoolean pumpRequested = new AtomicBoolean();
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong enrollments = new AtomicLong();
  private final Map<String, Long> connectionEnds = new ConcurrentHashMap<>();
  private volatile Duration lastConnect = Duration.ZERO;
  private volatile Optional<DeviceSubject> subject = Optional.empty();
  private volatile Optional<Instant> certificateEnd = Optional.empty();

  private @Nullable Link link;
  private EventLoop.@Nullable Timed nextStep;
  private boolean storePlanned;
  private Instant renewalPutOffAt = Instant.EPOCH;
  private Instant noRenewalBefore = Instant.EPOCH;
  private @Nullable Instant nextQuestion;
  private boolean loaded;
  private boolean timeAsked;
  private boolean switching;
  private boolean stopping;

  /**
   * @param settings with places of keys, whose methods are called by the owner thread alone from
   *     now on; it lets go of them in the end
   * @param store open; closed by the loop when it stops
   */
  public DeviceLoop(
      DeviceSettings settings,
      IdentityStore store,
      String boot,
      OutboundQueue queue,
      List<Dialogue> dialogues,
      Status status,
      LogRing log,
      Conversations threads) {
    this.settings = settings;
    this.timing = settings.timing();
    this.boot = boot;
    this.queue = queue;
    this.dialogues = List.copyOf(dialogues);
    this.status = status;
    this.threads = threads;
    this.identities = new Identities(store, settings.random(), settings.clock());
    this.timeNote = new TimeNote(settings.stateDirectory());
    this.waits = new Waits(timing, settings.random());
    this.owner = new EventLoop(task -> ownThread(log.bound(task)), this::onFault);
    this.enroller = new Enroller(settings, store.trust(), owner, this::converse);
  }

  private static Thread ownThread(Runnable task) {
    Thread thread = new Thread(task, "muster-device");
    thread.setDaemon(true);
    return thread;
  }

  /** Starts, and returns at once. If it throws, nothing has begun, and nothing will. */
  public void start() {
    queue.onSubmit(this::requestPump);
    try {
      owner.execute(this::begin);
    } catch (RuntimeException | Error e) {
      owner.close();
      throw e;
    }
  }

  private void begin() {
    timeNote.read(settings.trust().latestEnd()).ifPresent(settings.clock()::raise);
    queue.keepIn(settings.stateDirectory());
    dialogues.forEach(dialogue -> dialogue.begin(settings.stateDirectory(), this::inDialogue));
    planStore();
    watchRenewal();
    owner.after(timing.renewalCheck(), this::watchProgress);
    proceed();
  }

  private void inDialogue(Runnable task) {
    owner.execute(() -> {
      task.run();
      if (link != null) {
        link.subscribe();
      }
      planStore();
    });
  }

  private void loadIdentities() {
    identities.load();
    loaded = true;
    rememberSubject();
    if (identities.choose(now()) != null) {
      if (settings.claim() != null) {
        settings.claim().forget();
      }
      status.enter(DeviceState.ENROLLED, "identity found in the state directory");
    }
  }

  /** Who the device is, once it has been told. */
  public Optional<DeviceSubject> subject() {
    return subject;
  }

  /** Until when its certificate is valid. */
  public Optional<Instant> certificateEnd() {
    return certificateEnd;
  }

  public long connections() {
    return connections.get();
  }

  public long enrollments() {
    return enrollments.get();
  }

  /** How long the last connection took to come about. */
  public Duration lastConnect() {
    return lastConnect;
  }

  /** How long it took at last to make or to load a key. */
  public Duration lastKeyOperation() {
    return identities.lastKeyOperation();
  }

  /** How often attempts and connections ended, by why. */
  public Map<String, Long> connectionEnds() {
    return connectionEnds;
  }

  /** Connects if there is a valid identity, else asks for one. */
  private void proceed() {
    nextStep = null;
    if (stopping || link != null) {
      return;
    }
    if (!loaded) {
      loadIdentities();
    }
    Generation identity = identities.choose(now());
    if (identity == null && !enroller.isBusy()) {
      bootstrap();
    } else if (identity != null && isTimeWanted()) {
      askTime(identity);
    } else if (identity != null) {
      connect(identity);
    }
  }

  /** Once before each connection, until the time is known; of a server that can tell it. */
  private boolean isTimeWanted() {
    return settings.clock().isEstimated()
        && !timeAsked
        && EstChannels.tellTime(settings.enrollment());
  }

  /** Before anything is sent, for what is sent carries times. If it fails, they are estimates. */
  private void askTime(Generation identity) {
    if (enroller.isBusy()) {
      return; // It learns the time as well; and whatever comes of it, it goes on from there.
    }
    timeAsked = true;
    status.enter(
        DeviceState.CONNECTING, "asking " + settings.enrollment().getAuthority() + " for the time");
    enroller.askTime(identity.credential(), this::proceed);
  }

  private void bootstrap() {
    status.enter(
        DeviceState.BOOTSTRAPPING,
        "asking " + settings.enrollment().getAuthority() + " for a certificate");
    enroller.enroll(identities::pendingKey, new Enroller.Outcome() {
      @Override
      public void issued(PendingKey key, IssuedCertificate certificate) {
        Generation generation = identities.enrolled(key, certificate);
        if (settings.claim() != null) {
          settings.claim().used(settings.stateDirectory());
        }
        onIssued("Certificate received", generation);
        waits.enrolled();
        status.enter(
            DeviceState.ENROLLED,
            "certificate received for " + generation.subject().device());
        proceed();
      }

      @Override
      public void failed(EnrollmentException problem) {
        status.problem(problem);
        Duration wait = waits.afterProblem(problem);
        status.enter(DeviceState.BOOTSTRAPPING, problem.getMessage() + "; " + Waits.shown(wait));
        proceedAfter(wait);
        giveUpKeyIfRefused(problem);
      }
    });
  }

  private void onIssued(String what, Generation generation) {
    enrollments.incrementAndGet();
    rememberSubject();
    LOG.info(
        "{} boot={} device={} generation={} notAfter={}",
        what,
        boot,
        generation.subject().device(),
        generation.number(),
        generation.credential().notAfter());
  }

  private void connect(Generation identity) {
    String host = settings.broker().getAuthority();
    status.enter(
        DeviceState.CONNECTING,
        "connecting to " + host + " as " + identity.subject().device());
    Link opened = new Link(identity);
    link = opened;
    try {
      opened.transport = open(identity, opened);
    } catch (RuntimeException | Error e) {
      link = null; // Nobody would tell that it has ended.
      tryAgain(e);
      throw e;
    }
  }

  private MqttLink open(Generation identity, LinkEvents events) {
    return settings
        .transport()
        .connect(
            new LinkSettings(
                settings.broker(),
                identity.subject().device().value(),
                identities.tlsOf(identity),
                timing.connectTimeout(),
                timing.keepAlive(),
                owner,
                this::converse),
            events);
  }

  private void converse(Runnable conversation) {
    threads.execute(conversation);
    makeRoomLater(conversation);
  }

  private void makeRoomLater(Runnable conversation) {
    owner.after(timing.callGrace(), () -> {
      if (threads.makeRoom(conversation)) {
        makeRoomLater(conversation);
      }
    });
  }

  /** One connection as the loop sees it. Events of a former one find themselves outdated. */
  private final class Link implements LinkEvents, Dialogue.Speaker {
    private final Generation identity;
    private final FleetTopics topics;
    private final long begin = System.nanoTime();
    private final Map<OutboundMessage, Entry> sent = new IdentityHashMap<>();
    /** What dialogues say waits for room in the window, but for nothing else. */
    private final Deque<OutboundMessage> unsaid = new ArrayDeque<>();

    private final Map<OutboundMessage, Consumer<Boolean>> unsettled = new IdentityHashMap<>();
    private final Set<Dialogue> subscribed = new HashSet<>();
    private @Nullable MqttLink transport;
    private boolean online;
    private int window;
    private long maximumPacketSize;
    private EventLoop.@Nullable Timed stable;

    Link(Generation identity) {
      this.identity = identity;
      this.topics = new FleetTopics(identity.subject());
    }

    @Override
    public void onConnected(int receiveMaximum, long packetSize) {
      handOver(() -> {
        online = true;
        window = Math.min(receiveMaximum, MAX_WINDOW);
        maximumPacketSize = packetSize;
        stable = owner.after(timing.minimumConnected(), waits::connectionIsStable);
        whenOnline(this);
      });
    }

    @Override
    public void onAcknowledged(OutboundMessage message, int reason, String detail) {
      handOver(() -> {
        Entry entry = sent.remove(message);
        Consumer<Boolean> said = unsettled.remove(message);
        if (entry != null) {
          queue.settle(entry, reason, detail);
        } else if (said != null) {
          said.accept(reason < FIRST_FAILURE);
        }
        whenMessageSettled();
      });
    }

    @Override
    public void onMessage(String topic, byte[] payload) {
      if (!owner.isOwn() || !online) {
        handOver(() -> hear(topic, payload));
      } else if (link == this) {
        // At once, for it is acknowledged next; and a flood waits in the network, not in memory.
        try {
          hear(topic, payload);
        } catch (RuntimeException e) {
          onFault(e); // Nothing that the link has to do with.
        }
      }
    }

    private void hear(String topic, byte[] payload) {
      for (Dialogue dialogue : dialogues) {
        if (dialogue.heard(topic, payload)) {
          planStore();
          return;
        }
      }
    }

    @Override
    public void say(String topic, byte[] payload, Consumer<Boolean> whenSettled) {
      OutboundMessage message = new OutboundMessage(topic, payload, JSON, null);
      if (message.packetBytes() > maximumPacketSize) {
        LOG.warn("Not said, larger than the broker takes topic={}", topic);
        owner.execute(() -> whenSettled.accept(false));
      } else if (link == this) {
        unsaid.add(message);
        unsettled.put(message, whenSettled);
        pump();
      }
    }

    /** Subscribes to what is wanted and was not subscribed to. */
    void subscribe() {
      MqttLink to = transport;
      if (to != null && online) {
        dialogues.stream()
            .filter(Dialogue::isWanted)
            .filter(subscribed::add)
            .forEach(dialogue -> to.subscribe(dialogue.filter(topics)));
      }
    }

    /** How many messages wait for their acknowledgement, of the queue and of dialogues. */
    int inFlight() {
      return queue.inFlight() + unsettled.size() - unsaid.size();
    }

    @Override
    public void onEnded(LinkEnd end) {
      handOver(() -> {
        if (stable != null) {
          stable.cancel();
        }
        whenEnded(this, end);
      });
    }

    private void handOver(Runnable task) {
      owner.execute(() -> {
        if (link == this) {
          task.run();
        }
      });
    }

    void close() {
      if (transport != null) {
        transport.close();
      }
    }
  }

  private void whenOnline(Link connected) {
    connections.incrementAndGet();
    lastConnect = Duration.ofNanos(System.nanoTime() - connected.begin);
    queue.reportLosses();
    boolean renewed = identities.isCandidate(connected.identity);
    status.enter(
        DeviceState.ONLINE, renewed ? "connected with the renewed certificate" : "connected");
    connected.subscribe();
    dialogues.forEach(dialogue -> dialogue.connected(connected.topics, connected));
    pump();
    planStore(); // The disk may not have given back what is next, and is asked again then.
    if (stopping) {
      stopIfSettled();
    } else if (identities.hasCandidate() && !renewed) {
      // A renewed identity did not work, the one before it does: try again, but not at once.
      owner.after(waits.nextCandidate(), this::switchIdentity);
    }
    // Last, for it writes to a disk that may be full.
    identities.proven(connected.identity);
    rememberSubject();
    askWhenToRenew();
  }

  private void whenMessageSettled() {
    pump();
    planStore();
    if (stopping) {
      stopIfSettled();
    } else if (switching && link != null && queue.inFlight() == 0) {
      link.close();
    }
  }

  private void whenEnded(Link ended, LinkEnd end) {
    link = null;
    timeAsked = false;
    queue.returnInFlight();
    dialogues.forEach(Dialogue::disconnected);
    if (stopping) {
      finishStop();
      return;
    }
    boolean onPurpose = switching;
    switching = false;
    if (onPurpose) {
      proceed();
      return;
    }
    connectionEnds.merge(end.kind().name().toLowerCase(Locale.ROOT), 1L, Long::sum);
    boolean calledExpired = end.kind() == LinkEnd.Kind.CALLED_EXPIRED;
    boolean certificateRefused = end.kind() == LinkEnd.Kind.CERTIFICATE_REFUSED || calledExpired;
    boolean expired = end.kind() == LinkEnd.Kind.EXPIRED;
    boolean refused = end.kind() == LinkEnd.Kind.REFUSED || certificateRefused || expired;
    boolean cutOff = end.kind() == LinkEnd.Kind.REFUSED && ended.online;
    if (certificateRefused || cutOff) {
      identities.doubt(ended.identity, calledExpired);
    }
    if (expired) {
      identities.doubtExpired(ended.identity);
    }
    boolean another = identities.hasCandidate();
    identities.failed(ended.identity, refused);
    // With two identities at hand a refusal of one says nothing about the other; with none that is
    // valid, another is asked for.
    Duration wait = refused && !another && identities.choose(now()) != null
        ? waits.nextSlow()
        : end.kind() == LinkEnd.Kind.BUSY ? waits.nextBusy() : waits.nextReconnect();
    status.enter(DeviceState.OFFLINE, end.detail() + "; " + Waits.shown(wait));
    proceedAfter(wait);
  }

  private void tryAgain(Throwable failure) {
    Duration wait = waits.nextReconnect();
    proceedAfter(wait); // First, for whatever comes next may fail as well.
    status.enter(DeviceState.OFFLINE, failure.getMessage() + "; " + Waits.shown(wait));
  }

  /** A net: whatever failed, and in whichever way, a device does not stand still for good. */
  private void watchProgress() {
    owner.after(timing.renewalCheck(), this::watchProgress);
    if (!stopping && link == null && nextStep == null && !enroller.isBusy()) {
      proceedAfter(waits.nextReconnect());
    }
  }

  private void proceedAfter(Duration wait) {
    if (nextStep != null) {
      nextStep.cancel();
    }
    nextStep = owner.after(wait, this::proceed);
  }

  private void requestPump() {
    if (pumpRequested.compareAndSet(false, true)) {
      owner.execute(() -> {
        pumpRequested.set(false);
        pump();
        store();
      });
    }
  }

  /** Alarms at once, others together within a second, or when memory fills up. */
  private void store() {
    queue.storeUrgent();
    planStore();
  }

  private void planStore() {
    if (!storePlanned
        && (queue.needsStore() || dialogues.stream().anyMatch(Dialogue::needsStore))) {
      storePlanned = true;
      owner.after(timing.store(), () -> {
        storePlanned = false;
        queue.store(MessageClass.ALARM);
        queue.store(MessageClass.TELEMETRY);
        dialogues.forEach(Dialogue::store);
        pump(); // A disk that has failed before may give back what is next.
        planStore();
      });
    }
  }

  private void pump() {
    Link to = link;
    while (to != null && to.online && !switching && to.inFlight() < to.window) {
      OutboundMessage said = to.unsaid.poll();
      if (said != null) {
        MqttLink transport = to.transport;
        if (transport == null || !transport.publish(said)) {
          return;
        }
        continue;
      }
      Entry entry = queue.takeNext();
      if (entry == null || !send(to, entry)) {
        return;
      }
    }
  }

  private boolean send(Link to, Entry entry) {
    Message kept = entry.message();
    String topic = kept.kind() == Message.Kind.EVENT
        ? to.topics.event(kept.name())
        : to.topics.telemetry(kept.name());
    OutboundMessage message = new OutboundMessage(
        topic, entry.payload(settings.clock()), SenmlJson.MEDIA_TYPE, kept.identity());
    if (message.packetBytes() > to.maximumPacketSize) {
      // The broker would end the connection, and the next one, and every one after it.
      queue.settle(
          entry,
          PACKET_TOO_LARGE,
          "larger than the " + to.maximumPacketSize + " bytes that it takes");
      return true;
    }
    to.sent.put(message, entry);
    MqttLink transport = to.transport;
    return transport != null && transport.publish(message);
  }

  private void watchRenewal() {
    Duration untilDue = Duration.between(now(), identities.renewAt());
    owner.after(waits.nextLookAtClock(untilDue), this::watchRenewal);
    if (isOnline()) {
      queue.reportLosses();
    }
    // Not what the system's clock says: were it wrong once, it would be believed for good.
    timeNote.keep(settings.clock().floor());
    renewIfDue();
    askWhenToRenew();
    // Last, for it writes to a disk that may be full.
    identities.catchUp(isOnline() ? link.identity : null);
    rememberSubject();
  }

  private void renewIfDue() {
    Instant now = now();
    Generation current = identities.current();
    boolean due = identities.isRenewalDue(now) && !isRenewalPutOff(now);
    if (current != null && due && !stopping && !enroller.isBusy()) {
      renew(current);
    }
  }

  /**
   * Now and then, of a server that may have an opinion: it may know that a key is worth nothing.
   */
  private void askWhenToRenew() {
    Generation current = identities.current();
    if (current == null || !isOnline() || stopping || enroller.isBusy() || !isQuestionDue()) {
      return;
    }
    nextQuestion = now().plus(QUESTION_AGAIN);
    enroller.askWhenToRenew(current.credential(), advice -> {
      if (advice != null) {
        nextQuestion = now().plus(advice.askAgain());
        identities.advise(current, advice);
        renewIfDue();
      }
      if (link == null && nextStep == null) {
        proceed(); // It may have found the enroller busy.
      }
    });
  }

  private boolean isQuestionDue() {
    Instant now = now();
    if (nextQuestion == null || nextQuestion.isAfter(now.plus(QUESTION_AGAIN))) {
      // The first after a start, of a fleet that was started at once; or the clock has jumped back.
      nextQuestion =
          now.plusMillis((long) (FIRST_QUESTION.toMillis() * settings.random().nextDouble()));
    }
    return !now.isBefore(nextQuestion);
  }

  private void putOffRenewal(Duration wait) {
    renewalPutOffAt = now();
    noRenewalBefore = renewalPutOffAt.plus(wait);
  }

  /** By a clock that was ahead then, and is right now, it would be for too long. */
  private boolean isRenewalPutOff(Instant now) {
    boolean isSetBack = now.isBefore(renewalPutOffAt.minus(CLOCK_STEP));
    return !isSetBack && now.isBefore(noRenewalBefore);
  }

  private void renew(Generation current) {
    if (isOnline()) {
      status.enter(DeviceState.RENEWING, "asking for the next certificate");
    }
    enroller.reenroll(current.credential(), identities::pendingKey, new Enroller.Outcome() {
      @Override
      public void issued(PendingKey key, IssuedCertificate certificate) {
        // Should the disk be full, the next attempt is not at once.
        putOffRenewal(waits.nextCandidate(left(current)));
        identities.renewed(key, certificate);
        waits.renewed();
        LOG.info(
            "Certificate renewed boot={} device={} generation={}",
            boot,
            certificate.subject().device(),
            key.number());
        enrollments.incrementAndGet();
        if (link == null) {
          // What it waits for may be the end of a refusal, which was of the other identity.
          proceedAfter(waits.nextReconnect());
        } else {
          switchIdentity();
        }
      }

      @Override
      public void failed(EnrollmentException problem) {
        status.problem(problem);
        Duration wait = waits.afterRenewalProblem(problem, left(current));
        putOffRenewal(wait);
        if (problem instanceof EnrollmentRefusedException refused) {
          identities.judged(refused);
        }
        if (link == null && identities.choose(now()) == null) {
          // With what is left: the IDevID, or a new claim token.
          proceedAfter(waits.nextReconnect());
        }
        if (isOnline()) {
          status.enter(
              DeviceState.ONLINE,
              "connected; renewal failed: " + problem.getMessage() + "; " + Waits.shown(wait));
        }
        giveUpKeyIfRefused(problem);
      }
    });
  }

  /** To be called last, for it writes to a disk that may be full. */
  private void giveUpKeyIfRefused(EnrollmentException problem) {
    if (problem instanceof EnrollmentRefusedException refused && refused.isRequestRefused()) {
      identities.requestRefused();
    }
  }

  private Duration left(Generation identity) {
    return Duration.between(now(), identity.credential().notAfter());
  }

  /** Closes the connection, once nothing is in flight, for another with the new identity. */
  private void switchIdentity() {
    Link old = link;
    if (stopping || !identities.hasCandidate() || old == null || !old.online) {
      return; // The next attempt takes it anyhow.
    }
    identities.retryCandidate();
    switching = true;
    if (queue.inFlight() == 0) {
      old.close();
    } else {
      owner.after(timing.drain(), () -> {
        if (link == old) {
          old.close();
        }
      });
    }
  }

  /**
   * Ends everything: waits a little for acknowledgements, then gives up what is left.
   *
   * @return whether all was over within {@code limit}
   */
  public boolean stop(Duration limit) throws InterruptedException {
    owner.execute(this::beginStop);
    return stopped.await(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void beginStop() {
    if (stopping) {
      return;
    }
    stopping = true;
    switching = false;
    queue.close();
    enroller.abort();
    if (nextStep != null) {
      nextStep.cancel();
    }
    if (link == null) {
      finishStop();
    } else if (!link.online || queue.isEmpty()) {
      link.close();
    } else {
      pump();
      owner.after(timing.drain(), () -> {
        if (link != null) {
          link.close();
        }
      });
    }
  }

  private void stopIfSettled() {
    if (queue.isEmpty() && link != null) {
      link.close();
    }
  }

  private void finishStop() {
    queue.abandon("the device was closed before the broker acknowledged the message");
    dialogues.forEach(Dialogue::end);
    identities.close();
    status.enter(DeviceState.STOPPED, "closed");
    letGoOfKeys();
    owner.close();
    stopped.countDown();
  }

  /** On the thread that alone calls the places of keys: none of their methods is under way. */
  private void letGoOfKeys() {
    try {
      settings.close();
    } catch (RuntimeException e) {
      LOG.warn("Keys not let go boot={} reason={}", boot, e.getMessage());
    }
  }

  /**
   * A disk that is full or gone, a key that is out of reach, or a defect of ours: the device goes
   * on as well as it can.
   */
  private void onFault(RuntimeException fault) {
    if (fault instanceof KeyUnavailableException) {
      LOG.warn("Key unavailable, device goes on boot={} reason={}", boot, fault.getMessage());
    } else {
      LOG.error("Device failed, goes on boot={} reason={}", boot, fault.getMessage(), fault);
    }
    if (stopping) {
      closeLink();
      finishStop();
    } else if (link == null && nextStep == null) {
      tryAgain(fault);
    }
  }

  private void closeLink() {
    Link last = link;
    link = null;
    try {
      if (last != null) {
        last.close();
      }
    } catch (RuntimeException e) {
      LOG.warn("Link not closed boot={} reason={}", boot, e.getMessage());
    }
  }

  private boolean isOnline() {
    return link != null && link.online;
  }

  private void rememberSubject() {
    Generation current = identities.current();
    if (current != null) {
      subject = Optional.of(current.subject());
      certificateEnd = Optional.of(current.credential().notAfter());
    }
  }

  private Instant now() {
    return settings.clock().instant();
  }
}
