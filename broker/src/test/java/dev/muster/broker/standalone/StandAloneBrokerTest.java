/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.hivemq.extension.sdk.api.client.parameter.Listener;
import com.hivemq.extension.sdk.api.client.parameter.ListenerType;
import dev.muster.broker.StartFailedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

  @Test
  void exposures_areListenersWithoutTls_andTheExtensionThatLetsAllIn() {
    List<Listener> closed = List.of(
        new Configured(ListenerType.TLS_TCP_LISTENER),
        new Configured(ListenerType.TLS_WEBSOCKET_LISTENER));
    assertThat(StandAloneBroker.exposures(closed, Set.of("muster"))).isEmpty();
    List<Listener> open = List.of(
        new Configured(ListenerType.TCP_LISTENER), new Configured(ListenerType.WEBSOCKET_LISTENER));
    assertThat(StandAloneBroker.exposures(open, Set.of("muster", "hivemq-allow-all-extension")))
        .hasSize(3)
        .anyMatch(told -> told.startsWith("listener some on 0.0.0.0:1883: without TLS"))
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
