/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class AgentLoggingTest {
  private static LogRecord event(Level level, String message) {
    LogRecord event = new LogRecord(level, message);
    event.setLoggerName("dev.muster.device.Thing");
    event.setInstant(Instant.EPOCH);
    return event;
  }

  @Test
  void format_onATerminal_hasTimeAndLevel() {
    assertThat(new AgentLogging(false).format(event(Level.WARNING, "Lost reason=x")))
        .isEqualTo("1970-01-01T00:00:00Z WARN Thing Lost reason=x\n");
  }

  @Test
  void format_forTheJournal_hasThePriorityOnly() {
    AgentLogging journal = new AgentLogging(true);

    assertThat(journal.format(event(Level.SEVERE, "a"))).isEqualTo("<3>Thing a\n");
    assertThat(journal.format(event(Level.WARNING, "a"))).isEqualTo("<4>Thing a\n");
    assertThat(journal.format(event(Level.INFO, "a"))).isEqualTo("<6>Thing a\n");
  }

  @Test
  void format_lineEndsInAMessage_forgeNoLine() {
    assertThat(new AgentLogging(true).format(event(Level.INFO, "a\n<3>b\u2028")))
        .isEqualTo("<6>Thing a?<3>b?\n");
  }
}
