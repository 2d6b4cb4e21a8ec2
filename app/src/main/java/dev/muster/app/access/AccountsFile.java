/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.muster.app.UserError;
import dev.muster.protocol.file.DurableFiles;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The accounts in {@code DATA/operators.json}, written whole and flushed at each change. Several
 * processes may run on one data directory: each sees what another has changed.
 */
final class AccountsFile {
  private static final Logger LOG = LoggerFactory.getLogger(AccountsFile.class);
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
    Accounts accounts = JSON.readValue(content, Accounts.class);
    if (accounts == null) {
      throw new JsonMappingException(null, "null (expected: accounts)");
    }
    return new Known(modified, content.length, accounts);
  }

  /**
   * As of now: one look at the file's time, and a read only if it has changed. While it is damaged,
   * as they were before: whoever asks need not hear of it, and cannot mend it.
   */
  Accounts current() {
    Known last = known;
    try {
      if (!Files.exists(file)) {
        return last.accounts;
      }
      FileTime modified = Files.getLastModifiedTime(file);
      long size = Files.size(file);
      if (!modified.equals(last.modified) || size != last.size) {
        known = readOrKeep(modified, size, last.accounts);
      }
      return known.accounts;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Known readOrKeep(FileTime modified, long size, Accounts before) throws IOException {
    try {
      return read();
    } catch (JsonProcessingException e) {
      // Once for each state of the file: it is looked at for each request.
      LOG.error(
          "Accounts damaged, the last good ones go on file={} problem={}"
              + " (hint: restore it from a backup)",
          file,
          e.getClass().getSimpleName());
      return new Known(modified, size, before);
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
      // Never the last good ones: a file that somebody has damaged is not written over.
      Accounts changed = change.apply(Files.exists(file) ? read().accounts : known.accounts);
      DurableFiles.write(file, JSON.writeValueAsBytes(changed));
      known = read();
      return changed;
    } catch (JsonProcessingException e) {
      throw new HttpException(
          503, file.getFileName() + ": damaged (hint: restore it from a backup)");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
