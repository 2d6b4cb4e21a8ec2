/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import org.junit.jupiter.api.Test;

class FileHandlesTest {
  @Test
  void handles_fewerThanDevices_areToldBeforeTheRun() {
    assertThatThrownBy(() -> FileHandles.require(1_000, 1_024))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(
            "--devices: 1000 (expected: at most 768, because this process may open 1024 files)");
    assertThatThrownBy(() -> FileHandles.require(10, 100)).hasMessageContaining("at most 0,");
  }

  @Test
  void handles_thatSuffice_areFine() {
    assertThatCode(() -> FileHandles.require(768, 1_024)).doesNotThrowAnyException();
    assertThatCode(() -> FileHandles.require(1)).doesNotThrowAnyException();
  }
}
