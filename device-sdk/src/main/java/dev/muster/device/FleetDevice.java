/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.clock.TimeNote;
import dev.muster.device.internal.command.Commands;
import dev.muster.device.internal.connection.DeviceLoop;
import dev.muster.device.internal.connection.DeviceSettings;
import dev.muster.device.internal.connection.DeviceTiming;
import dev.muster.device.internal.connection.Status;
import dev.muster.device.internal.est.EstChannels;
import dev.muster.device.internal.identity.Claim;
import dev.muster.device.internal.identity.FactoryIdentity;
import dev.muster.device.internal.identity.IdentityStore;
import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.log.LogRing;
import dev.muster.device.internal.mqtt.MqttTransport;
import dev.muster.device.internal.mqtt.Transports;
import dev.muster.device.internal.outbound.Message;
import dev.muster.device.internal.outbound.OutboundQueue;
import dev.muster.device.internal.outbound.QueueLimits;
import dev.muster.device.internal.twin.DeviceTwin;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.device.key.KeyVault;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.protocol.topic.FleetTopics;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A device of a fleet: enrolls with its factory identity or a claim token, keeps and renews its
 * certificate, stays connected, and sends what is published until the broker has it.
 *
 * <p>Thread-safe. No method waits but {@link Builder#build}, {@link #start} and {@link #close}. Has
 * one thread of its own, which speaks MQTT as well; and up to two more while it calls you, does a
 * command, makes a connection, or talks to the enrollment server. A command may take as long as it
 * likes; a call of yours should return soon. One that holds its thread while a command holds the
 * other is interrupted when the device has waited for 30 s to connect or to renew, and again every
 * 30 s. To a broker over CoAP there are two more threads while connected, and to an enrollment
 * server over CoAP two more while it is asked. All are daemons. Shares nothing with other
 * instances, of which a JVM may hold thousands.
 */
public final class FleetDevice implements AutoCloseable {
  private static final Duration CLOSE_LIMIT = Duration.ofMillis(4_500);

  /** As many as the backend has open for a device. */
  private static final int MAX_COMMANDS = 100;

  /** Of 32 that an identity may have: something is appended for what is not telemetry. */
  private static final int BOOT_ID_LENGTH = 24;

  private final DeviceSettings settings;
  private final String bootId;
  private final OutboundQueue queue;
  private final Status status;
  private final DeviceTwin twin;
  private final Commands commands;
  private final LogRing log;
  private final OnDemandThreads threads;
  private final Object lifecycle = new Object();
  private volatile @Nullable DeviceLoop loop; // Set once, under the lock.
  private boolean closed;

  private FleetDevice(Builder builder, DeviceSettings settings) {
    this.settings = settings;
    // Not from the injected randomness: two starts with one seed would look like redeliveries.
    this.bootId = UUID.randomUUID().toString().replace("-", "").substring(0, BOOT_ID_LENGTH);
    this.log = new LogRing(settings.clock());
    this.threads = new OnDemandThreads("muster-worker", log, MAX_COMMANDS);
    Executor given = builder.callbacks;
    Executor callbacks = given == null ? threads.calls() : task -> given.execute(log.bound(task));
    this.queue = new OutboundQueue(bootId, builder.limits(), settings.clock(), callbacks);
    this.status = new Status(bootId, builder.listener, callbacks, settings.clock());
    this.twin = new DeviceTwin(callbacks);
    this.commands = new Commands(settings.clock(), threads.commands(), callbacks, this::progress);
  }

  private void progress(String command, String text) {
    event("command-progress", Map.of("id", command, "text", text));
  }

  public static Builder builder() {
    return new Builder();
  }

  /**
   * Makes the state directory, if need be, and starts the device: waits for the disk, and for no
   * network. Network and servers may come later: the device tries until it is closed.
   *
   * @throws IllegalStateException if it was started or closed before, or if another device uses its
   *     state directory
   * @throws UncheckedIOException if the state directory cannot be written
   */
  public void start() {
    log.bound(this::begin).run();
  }

  private void begin() {
    synchronized (lifecycle) {
      if (loop != null || closed) {
        throw new IllegalStateException(
            "the device was " + (closed ? "closed" : "started") + " before");
      }
      IdentityStore store =
          IdentityStore.open(settings.stateDirectory(), settings.trust(), settings.keys());
      try {
        DeviceLoop started = new DeviceLoop(
            settings, store, bootId, queue, List.of(commands, twin), status, log, threads);
        started.start();
        loop = started;
      } catch (RuntimeException | Error e) {
        store.close(); // The machine has no thread or file left: whoever tries again needs it.
        throw e;
      }
    }
  }

  /**
   * A stream of telemetry. May be used before the device is started or connected.
   *
   * @param stream 1 to 64 of {@code [A-Za-z0-9._-]}, starting with a letter or digit
   * @throws IllegalArgumentException if the name is not usable
   */
  public Telemetry telemetry(String stream) {
    return telemetry(stream, MessageClass.TELEMETRY);
  }

  /** As {@link #telemetry(String)}, but kept and sent as messages of another class. */
  public Telemetry telemetry(String stream, MessageClass messageClass) {
    return new Telemetry(
        FleetTopics.checkName("stream", stream),
        requireNonNull(messageClass, "messageClass"),
        queue,
        settings.clock());
  }

  /**
   * Sends values that must not be lost nor wait: flushed to disk at once, sent before all else, and
   * kept by the backend like telemetry, as the stream {@code name}.
   *
   * @throws IllegalArgumentException if the name or a value cannot be sent
   */
  public PublishReceipt alarm(String name, Map<String, ?> values) {
    return telemetry(name, MessageClass.ALARM).send(values);
  }

  /**
   * Tells whoever listens at the backend that something has happened. It is kept on the device
   * until the broker has it; the backend hands it on, and keeps no record of it.
   *
   * @throws IllegalArgumentException if the name or a value cannot be sent
   */
  public PublishReceipt event(String name, Map<String, ?> values) {
    return queue.submit(
        MessageClass.TELEMETRY,
        Message.Kind.EVENT,
        name,
        SenmlJson.write(Measurements.of(values, settings.clock().instant())));
  }

  /**
   * Has commands of one name done. Registered before {@link #start}, no command is refused for want
   * of its handler.
   *
   * @param name as operators write it
   */
  public void onCommand(String name, CommandHandler handler) {
    commands.handle(requireNonNull(name, "name"), requireNonNull(handler, "handler"));
  }

  /** What the device should be like, and where it says what it is like. */
  public Twin twin() {
    return twin;
  }

  /** The newest lines that the SDK has logged for this device. */
  public DeviceLog log() {
    return new DeviceLog(log);
  }

  public DeviceState state() {
    return status.state();
  }

  /** Why the device is in its state: one line for people. */
  public String reason() {
    return status.reason();
  }

  /** Who the device is; empty until the registrar has told it. */
  public Optional<DeviceSubject> subject() {
    DeviceLoop started = loop;
    return started == null ? Optional.empty() : started.subject();
  }

  /** Names this start of the device in every message's identity. */
  public String bootId() {
    return bootId;
  }

  /** A snapshot of how the device is: for a display, a watchdog or a metric. */
  public DeviceHealth health() {
    DeviceLoop started = loop;
    Status.Now now = status.now();
    return new DeviceHealth(
        now.state(),
        now.reason(),
        now.since(),
        started == null ? Optional.empty() : started.certificateEnd(),
        Optional.ofNullable(queue.storageProblem()),
        Optional.ofNullable(threads.problem()),
        settings.clock().isEstimated(),
        settings.clock().behind(),
        statistics());
  }

  /** A snapshot of the counts and times. */
  public DeviceStatistics statistics() {
    DeviceLoop started = loop;
    OutboundQueue.Counts counts = queue.counts();
    return new DeviceStatistics(
        counts.messages() + counts.backlog(),
        counts.bytes(),
        counts.oldestMs() == Long.MAX_VALUE
            ? Duration.ZERO
            : Duration.ofMillis(Math.max(0, settings.clock().millis() - counts.oldestMs())),
        counts.acknowledged(),
        counts.refused(),
        counts.overflowed(),
        counts.stored(),
        counts.lost(),
        counts.journalBytes(),
        started == null ? 0 : started.connections(),
        started == null ? 0 : started.enrollments(),
        started == null ? Duration.ZERO : started.lastConnect(),
        started == null ? Duration.ZERO : started.lastKeyOperation(),
        started == null ? Map.of() : started.connectionEnds());
  }

  /**
   * Stops the device for good. Waits up to a second for acknowledgements under way. What is left of
   * alarms, telemetry and events is on disk then, for the next start, unless it was never started
   * or the disk fails; its futures fail with {@link DeviceClosedException}. Blocks for at most 5 s,
   * also on a thread that was interrupted before. Idempotent.
   */
  @Override
  public void close() {
    log.bound(this::end).run();
  }

  private void end() {
    DeviceLoop started;
    synchronized (lifecycle) {
      closed = true;
      started = loop;
    }
    commands.stop();
    threads.commands().stop(); // Interrupts this thread, if it is a handler that closes the device.
    boolean interrupted = Thread.interrupted(); // Files and chips would not answer it.
    try {
      if (started == null) {
        closeUnstarted();
      } else {
        started.stop(CLOSE_LIMIT);
      }
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void closeUnstarted() {
    queue.abandon("the device was closed before it was started");
    status.enter(DeviceState.STOPPED, "closed");
    settings.close();
  }

  /** What a device needs to know. */
  public static final class Builder {
    private static final int DEFAULT_QUEUED_MESSAGES = 10_000;
    private static final long DEFAULT_QUEUED_BYTES = 8L * 1024 * 1024;
    private static final long DEFAULT_JOURNAL_BYTES = 64L * 1024 * 1024;
    private static final long LEAST_JOURNAL_BYTES = 64L * 1024;

    private @Nullable URI enrollment;
    private @Nullable URI broker;
    private @Nullable Path trust;
    private @Nullable Path factoryKey;
    private @Nullable URI factoryKeyUri;
    private @Nullable Path factoryChain;
    private @Nullable Claim claim;
    private URI keys = KeyPlaces.FILES;
    private @Nullable Path stateDirectory;
    private Clock clock = Clock.systemUTC();
    private RandomGenerator random = new SecureRandom();
    private DeviceListener listener = new DeviceListener() {};
    private DeviceTiming timing = DeviceTiming.STANDARD;
    private MqttClient mqttClient = MqttClient.BUILT_IN;
    private @Nullable MqttTransport transport;
    private @Nullable Executor callbacks;
    private int maxQueuedMessages = DEFAULT_QUEUED_MESSAGES;
    private long maxQueuedBytes = DEFAULT_QUEUED_BYTES;
    private long journalBytes = DEFAULT_JOURNAL_BYTES;
    private final Map<MessageClass, DropPolicy> policies = new EnumMap<>(MessageClass.class);

    private Builder() {}

    /**
     * Where to enroll: {@code https://host:port}, or with a path {@code /.well-known/est/<label>}.
     * Or {@code coaps://host:port}, with the library muster-device-sdk-coap; the port is 5684 if
     * absent.
     */
    public Builder enrollment(URI uri) {
      EstChannels.check(requireNonNull(uri, "enrollment"));
      enrollment = uri;
      return this;
    }

    /**
     * Where to connect: {@code mqtts://host:port}; the port is 8883 if absent. Or
     * {@code coaps://host:port}, with the library muster-device-sdk-coap; the port is 5684 if
     * absent.
     */
    public Builder broker(URI uri) {
      Transports.to(requireNonNull(uri, "broker"), mqttClient);
      broker = uri;
      return this;
    }

    /** Who speaks MQTT with the broker; by default the SDK itself. */
    public Builder mqttClient(MqttClient client) {
      mqttClient = requireNonNull(client, "client");
      return this;
    }

    /** The only roots by which servers are trusted: PEM. */
    public Builder trust(Path rootPem) {
      trust = requireNonNull(rootPem, "rootPem");
      return this;
    }

    /** The IDevID: an unencrypted PKCS#8 PEM key, and its certificate with those above it. */
    public Builder factoryIdentity(Path keyPem, Path chainPem) {
      factoryKey = requireNonNull(keyPem, "keyPem");
      factoryKeyUri = null;
      factoryChain = requireNonNull(chainPem, "chainPem");
      return this;
    }

    /**
     * The IDevID, its key in hardware: {@code tpm:/dev/tpmrm0?handle=0x81020000}, or
     * {@code pkcs11:token=...;object=...}, with the library muster-hardware; {@code file:/...} is a
     * PEM file.
     */
    public Builder factoryIdentity(URI key, Path chainPem) {
      if ("file".equalsIgnoreCase(key.getScheme())) {
        return factoryIdentity(
            key.isOpaque() ? Path.of(key.getSchemeSpecificPart()) : Path.of(key), chainPem);
      }
      factoryKeyUri = key;
      factoryKey = null;
      factoryChain = requireNonNull(chainPem, "chainPem");
      return this;
    }

    /**
     * A claim token, which an operator has made for this device (RFC 7030, 3.2.3): in place of an
     * IDevID, or besides one. It is told to the enrollment server alone, once that has been
     * authenticated, and forgotten when the device has its certificate. Over {@code https} only.
     *
     * @throws IllegalArgumentException if it cannot be one
     */
    public Builder claimToken(String token) {
      claim = Claim.of(requireNonNull(token, "token"));
      return this;
    }

    /**
     * As {@link #claimToken(String)}, of a file with nothing else in it. It is read for each
     * enrollment, so that another token can be put there while the device runs; and it may be
     * removed once the device has its certificate.
     */
    public Builder claimToken(Path file) {
      claim = Claim.in(requireNonNull(file, "file"));
      return this;
    }

    /**
     * Where the keys of enrollment and renewal are made and stay: {@code tpm:/dev/tpmrm0}, or
     * {@code pkcs11:token=...}, with the library muster-hardware; by default {@code file:identity},
     * files in the state directory. A device that has its keys in files makes the next ones there.
     */
    public Builder keys(URI place) {
      keys = requireNonNull(place, "place");
      return this;
    }

    /**
     * Where keys, certificates and messages are kept; made if absent, used by this device alone.
     */
    public Builder stateDirectory(Path directory) {
      stateDirectory = requireNonNull(directory, "directory");
      return this;
    }

    /**
     * The machine's clock; by default the system's. While it tells a time that cannot be, as on a
     * machine without a battery, the SDK goes by what it knows, and learns the time.
     */
    public Builder clock(Clock newClock) {
      clock = requireNonNull(newClock, "clock");
      return this;
    }

    /** Spreads retries and renewals; never makes keys. Used by one thread. */
    public Builder random(RandomGenerator newRandom) {
      random = requireNonNull(newRandom, "random");
      return this;
    }

    public Builder listener(DeviceListener newListener) {
      listener = requireNonNull(newListener, "listener");
      return this;
    }

    /**
     * How much of each class may wait in memory; by default 10,000 messages and 8 MiB of payload.
     * Of messages on disk as many receipts are followed.
     */
    public Builder queueLimit(int messages, long bytes) {
      if (messages < 1 || bytes < 1) {
        throw new IllegalArgumentException(
            "queue limit: " + messages + ", " + bytes + " (expected: at least 1 of each)");
      }
      maxQueuedMessages = messages;
      maxQueuedBytes = bytes;
      return this;
    }

    /** How much may wait on disk; by default 64 MiB, a quarter of it for alarms. */
    public Builder journalLimit(long bytes) {
      if (bytes < LEAST_JOURNAL_BYTES) {
        throw new IllegalArgumentException(
            "journal limit: " + bytes + " (expected: at least " + LEAST_JOURNAL_BYTES + ")");
      }
      journalBytes = bytes;
      return this;
    }

    /** What goes when there is no room; by default the oldest, of alarms the newest. */
    public Builder dropPolicy(MessageClass messageClass, DropPolicy policy) {
      policies.put(requireNonNull(messageClass, "messageClass"), requireNonNull(policy, "policy"));
      return this;
    }

    private QueueLimits limits() {
      return new QueueLimits(maxQueuedMessages, maxQueuedBytes, journalBytes, policies);
    }

    /**
     * Where futures complete and the listener is called, in place of a thread of this device: for
     * programs that hold many devices. Must run the tasks of one device in order.
     */
    public Builder callbacks(Executor executor) {
      callbacks = requireNonNull(executor, "executor");
      return this;
    }

    /** For tests: other waits than those of the field. */
    Builder timing(DeviceTiming newTiming) {
      timing = newTiming;
      return this;
    }

    /** For tests: another way to the broker. */
    Builder transport(MqttTransport newTransport) {
      transport = newTransport;
      return this;
    }

    /**
     * Reads the files, and connects to no server yet. Hardware that holds a key is asked for it,
     * which may take seconds.
     *
     * @throws IllegalArgumentException naming what is missing, or the file that does not hold what
     *     it should
     * @throws KeyUnavailableException if the hardware that holds the IDevID's key does not answer
     */
    public FleetDevice build() {
      URI enrollTo = set("enrollment", enrollment);
      URI connectTo = set("broker", broker);
      checkClaim(enrollTo);
      MqttTransport way = transport != null ? transport : Transports.to(connectTo, mqttClient);
      Path state = set("stateDirectory", stateDirectory);
      TrustAnchors anchors = TrustAnchors.read(set("trust", trust));
      KeyVault vault = KeyPlaces.open(keys);
      FactoryIdentity factory = null;
      try {
        factory = factoryIdentity();
        DeviceSettings settings = new DeviceSettings(
            enrollTo,
            connectTo,
            anchors,
            factory,
            claim,
            vault,
            state,
            deviceClock(anchors, factory),
            random,
            way,
            timing);
        return new FleetDevice(this, settings);
      } catch (RuntimeException e) {
        throw letGo(vault, factory, e);
      }
    }

    private void checkClaim(URI enrollTo) {
      if (claim != null && !EstChannels.takeClaims(enrollTo)) {
        throw new IllegalArgumentException("claimToken: with enrollment " + enrollTo
            + " (expected: an address that begins with https)");
      }
    }

    private DeviceClock deviceClock(TrustAnchors anchors, @Nullable FactoryIdentity factory) {
      DeviceClock deviceClock = DeviceClock.of(clock, TimeNote.buildTime());
      deviceClock.raise(anchors.newestBeginning());
      if (factory != null) {
        deviceClock.raise(factory.credential().newestBeginning());
      }
      return deviceClock;
    }

    /** Nobody else will ever do it; should that fail as well, it is told with the failure. */
    private static RuntimeException letGo(
        KeyVault vault, @Nullable FactoryIdentity factory, RuntimeException failure) {
      try (vault;
          factory) {
        throw failure;
      }
    }

    private @Nullable FactoryIdentity factoryIdentity() {
      if (factoryChain == null && claim != null) {
        return null;
      }
      Path chainFile = set("factoryIdentity, or claimToken", factoryChain);
      return factoryKeyUri == null
          ? FactoryIdentity.read(set("factoryIdentity", factoryKey), chainFile)
          : FactoryIdentity.open(factoryKeyUri, chainFile);
    }

    private static <T> T set(String name, @Nullable T value) {
      if (value == null) {
        throw new IllegalArgumentException(name + ": not set");
      }
      return value;
    }
  }
}
