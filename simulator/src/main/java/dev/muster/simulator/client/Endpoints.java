/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where devices go, and what they know of it.
 *
 * @param enrollment the EST server; null: there is none, devices connect as what they came with
 * @param broker {@code mqtts://host:port}, or {@code coaps://host:port} for devices of the SDK
 * @param mqtt what light devices speak there
 * @param trust the root certificate to trust, PEM
 * @param stateDirectory where each device keeps its state
 * @param seed of whatever a device does at random
 */
public record Endpoints(
    @Nullable URI enrollment,
    URI broker,
    MqttRelease mqtt,
    Path trust,
    Path stateDirectory,
    long seed) {}
