/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.NoAnswer;
import dev.muster.testing.MovableClock;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchTest {
  private static final int LAST = 9;
  private static final UserError GONE = new NoAnswer("nobody answers");
  private static final UserError REFUSED = new UserError("role viewer");

  private final MovableClock clock = MovableClock.at(Instant.parse("2026-03-01T12:00:00.7Z"));
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** An answer has as many rows as its number says, but for the last one, which has one. */
  private JsonNode watch(boolean screen, Object... answers) {
    Deque<Object> coming = new ArrayDeque<>(List.of(answers));
    return new Watch(print(out), print(err), screen, clock)
        .until(
            answer -> answer.asInt() == LAST,
            () -> {
              Object next = coming.remove();
              if (next instanceof UserError failure) {
                throw failure;
              }
              return IntNode.valueOf((int) next);
            },
            (answer, to) -> to.print("row\n".repeat(answer.asInt() % (LAST - 1))),
            () -> clock.advance(Duration.ofSeconds(2)));
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream of) {
    return of.toString(StandardCharsets.UTF_8);
  }

  @Test
  void elsewhere_answersFollowEachOther_untilTheLast() {
    assertThat(watch(false, 2, 1, LAST).asInt()).isEqualTo(LAST);
    assertThat(text(out)).isEqualTo("row\nrow\n\nrow\n\nrow\n");
  }

  @Test
  void screen_isDrawnOver_andWhatIsShorterLeavesNothing() {
    watch(true, 2, LAST);
    assertThat(text(out))
        .isEqualTo("\u001b[Hat 2026-03-01T12:00:00Z (Ctrl-C ends)\u001b[K\n\u001b[K\n"
            + "row\u001b[K\nrow\u001b[K\n\u001b[J"
            + "\u001b[Hat 2026-03-01T12:00:02Z (Ctrl-C ends)\u001b[K\n\u001b[K\n"
            + "row\u001b[K\n\u001b[J");
  }

  @Test
  void serverThatIsGone_isWaitedFor_andWhatIsShownIsSaidToBeOld() {
    watch(true, 1, GONE, GONE, LAST);
    String[] drawn = text(out).split("\u001b\\[H");
    assertThat(drawn).hasSize(5);
    assertThat(drawn[3])
        .startsWith("no answer since 2026-03-01T12:00:00Z: nobody answers")
        .contains("row");
    assertThat(drawn[4]).startsWith("at 2026-03-01T12:00:06Z");
    assertThat(text(err)).isEmpty();
  }

  @Test
  void serverThatIsGone_elsewhere_isToldOnStderr() {
    watch(false, 1, GONE, LAST);
    assertThat(text(out)).isEqualTo("row\n\nrow\n");
    assertThat(text(err).strip())
        .isEqualTo("muster: no answer since 2026-03-01T12:00:00Z: nobody answers");
  }

  @Test
  void refusal_isTheEnd_whenEverItComes() {
    assertThatThrownBy(() -> watch(true, REFUSED, LAST)).isSameAs(REFUSED);
    assertThat(text(out)).isEmpty();
    assertThatThrownBy(() -> watch(false, 1, GONE, REFUSED, LAST))
        .as("it would be again, for ever")
        .isSameAs(REFUSED);
  }

  @Test
  void serverThatIsGoneFromTheBeginning_isTheEnd() {
    assertThatThrownBy(() -> watch(false, GONE, LAST)).isSameAs(GONE);
  }
}
