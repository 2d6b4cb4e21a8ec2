/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.muster.app.UserError;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.function.UnaryOperator;

/**
 * The accounts in {@code DATA/operators.json}, written whole and flushed at each change. Several
 * processes may run on one data directory: each sees what another has changed.
 */
final class AccountsFile {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Path file;
  private volatile Known known;

  private record Known(FileTime modified, long size, Accounts accounts) {}

  /** @throws UserError if it is damaged */
  AccountsFile(Path file) {
    this.file = file;
    try {
      known = Files.exists(file) ? read() : new Known(FileTime.fromMillis(0), 0, Accounts.none());
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(
          file + ": damaged (" + e.getClass().getSimpleName() + ")",
          "restore it from a backup; or remove it, and set up the operators anew");
    }
  }

  private Known read() throws IOException {
    FileTime modified = Files.getLastModifiedTime(file);
    byte[] content = Files.readAllBytes(file);
    return new Known(modified, content.length, JSON.readValue(content, Accounts.class));
  }

  /** As of now: one look at the file's time, and a read only if it has changed. */
  Accounts current() {
    Known last = known;
    try {
      if (!Files.exists(file)
          || Files.getLastModifiedTime(file).equals(last.modified)
              && Files.size(file) == last.size) {
        return last.accounts;
      }
      Known now = read();
      known = now;
      return now.accounts;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Changes them; blocks. Returns when the change is on the disk.
   *
   * @param change given the accounts as they are, which nobody else changes meanwhile; what it
   *     throws leaves them so
   */
  synchronized Accounts change(UnaryOperator<Accounts> change) {
    Path lock = file.resolveSibling(file.getFileName() + ".lock");
    try (FileChannel channel =
        FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock(); // Until it is closed.
      Accounts changed = change.apply(current());
      DurableFiles.write(file, JSON.writeValueAsBytes(changed));
      known = read();
      return changed;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
