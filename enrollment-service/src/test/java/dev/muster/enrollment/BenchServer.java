/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.est.EstLimits;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.BenchRegistry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.file.Pem;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * The enrollment service in a process of its own, to be measured. Arguments: a folder that holds
 * {@code factory.pem}; {@code durable} or {@code memory}; how many devices are in the registry
 * already. Says {@code ready PORT COAPS_PORT} and ends when its input does.
 */
public final class BenchServer {
  private BenchServer() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    boolean durable = arguments[1].equals("durable");
    int devices = Integer.parseInt(arguments[2]);
    Clock clock = Clock.systemUTC();
    Path ca = folder.resolve("ca");
    if (!Files.exists(ca)) {
      CertificateAuthorities.create(ca, clock);
    }
    CertificateAuthorities authorities = CertificateAuthorities.open(ca);
    Files.writeString(folder.resolve("root.pem"), Pem.of(List.of(authorities.root())));
    // Thousands of devices at one address, in seconds: nobody is to be slowed down on purpose.
    EstLimits limits = new EstLimits(20_000, 4096, 1000, Integer.MAX_VALUE, 1024);
    EnrollmentConfig config = RunningService.with(
        RunningService.with(
            RunningService.config(folder.resolve("db"), 0, 0),
            new EstConfig("127.0.0.1", 0, true, false, limits)),
        new CoapsConfig(
            "127.0.0.1",
            0,
            new CoapsConfig.Limits(20_000, 1_000, Integer.MAX_VALUE, Integer.MAX_VALUE)));
    Supplier<Registry> storage =
        durable ? () -> Registry.open(config.storage()) : BenchRegistry::inMemory;
    Supplier<Registry> filled = () -> {
      Registry registry = storage.get();
      fill(registry, folder, devices, authorities);
      return registry;
    };
    Vertx vertx = Vertx.vertx();
    try (EnrollmentService service = EnrollmentService.start(
        config,
        filled,
        authorities,
        authorities.issueServer(List.of("localhost"), clock),
        vertx,
        clock,
        new SimpleMeterRegistry())) {
      System.out.println(
          "ready " + service.estPort() + " " + service.coapsPort().getAsInt());
      while (System.in.read() >= 0) {
        // Until the parent closes it, or is gone.
      }
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private static void fill(
      Registry registry, Path folder, int devices, CertificateAuthorities authorities) {
    registry.commit(tables -> {
      try {
        var factory = Pem.certificates(Files.readString(folder.resolve("factory.pem")));
        tables
            .manufacturers()
            .save(new Manufacturer("acme", Admission.AUTO, null, factory), Instant.now());
        return true;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    BenchRegistry.fill(registry, devices, authorities.deviceCa());
  }
}
