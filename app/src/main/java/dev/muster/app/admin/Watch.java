/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.UserError;
import dev.muster.app.operator.NoAnswer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Shows an answer and those after it. A server that does not answer once is waited for: what was
 * answered last stays, and it is said that it is old.
 */
final class Watch {
  /**
   * Control sequences that every terminal knows (ECMA-48): to the top, and clear what is right or
   * below.
   */
  private static final String HOME = "\u001b[H";

  private static final String CLEAR_RIGHT = "\u001b[K";
  private static final String CLEAR_BELOW = "\u001b[J";

  private final PrintStream out;
  private final PrintStream err;
  private final boolean screen;
  private final Clock clock;
  private @Nullable Instant answeredAt;
  private String last = "";

  /** @param screen whether {@code out} can be written over */
  Watch(PrintStream out, PrintStream err, boolean screen, Clock clock) {
    this.out = out;
    this.err = err;
    this.screen = screen;
    this.clock = clock;
  }

  /**
   * Goes on until an answer says that it is the last one.
   *
   * @return that one
   * @throws UserError if something is refused: it would be again; and if the very first is not
   *     answered: what was asked for may be wrong
   */
  JsonNode until(
      Predicate<JsonNode> over,
      Supplier<JsonNode> ask,
      BiConsumer<JsonNode, PrintStream> show,
      Runnable pause) {
    while (true) {
      try {
        JsonNode answer = ask.get();
        answered(answer, show);
        if (over.test(answer)) {
          return answer;
        }
      } catch (NoAnswer e) {
        if (answeredAt == null) {
          throw e;
        }
        missed(e.getMessage());
      }
      pause.run();
    }
  }

  private void answered(JsonNode answer, BiConsumer<JsonNode, PrintStream> show) {
    boolean first = answeredAt == null;
    answeredAt = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    show.accept(answer, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    last = bytes.toString(StandardCharsets.UTF_8);
    if (screen) {
      draw("at " + answeredAt + " (Ctrl-C ends)");
    } else {
      out.print(first ? last : "\n" + last);
      out.flush();
    }
  }

  private void missed(@Nullable String why) {
    String told = "no answer since " + answeredAt + ": " + why;
    if (screen) {
      draw(told);
    } else {
      err.println("muster: " + told);
    }
  }

  /** In one write, so that it does not flicker. */
  private void draw(String head) {
    String text = (head + "\n\n" + last)
        .lines()
        .map(line -> line + CLEAR_RIGHT + "\n")
        .collect(Collectors.joining("", HOME, CLEAR_BELOW));
    out.print(text);
    out.flush();
  }
}
