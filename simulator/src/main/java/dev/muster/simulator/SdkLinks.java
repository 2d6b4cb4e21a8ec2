/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceState;
import dev.muster.device.EnrollmentException;
import dev.muster.device.FleetDevice;
import dev.muster.device.PublishReceipt;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import java.time.Clock;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.regex.Pattern;

/** Links over the device SDK, to the servers of a plan. */
final class SdkLinks implements DeviceLink.Factory {
  /** How long the SDK waits before it tries again is no part of why it failed. */
  private static final Pattern NEXT_ATTEMPT = Pattern.compile("; next attempt in \\d+ s$");

  private final FleetPlan plan;
  private final IdentitySource identities;
  private final Clock clock;

  SdkLinks(FleetPlan plan, IdentitySource identities, Clock clock) {
    this.plan = plan;
    this.identities = identities;
    this.clock = clock;
  }

  @Override
  public DeviceLink open(String serial, DeviceLink.Listener listener) {
    FactoryIdentity identity = identities.identityOf(serial);
    FleetDevice device = FleetDevice.builder()
        .enrollment(plan.enrollment())
        .broker(plan.broker())
        .trust(plan.trust())
        .factoryIdentity(identity.key(), identity.chain())
        .stateDirectory(plan.stateDirectory().resolve(serial))
        .clock(clock)
        .random(new SplittableRandom(plan.seed() + serial.hashCode()))
        .listener(new Translator(listener))
        .build();
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
    public Receipt send(VirtualDevice.Reading reading) {
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
