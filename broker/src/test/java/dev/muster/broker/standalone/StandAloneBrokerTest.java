/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.hivemq.extension.sdk.api.client.parameter.Listener;
import com.hivemq.extension.sdk.api.client.parameter.ListenerType;
import com.hivemq.extension.sdk.api.client.parameter.ServerInformation;
import com.hivemq.extension.sdk.api.services.admin.AdminService;
import com.hivemq.extension.sdk.api.services.admin.LicenseInformation;
import com.hivemq.extension.sdk.api.services.admin.LifecycleStage;
import dev.muster.broker.StartFailedException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandAloneBrokerTest {
  @TempDir
  Path folder;

  private record Configured(ListenerType getListenerType) implements Listener {
    @Override
    public int getPort() {
      return 1883;
    }

    @Override
    public String getBindAddress() {
      return "0.0.0.0";
    }

    @Override
    public String getName() {
      return "some";
    }
  }

  private record Running(Set<Listener> getListener) implements ServerInformation, AdminService {
    @Override
    public LifecycleStage getCurrentStage() {
      return LifecycleStage.STARTED_SUCCESSFULLY;
    }

    @Override
    public ServerInformation getServerInformation() {
      return this;
    }

    @Override
    public LicenseInformation getLicenseInformation() {
      throw new UnsupportedOperationException();
    }

    @Override
    public String getVersion() {
      return "2025.5";
    }

    @Override
    public File getHomeFolder() {
      throw new UnsupportedOperationException();
    }

    @Override
    public File getDataFolder() {
      throw new UnsupportedOperationException();
    }

    @Override
    public File getLogFolder() {
      throw new UnsupportedOperationException();
    }

    @Override
    public File getExtensionsFolder() {
      throw new UnsupportedOperationException();
    }
  }

  private static List<String> exposures(
      Set<String> extensions, boolean asks, ListenerType... types) {
    Set<Listener> listeners = Arrays.stream(types).map(Configured::new).collect(toSet());
    Exposures exposures = new Exposures(new Running(listeners), extensions, listener -> asks);
    exposures.look();
    exposures.look();
    return exposures.found();
  }

  @Test
  void exposures_areListenersWithoutTls_orWithoutCertificates_andTheExtensionThatLetsAllIn() {
    assertThat(exposures(
            Set.of("muster"),
            true,
            ListenerType.TLS_TCP_LISTENER,
            ListenerType.TLS_WEBSOCKET_LISTENER))
        .isEmpty();
    assertThat(
            exposures(Set.of("muster", "hivemq-allow-all-extension"), false, ListenerType.values()))
        .hasSize(5)
        .contains("listener some on 0.0.0.0:1883: without TLS, so every client of it is refused"
            + " (expected: tls-tcp-listener or tls-websocket-listener in HiveMQ's config.xml)")
        .contains("listener some on 0.0.0.0:1883: asks for no certificate, so every client of it"
            + " is refused (expected: client-authentication-mode REQUIRED in HiveMQ's config.xml)")
        .anyMatch(told -> told.startsWith("extension hivemq-allow-all-extension: "));
  }

  @Test
  void token_isMadeOnce_forItsOwnerAlone() throws Exception {
    Path file = folder.resolve("operator-token");
    OperatorToken made = OperatorToken.of(file);
    String secret = Files.readString(file).strip();
    assertThat(made.isIn("Bearer " + secret)).isTrue();
    assertThat(OperatorToken.of(file).isIn("bearer " + secret)).isTrue();
    assertThat(made.isIn("Bearer " + secret.substring(1))).isFalse();
    assertThat(made.isIn(secret)).isFalse();
    assertThat(made.toString()).doesNotContain(secret);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Files.writeString(file, "secret");
    assertThatThrownBy(() -> OperatorToken.of(file))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("43 characters")
        .hasMessageNotContaining("secret");
  }

  @Test
  void meters_standAmongThoseOfHiveMq() {
    MetricRegistry hiveMq = new MetricRegistry();
    HiveMqMeters.into(hiveMq).counter("muster.session.takeovers").increment();
    assertThat(hiveMq.getMeters().get("musterSessionTakeovers").getCount()).isEqualTo(1);
  }
}
