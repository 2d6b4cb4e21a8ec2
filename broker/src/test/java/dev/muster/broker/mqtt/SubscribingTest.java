/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.RateLimit;
import dev.muster.broker.session.PublishRates;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SubscribingTest {
  @Test
  void whoMayHaveNoFilters_hasARateOfThemAllTheSame() {
    ClientSubject subject = new ClientSubject("device", "d1", "f1", "device");
    PublishRates rates = new PublishRates(() -> 0);
    RateLimit limit = new RateLimit(Subscribing.rate(0), 0);
    assertThat(rates.take(subject, limit, 1_000, 0))
        .as("one packet of a thousand")
        .isEmpty();
    assertThat(rates.take(subject, limit, 1, 0)).as("to be refused").contains(Duration.ZERO);
  }

  @Test
  void rate_isWhatOneMayHave() {
    assertThat(Subscribing.rate(50)).isEqualTo(50);
  }
}
