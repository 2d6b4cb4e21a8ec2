/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SavedViewTest {
  @Test
  void path_ofAPage_isKept() {
    String path = "/devices?q=status%3Aactive%20tag%3Asite%3Dberlin";
    assertThat(new SavedView("<b>mine</b>", path).path()).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "devices",
        "javascript:alert(1)",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "https://elsewhere.example",
        "/devices?q=a b",
        "/devices\nx"
      })
  void path_thatMayLeadElsewhere_isRefused(String path) {
    assertThatThrownBy(() -> new SavedView("mine", path))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
  }
}
