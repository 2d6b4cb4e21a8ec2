/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.settings.Settings;
import dev.muster.enrollment.hook.HookConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The program that is asked before a device is let in. */
final class HookSettings {
  static final String COMMENTED_YAML = """
        # A program of yours that is asked, by POST with JSON, before a device with a factory
        # identity is let in: it may allow, refuse or defer, and name the fleet and id of a new one.
        # While it does not answer nobody enrolls, unless letInOnFailure is true; renewals go on.
        # As many workers as concurrency says may wait for it, of the 48 that let devices in.
        hook:
          # url: https://inventory.example.com/muster
          # caFile: /etc/muster/hook-ca.pem
          # tokenFile: /etc/muster/hook-token
          # timeout: 2s
          # concurrency: 2
          # letInOnFailure: false
      """;

  private HookSettings() {}

  static @Nullable HookConfig read(Settings settings) {
    Path ca = path(settings.text("enrollment.hook.caFile", ""));
    Path token = path(settings.text("enrollment.hook.tokenFile", ""));
    Duration timeout = settings.duration(
        "enrollment.hook.timeout",
        Duration.ofSeconds(2),
        Duration.ofMillis(100),
        Duration.ofSeconds(30));
    int concurrency = settings.integer("enrollment.hook.concurrency", 2, 1, 64);
    boolean letIn = settings.flag("enrollment.hook.letInOnFailure", false);
    return settings.<@Nullable HookConfig>value(
        "enrollment.hook.url",
        null,
        url -> new HookConfig(URI.create(url), ca, token, timeout, concurrency, letIn),
        "an https URL, or http on localhost");
  }

  private static @Nullable Path path(String text) {
    return text.isEmpty() ? null : Path.of(text);
  }
}
