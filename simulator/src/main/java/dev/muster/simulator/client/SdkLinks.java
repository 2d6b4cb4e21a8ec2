/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static java.util.Objects.requireNonNull;

import dev.muster.device.CommandResult;
import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceState;
import dev.muster.device.EnrollmentException;
import dev.muster.device.FleetDevice;
import dev.muster.device.PublishReceipt;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.simulator.payload.Reading;
import java.net.URI;
import java.time.Clock;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;

/**
 * Links over the device SDK, some hundred in a process: each has a journal on the disk and threads
 * of its own.
 */
public final class SdkLinks implements DeviceLink.Factory {
  /** How long the SDK waits before it tries again is no part of why it failed. */
  private static final Pattern NEXT_ATTEMPT = Pattern.compile("; next attempt in \\d+ s$");

  private final Endpoints endpoints;
  private final URI enrollment;
  private final IdentitySource identities;
  private final Clock clock;

  /** @param endpoints with an EST server */
  public SdkLinks(Endpoints endpoints, IdentitySource identities, Clock clock) {
    this.endpoints = endpoints;
    this.enrollment = requireNonNull(endpoints.enrollment(), "enrollment");
    this.identities = identities;
    this.clock = clock;
  }

  @Override
  public DeviceLink open(String serial, DeviceLink.Listener listener) {
    FactoryIdentity identity = identities.identityOf(serial);
    FleetDevice device = FleetDevice.builder()
        .enrollment(enrollment)
        .broker(endpoints.broker())
        .trust(endpoints.trust())
        .factoryIdentity(identity.key(), identity.chain())
        .stateDirectory(endpoints.stateDirectory().resolve(serial))
        .clock(clock)
        .random(new SplittableRandom(endpoints.seed() + serial.hashCode()))
        .listener(new Translator(listener))
        .build();
    // What it knows from its disk it was told before.
    AtomicLong told = new AtomicLong(device.twin().desiredVersion());
    device.twin().onDesired(desired -> {
      device.twin().report(desired);
      long version = device.twin().desiredVersion();
      if (told.getAndSet(version) != version) {
        listener.answered();
      }
    });
    device.onCommand(DeviceLink.COMMAND, (command, context) -> {
      listener.answered();
      return CommandResult.done();
    });
    return new SdkLink(device);
  }

  private record SdkLink(FleetDevice sdk) implements DeviceLink {
    @Override
    public void start() {
      sdk.start();
    }

    @Override
    public Optional<DeviceId> device() {
      return sdk.subject().map(DeviceSubject::device);
    }

    @Override
    public Receipt send(Reading reading) {
      PublishReceipt receipt = sdk.telemetry(reading.stream()).send(reading.measurements());
      return new Receipt(receipt.identity(), receipt.acknowledged());
    }

    @Override
    public void close() {
      sdk.close();
    }
  }

  private record Translator(DeviceLink.Listener target) implements DeviceListener {
    @Override
    public void onState(DeviceState state, String reason) {
      switch (state) {
        case ENROLLED -> target.enrolled();
        case ONLINE -> target.online();
        case OFFLINE -> target.waiting(NEXT_ATTEMPT.matcher(reason).replaceFirst(""));
        case NEW, BOOTSTRAPPING, CONNECTING, RENEWING, STOPPED -> {
          // On its way, or told by onEnrollmentProblem.
        }
      }
    }

    @Override
    public void onEnrollmentProblem(EnrollmentException problem) {
      String message = problem.getMessage();
      target.waiting(message == null ? problem.getClass().getSimpleName() : message);
    }
  }
}
