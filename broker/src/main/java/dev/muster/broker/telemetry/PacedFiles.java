/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/**
 * Files whose large writes go to the disk in small pieces. H2 writes all pages of a commit at once,
 * some ten megabytes, and the flush of a journal beside it, which devices wait for, waits until the
 * disk has taken them; behind a piece it waits a millisecond.
 *
 * <p>H2 finds them by the scheme in a URL: {@code jdbc:h2:paced:/folder/name} is the file that
 * {@code jdbc:h2:file:/folder/name} is.
 */
public final class PacedFiles extends FilePathWrapper {
  private static final String SCHEME = "paced";
  private static final int PIECE_BYTES = 512 * 1024;

  /** Makes the scheme known to H2. Safe to do more than once. */
  static void register() {
    FilePath.register(new PacedFiles());
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return new Pieces(super.open(mode));
  }

  private static final class Pieces extends ForwardingFile {
    Pieces(FileChannel channel) {
      super(channel);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
      int written = 0;
      while (source.remaining() > PIECE_BYTES) {
        ByteBuffer piece = source.slice(source.position(), PIECE_BYTES);
        int count = super.write(piece, position + written);
        source.position(source.position() + count);
        written += count;
        force(false);
      }
      return written + super.write(source, position + written);
    }
  }
}
