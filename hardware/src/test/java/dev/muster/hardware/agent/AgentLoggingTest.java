/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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

  @Test
  void format_lineEndsInMessagesOfExceptions_forgeNoLine() {
    Exception thrown = new IllegalStateException("a\n<3>b", new IOException("c\n<3>d"));
    thrown.addSuppressed(new IOException("e\n<3>f"));
    LogRecord event = event(Level.INFO, "g");
    event.setThrown(thrown);

    assertThat(new AgentLogging(true).format(event).lines())
        .contains(
            "<6>Thing g",
            "java.lang.IllegalStateException: a?<3>b",
            "Suppressed: java.io.IOException: e?<3>f",
            "Caused by: java.io.IOException: c?<3>d")
        .anyMatch(line -> line.startsWith("\tat dev.muster.hardware.agent.AgentLoggingTest."))
        .noneMatch(line -> line.startsWith("<3>"));
  }

  @Test
  void format_exceptionThatIsItsOwnCause_endsAllTheSame() {
    Exception outer = new IOException("outer");
    outer.initCause(new IOException("inner", outer));
    LogRecord event = event(Level.INFO, "a");
    event.setThrown(outer);

    assertThat(new AgentLogging(true).format(event)).contains("outer", "inner");
  }
}
