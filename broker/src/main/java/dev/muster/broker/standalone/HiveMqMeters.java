/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import com.codahale.metrics.MetricRegistry;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.dropwizard.DropwizardConfig;
import io.micrometer.core.instrument.dropwizard.DropwizardMeterRegistry;
import io.micrometer.core.instrument.util.HierarchicalNameMapper;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Our meters among HiveMQ's own: whatever shows those shows these. */
final class HiveMqMeters extends DropwizardMeterRegistry {
  private HiveMqMeters(MetricRegistry registry) {
    super(new Config(), registry, HierarchicalNameMapper.DEFAULT, Clock.SYSTEM);
  }

  static MeterRegistry into(MetricRegistry registry) {
    return new HiveMqMeters(registry);
  }

  @Override
  protected Double nullGaugeValue() {
    return Double.NaN;
  }

  @Override
  protected TimeUnit getBaseTimeUnit() {
    return TimeUnit.MILLISECONDS;
  }

  /** Without settings of its own. */
  private record Config() implements DropwizardConfig {
    @Override
    public String prefix() {
      return "muster";
    }

    @Override
    public @Nullable String get(String key) {
      return null;
    }
  }
}
