/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for cannot be done with the files that are there. The message names the file and
 * says what to do; it is fit for the user of a command line.
 */
public final class FactoryException extends RuntimeException {
  FactoryException(String message) {
    super(message);
  }

  FactoryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** A file that could not be read or written, with the operating system's reason. */
  static FactoryException io(Path file, String action, IOException cause) {
    return new FactoryException(file + ": cannot be " + action + " (" + reason(cause) + ")", cause);
  }

  private static String reason(IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (cause instanceof FileAlreadyExistsException) {
      return "a file is in the way";
    }
    if (cause instanceof FileSystemException failure && failure.getReason() != null) {
      return failure.getReason();
    }
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
