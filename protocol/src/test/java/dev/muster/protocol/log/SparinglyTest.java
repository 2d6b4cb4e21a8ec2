/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SparinglyTest {
  @Test
  void say_manyTimesInASecond_isSaidOnce_andTheRestCounted() {
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    Sparingly sparingly = new Sparingly(nanos::get);
    List<Long> said = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      sparingly.say(said::add);
    }
    nanos.addAndGet(1_000_000_000);
    sparingly.say(said::add);
    sparingly.say(said::add);
    assertThat(said).containsExactly(0L, 3L);
  }
}
