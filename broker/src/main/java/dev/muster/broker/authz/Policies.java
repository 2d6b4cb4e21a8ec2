/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The policy in force: that of a file, and of the same file when it has changed. While the file
 * says what cannot be understood, the policy stays what it was.
 *
 * <p>{@link #current} may be called by any thread; {@link #reload} by one at a time.
 */
public final class Policies {
  private final Path file;
  private volatile PolicyFile current;
  private volatile String text;
  private volatile @Nullable String problem;
  /** What was read last; null if the file could not be read. */
  private @Nullable String seen;

  private Policies(Path file, String text, PolicyFile policy) {
    this.file = file;
    this.seen = text;
    this.text = text;
    this.current = policy;
  }

  /** @throws InvalidPolicyException as {@link PolicyFile#read} */
  public static Policies read(Path file) {
    String text = PolicyFile.text(file);
    return new Policies(file, text, PolicyFile.parse(file.toString(), text));
  }

  public PolicyFile current() {
    return current;
  }

  /** What the file said when the policy in force was read from it. */
  public String text() {
    return text;
  }

  /** Where it stands. */
  public Path file() {
    return file;
  }

  /**
   * Reads the file again.
   *
   * @return whether another policy is in force since
   */
  public boolean reload() {
    String read;
    try {
      read = Files.readString(file);
    } catch (IOException e) {
      seen = null;
      problem = "policy " + file + ": cannot be read: " + e + " (the one before stays in force)";
      return false;
    }
    if (read.equals(seen)) {
      return false;
    }
    seen = read;
    try {
      PolicyFile parsed = PolicyFile.parse(file.toString(), read);
      problem = null;
      if (read.equals(text)) {
        return false; // It is back as it was.
      }
      current = parsed;
      text = read;
      return true;
    } catch (InvalidPolicyException e) {
      problem = "policy " + e.getMessage() + " (the one before stays in force)";
      return false;
    }
  }

  /** Why the file is not followed at the moment; empty if it is. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }
}
