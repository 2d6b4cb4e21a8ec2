/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.scenario.Phase;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileHandlesTest {
  @Test
  void handles_fewerThanDevicesTake_areToldBeforeTheRun() {
    assertThatThrownBy(() -> FileHandles.require(1_000, 1, 1_024))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("--devices: 1000 (expected: at most 768, because this process may"
            + " open 1024 files, and a device takes 1)");
    assertThatThrownBy(() -> FileHandles.require(154, 5, 1_024))
        .hasMessageContaining("at most 153,");
    assertThatThrownBy(() -> FileHandles.require(10, 1, 100)).hasMessageContaining("at most 0,");
  }

  @Test
  void handles_thatSuffice_areFine() {
    assertThatCode(() -> FileHandles.require(768, 1, 1_024)).doesNotThrowAnyException();
    assertThatCode(() -> FileHandles.require(153, 5, 1_024)).doesNotThrowAnyException();
    assertThatCode(() -> FileHandles.require(FleetPlan.Client.LIGHT, 1, List.of()))
        .doesNotThrowAnyException();
  }

  @Test
  void device_takesAsManyAsItIsMadeOf() {
    Duration second = Duration.ofSeconds(1);
    List<Phase> calm = List.of(new Phase.Ramp(second), new Phase.Steady(second));
    List<Phase> cut = List.of(new Phase.Ramp(second), new Phase.ReconnectStorm(second, 1));
    assertThat(FileHandles.each(FleetPlan.Client.LIGHT, cut)).isEqualTo(1);
    assertThat(FileHandles.each(FleetPlan.Client.SDK, calm)).isEqualTo(5);
    assertThat(FileHandles.each(FleetPlan.Client.SDK, cut)).isEqualTo(8);
  }
}
