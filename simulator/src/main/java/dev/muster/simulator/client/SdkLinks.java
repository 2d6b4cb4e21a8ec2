/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static java.util.Objects.requireNonNull;

import dev.muster.device.CommandResult;
import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceState;
import dev.muster.device.DeviceStatistics;
import dev.muster.device.EnrollmentException;
import dev.muster.device.FleetDevice;
import dev.muster.device.PublishReceipt;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.simulator.payload.ContentChecksum;
import dev.muster.simulator.payload.Reading;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Links over the device SDK, some hundred in a process: each has a journal on the disk and threads
 * of its own, and a proxy of its own before the broker, if something is done to its network.
 */
public final class SdkLinks implements DeviceLink.Factory {
  private static final Logger LOG = LoggerFactory.getLogger(SdkLinks.class);

  /** How long the SDK waits before it tries again is no part of why it failed. */
  private static final Pattern NEXT_ATTEMPT = Pattern.compile("; next attempt in \\d+ s$");

  private static final String POWER_CUT = "the power was cut";

  /** Each waits for a disk, and until what was there before has ended. */
  private static final int POWER_CUTS_AT_ONCE = 16;

  private static final long CLOSE_LIMIT_SECONDS = 5;

  private final Endpoints endpoints;
  private final URI enrollment;
  private final IdentitySource identities;
  private final Clock clock;
  private final ExecutorService powerCuts = Executors.newFixedThreadPool(
      POWER_CUTS_AT_ONCE, new DefaultThreadFactory("simulator-power", true));

  /** Of the proxies; null if there are none. */
  private final @Nullable EventLoopGroup proxies;

  /**
   * @param endpoints with an EST server
   * @param faultyNetwork whether something is done to the network between devices and broker, which
   *     is on this machine then
   */
  public SdkLinks(
      Endpoints endpoints, IdentitySource identities, Clock clock, boolean faultyNetwork) {
    this.proxies = faultyNetwork
        ? new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(),
            new DefaultThreadFactory("simulator-proxy", true),
            NioIoHandler.newFactory())
        : null;
    this.endpoints = endpoints;
    this.enrollment = requireNonNull(endpoints.enrollment(), "enrollment");
    this.identities = identities;
    this.clock = clock;
  }

  @Override
  public DeviceLink open(String serial, DeviceLink.Listener listener) {
    return new SdkLink(serial, listener);
  }

  /** Waits for those whose power was cut: their disks are to be whole. */
  @Override
  public void close() {
    powerCuts.shutdown();
    try {
      powerCuts.awaitTermination(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (proxies != null) {
      proxies.shutdownGracefully(0, CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS);
    }
  }

  private long seedOf(String serial) {
    return endpoints.seed() + serial.hashCode();
  }

  private @Nullable FaultProxy proxyOf(String serial) {
    if (proxies == null) {
      return null;
    }
    URI broker = endpoints.broker();
    return new FaultProxy(
        new InetSocketAddress(broker.getHost(), broker.getPort()),
        proxies.next(),
        // Not what the device's waits are of.
        new SplittableRandom(seedOf(serial)).split());
  }

  /** One start of a device after the other, each with what the disk held at the end of the last. */
  private final class SdkLink implements NetworkedLink {
    private final String serial;
    private final DeviceLink.Listener listener;
    private final @Nullable FaultProxy proxy;
    /** Where the device finds its broker. */
    private final URI broker;
    /** Two starts do not speak at once. */
    private final Object speaking = new Object();

    /** What is in the journal, or was, and nobody waits for any more. */
    private final Set<MessageIdentity> journaled = ConcurrentHashMap.newKeySet();
    /** Messages that are gone, in all starts but the last. */
    private long lost;

    private boolean started;
    private boolean closed;
    /** Null while there is no power. */
    private volatile @Nullable Life life;

    private volatile @Nullable DeviceId known;

    SdkLink(String serial, DeviceLink.Listener listener) {
      this.serial = serial;
      this.listener = listener;
      proxy = proxyOf(serial);
      broker = proxy == null
          ? endpoints.broker()
          : URI.create("mqtts://" + endpoints.broker().getHost() + ":" + proxy.port());
      life = new Life();
    }

    @Override
    public void cut() {
      if (proxy != null) {
        proxy.cut();
      }
    }

    @Override
    public void abandon(@Nullable Duration timeout) {
      if (proxy != null) {
        proxy.abandon(timeout);
      }
    }

    @Override
    public void network(NetworkConditions conditions) {
      if (proxy != null) {
        proxy.change(conditions);
      }
    }

    private Path disk() {
      return endpoints.stateDirectory().resolve(serial);
    }

    @Override
    public synchronized void start() {
      Life current = life;
      if (current != null) {
        started = true;
        current.sdk.start();
      }
    }

    @Override
    public Optional<DeviceId> device() {
      Life current = life;
      if (current != null) {
        current.sdk.subject().map(DeviceSubject::device).ifPresent(id -> known = id);
      }
      return Optional.ofNullable(known);
    }

    @Override
    public Receipt send(Reading reading) {
      Life current = life;
      if (current == null) {
        throw new IllegalStateException(POWER_CUT);
      }
      PublishReceipt receipt = current.sdk.telemetry(reading.stream()).send(reading.measurements());
      current.awaited.add(receipt);
      return new Receipt(
          receipt.identity(),
          ContentChecksum.of(reading.stream(), SenmlJson.write(reading.measurements())),
          receipt
              .acknowledged()
              .whenComplete((nothing, failure) -> current.answered(receipt))
              .exceptionally(current::explain));
    }

    @Override
    public void cutPower() {
      try {
        powerCuts.execute(this::restart);
      } catch (RejectedExecutionException e) {
        // The run is over.
      }
    }

    private void restart() {
      Life last;
      synchronized (this) {
        last = life;
        if (closed || !started || last == null) {
          return;
        }
        life = null;
      }
      last.end();
      synchronized (this) {
        lost += last.sdk.statistics().lost();
      }
      try (DiskImage image = DiskImage.of(disk())) {
        last.sdk.close();
        image.putBack();
        synchronized (this) {
          if (!closed) {
            Life next = new Life();
            next.sdk.start();
            life = next;
          }
        }
      } catch (IOException | RuntimeException e) {
        last.sdk.close();
        LOG.warn("Device not started again serial={} reason={}", serial, e.toString());
        String reason = "not started again after a power cut: " + e;
        listener.waiting(reason);
        listener.brokeDown(reason);
      }
    }

    @Override
    public void close() {
      Life last;
      synchronized (this) {
        closed = true;
        last = life;
      }
      if (last != null) {
        tellDelivered(last.sdk.statistics());
        last.sdk.close();
      }
      if (proxy != null) {
        proxy.close();
      }
    }

    /**
     * Of what was in the journal nothing is left, and nothing was given up: all was acknowledged.
     */
    private synchronized void tellDelivered(DeviceStatistics statistics) {
      if (statistics.connections() > 0
          && statistics.waiting() == 0
          && statistics.lost() + lost == 0) {
        synchronized (speaking) {
          journaled.forEach(listener::delivered);
        }
      }
    }

    /** From one start of the device to its end. */
    private final class Life implements DeviceListener {
      final FleetDevice sdk;
      final Set<PublishReceipt> awaited = ConcurrentHashMap.newKeySet();
      private volatile boolean over;

      Life() {
        FactoryIdentity identity = identities.identityOf(serial);
        sdk = FleetDevice.builder()
            .enrollment(enrollment)
            .broker(broker)
            .trust(endpoints.trust())
            .factoryIdentity(identity.key(), identity.chain())
            .stateDirectory(disk())
            .clock(clock)
            .random(new SplittableRandom(seedOf(serial)))
            .listener(this)
            .build();
        // What it knows from its disk it was told before.
        AtomicLong told = new AtomicLong(sdk.twin().desiredVersion());
        sdk.twin().onDesired(desired -> {
          sdk.twin().report(desired);
          long version = sdk.twin().desiredVersion();
          long changes = version - told.getAndSet(version);
          if (changes != 0) {
            tell(hearing -> hearing.adapted(changes));
          }
        });
        sdk.onCommand(DeviceLink.COMMAND, (command, context) -> {
          tell(DeviceLink.Listener::answered);
          return CommandResult.done();
        });
      }

      private void tell(Consumer<DeviceLink.Listener> what) {
        synchronized (speaking) {
          if (!over) {
            what.accept(listener);
          }
        }
      }

      /** Nothing that it still says is heard. */
      void end() {
        tell(hearing -> hearing.waiting(POWER_CUT));
        over = true;
        // Before anybody looks at the disk.
        awaited.forEach(this::noteIfStored);
      }

      void answered(PublishReceipt receipt) {
        if (!over) {
          noteIfStored(receipt);
        }
        awaited.remove(receipt);
      }

      private void noteIfStored(PublishReceipt receipt) {
        PublishReceipt.Status status = receipt.status();
        boolean told = receipt.stored().isDone() && !receipt.stored().isCompletedExceptionally();
        if (status == PublishReceipt.Status.STORED
            || status == PublishReceipt.Status.SENT && told) {
          journaled.add(receipt.identity());
        }
      }

      /** What the SDK says when it is closed is not what has happened. */
      private Void explain(Throwable failure) {
        throw new CompletionException(over ? new IOException(POWER_CUT, failure) : failure);
      }

      @Override
      public void onState(DeviceState state, String reason) {
        switch (state) {
          case ENROLLED -> tell(DeviceLink.Listener::enrolled);
          case ONLINE -> tell(DeviceLink.Listener::online);
          case OFFLINE ->
            tell(hearing -> hearing.waiting(NEXT_ATTEMPT.matcher(reason).replaceFirst("")));
          case NEW, BOOTSTRAPPING, CONNECTING, RENEWING, STOPPED -> {
            // On its way, or told by onEnrollmentProblem.
          }
        }
      }

      @Override
      public void onEnrollmentProblem(EnrollmentException problem) {
        String message = problem.getMessage();
        String reason = message == null ? problem.getClass().getSimpleName() : message;
        tell(hearing -> hearing.waiting(reason));
      }
    }
  }
}
