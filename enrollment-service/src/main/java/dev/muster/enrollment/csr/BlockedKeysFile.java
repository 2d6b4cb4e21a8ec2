/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.enrollment.issuance.Fingerprint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * An operator's list of keys: the SHA-256 of a SubjectPublicKeyInfo on each line, in hexadecimal;
 * after {@code #} a remark. Such lists are to be had for Debian's weak keys of 2008 (CVE-2008-0166)
 * and for keys that were leaked; none is shipped.
 *
 * <p>Thread-safe; reading blocks.
 */
public final class BlockedKeysFile implements BlockedKeys {
  private final Path file;
  private volatile Content content;

  private record Content(FileTime modified, long size, Set<Fingerprint> keys) {}

  /**
   * Reads the list.
   *
   * @throws UncheckedIOException if it cannot be read
   * @throws IllegalArgumentException naming the line that is no SHA-256
   */
  public BlockedKeysFile(Path file) {
    this.file = file;
    this.content = read();
  }

  @Override
  public boolean contains(Fingerprint key) {
    return content.keys().contains(key);
  }

  /** How many keys are on the list. */
  public int size() {
    return content.keys().size();
  }

  /**
   * Reads the list again if its file has changed. When that fails, the last list stays in force.
   *
   * @return whether it was read again
   * @throws UncheckedIOException as the constructor
   * @throws IllegalArgumentException as the constructor
   */
  public boolean refresh() {
    try {
      Content before = content;
      if (Files.getLastModifiedTime(file).equals(before.modified())
          && Files.size(file) == before.size()) {
        return false;
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    content = read();
    return true;
  }

  private Content read() {
    try {
      // Looked at before reading, so that a change in between is seen the next time.
      FileTime modified = Files.getLastModifiedTime(file);
      long size = Files.size(file);
      List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      Set<Fingerprint> keys = new HashSet<>();
      for (int i = 0; i < lines.size(); i++) {
        String key = lines.get(i).replaceFirst("#.*", "").strip().toLowerCase(Locale.ROOT);
        if (!key.isEmpty()) {
          keys.add(parse(key, i + 1));
        }
      }
      return new Content(modified, size, Set.copyOf(keys));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private Fingerprint parse(String key, int line) {
    try {
      return new Fingerprint(key);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("blockedKeys: " + file + ", line " + line
          + " (expected: the SHA-256 of a SubjectPublicKeyInfo, 64 hexadecimal digits)");
    }
  }

  private UncheckedIOException unreadable(IOException cause) {
    return new UncheckedIOException(
        "blockedKeys: " + file + " cannot be read (" + cause + ")", cause);
  }
}
