/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.clock;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;

/**
 * What was once known to be the time, in the file {@code time}: written every hour, so that a
 * machine without a battery starts from there.
 */
public final class TimeNote {
  private static final Logger LOG = DeviceLogger.of(TimeNote.class);
  private static final Duration INTERVAL = Duration.ofHours(1);

  private final Path file;
  private Instant written = Instant.MIN;

  public TimeNote(Path stateDirectory) {
    this.file = stateDirectory.resolve("time");
  }

  /** When this SDK was built; it cannot be earlier. */
  public static Instant buildTime() {
    Properties build = new Properties();
    try (InputStream in = TimeNote.class.getResourceAsStream("build.properties")) {
      build.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Instant.parse(build.getProperty("time"));
  }

  /** Reads it; damage is none. @param latest a note of a later time is damage */
  public Optional<Instant> read(Instant latest) {
    try {
      String text = Files.readString(file, StandardCharsets.US_ASCII).strip();
      Instant noted = Instant.parse(text);
      if (!noted.isAfter(latest)) {
        return Optional.of(noted);
      }
      LOG.warn("Note of the time passed over, no certificate would be valid then noted={}", noted);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | DateTimeException e) {
      LOG.warn("Note of the time passed over file={} reason={}", file, e.getMessage());
    }
    return Optional.empty();
  }

  /** Notes that it is no earlier, if the last note is old. Blocks for a flush. */
  public void keep(Instant known) {
    if (written.isAfter(known.minus(INTERVAL))) {
      return;
    }
    try {
      DurableFiles.write(file, known + "\n");
      written = known;
    } catch (IOException e) {
      LOG.warn("Time not noted file={} reason={}", file, e.toString());
    }
  }
}
