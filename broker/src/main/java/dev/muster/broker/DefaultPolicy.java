/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The policy that {@code muster init} writes: the roles of the design, with comments. */
public final class DefaultPolicy {
  private DefaultPolicy() {}

  /** The whole file. */
  public static String yaml() {
    try (InputStream resource = DefaultPolicy.class.getResourceAsStream("policy.yaml")) {
      return new String(
          Objects.requireNonNull(resource, "policy.yaml").readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
