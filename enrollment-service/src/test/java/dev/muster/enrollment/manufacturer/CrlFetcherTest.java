/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manufacturer;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CRLs over plain HTTP, from a server that is not always as it should be. */
class CrlFetcherTest {
  @TempDir
  Path folder;

  private final TestPki.Credential ca = TestPki.root("CN=Maker");
  private final Clock clock = Clock.systemUTC();
  private HttpServer http;
  private Registry registry;
  private TrustView trust;
  private CrlFetcher fetcher;
  private volatile byte[] answer = new byte[0];
  private volatile int status = 200;

  @BeforeEach
  void open() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/", exchange -> {
      exchange.sendResponseHeaders(status, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    http.start();
    registry = Registry.open(new StorageConfig(folder));
    URI url = URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/maker.crl");
    registry.commit(tables -> {
      tables
          .manufacturers()
          .save(
              new Manufacturer(
                  "maker",
                  ManufacturerPolicy.of(Admission.AUTO, null),
                  null,
                  List.of(new ManufacturerCa(ca.certificate(), clock.instant(), null, null, url))),
              clock.instant());
      return url;
    });
    trust = new TrustView(
        registry, new AdmissionConfig(new FleetName("default"), false, List.of()), clock);
    fetcher = new CrlFetcher(trust, new CrlStore(registry, trust, clock), clock, Runnable::run);
  }

  @AfterEach
  void close() {
    http.stop(0);
    registry.close();
  }

  private boolean fetched() {
    fetcher.fetch(trust.crlSources().get(0)).join();
    return !trust.crlSources().get(0).isWanting(Instant.now());
  }

  @Test
  void crl_ofTheCa_isKept_andAnotherCasIsNot() {
    answer = TestPki.crl(TestPki.root("CN=Maker"), 1, Duration.ofDays(1), Set.of());
    assertThat(fetched()).as("signed by another key").isFalse();
    answer = new byte[] {1, 2, 3};
    assertThat(fetched()).as("no CRL").isFalse();
    answer = TestPki.crl(ca, 1, Duration.ofDays(1), Set.of());
    status = 404;
    assertThat(fetched()).as("not found").isFalse();
    status = 200;
    assertThat(fetched()).isTrue();
  }

  @Test
  void problem_isToldUntilThereIsACrl() {
    assertThat(fetcher.problem()).as("not tried yet").isEmpty();
    status = 404;
    fetched();
    assertThat(fetcher.problem())
        .hasValueSatisfying(problem -> assertThat(problem)
            .startsWith("manufacturer maker: no CRL from http://127.0.0.1:")
            .endsWith("/maker.crl: status 404"));
    status = 200;
    answer = TestPki.crl(ca, 1, Duration.ofDays(1), Set.of());
    fetched();
    assertThat(fetcher.problem()).isEmpty();
    status = 404;
    fetched();
    assertThat(fetcher.problem()).as("the one at hand is good for a day").isEmpty();
  }

  @Test
  void crl_beyondTheLimit_isNotRead() {
    answer = new byte[9 * 1024 * 1024];
    assertThat(fetched()).isFalse();
  }
}
