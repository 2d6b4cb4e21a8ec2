/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionBookTest {
  private final MovableClock clock = MovableClock.at(Instant.parse("2026-03-01T12:00:00Z"));
  private static final Login BY_PASSWORD = new Login.Password(Set.of("hash"));

  private final SessionBook book = new SessionBook(clock);

  @Test
  void session_unusedForAnHour_isOver() {
    book.open("cookie", "ada", BY_PASSWORD, "::1", "");
    clock.advance(SessionBook.IDLE);
    assertThat(book.find("cookie")).isPresent();
    clock.advance(SessionBook.IDLE.plusMillis(1));
    assertThat(book.find("cookie")).isEmpty();
    assertThat(book.list(one -> true)).isEmpty();
  }

  @Test
  void session_usedAllTheTime_isOverAfterHalfADay() {
    book.open("cookie", "ada", BY_PASSWORD, "::1", "");
    for (int i = 0; i < 12 * 2; i++) {
      clock.advance(Duration.ofMinutes(30));
      assertThat(book.find("cookie")).isPresent();
    }
    clock.advance(Duration.ofMillis(1));
    assertThat(book.find("cookie")).isEmpty();
  }

  @Test
  void session_ofTheTwentyFirstBrowser_endsTheOldest() {
    for (int i = 0; i < 21; i++) {
      book.open("cookie" + i, "ada", BY_PASSWORD, "::1", "");
      clock.advance(Duration.ofSeconds(1));
    }
    assertThat(book.find("cookie0")).isEmpty();
    assertThat(book.find("cookie1")).isPresent();
    assertThat(book.list(one -> true)).hasSize(20);
  }

  @Test
  void session_ended_opensNothing() {
    Session session = book.open("cookie", "ada", BY_PASSWORD, "::1", "");
    assertThat(book.end(one -> one.id().equals(session.id()))).isEqualTo(1);
    assertThat(book.find("cookie")).isEmpty();
  }
}
