/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How far a run is.
 *
 * @param devices how many there are to be
 * @param enrolled devices that hold an operational certificate
 * @param connected devices that were online at least once
 * @param sent messages handed to the SDK
 * @param acknowledged messages that the broker acknowledged
 * @param failed messages that the broker refused, or that the SDK could not take
 * @param elapsed since the run began
 * @param online devices that are connected now
 * @param part the number of the scenario's phase that goes on, from 1
 * @param partName its name
 * @param last what happened in the last whole second; null in the first
 * @param planned what {@code elapsed} will be when the last message is sent
 */
public record Progress(
    Phase phase,
    int devices,
    int enrolled,
    int connected,
    long sent,
    long acknowledged,
    long failed,
    int online,
    int part,
    String partName,
    @Nullable Sample last,
    Duration elapsed,
    Duration planned) {

  /** What a run is doing. */
  public enum Phase {
    /** Devices start and send. */
    RUNNING,
    /** Nothing new is sent; acknowledgements are waited for. */
    DRAINING,
    /** The devices are being closed. */
    CLOSING,
    /** Everything has ended. */
    ENDED
  }
}
