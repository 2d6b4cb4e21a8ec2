/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;

/** A library that brings a provider, as {@link java.util.ServiceLoader} finds one. */
public final class Library implements AutoCloseable {
  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private final URLClassLoader loader;

  /** Adds it for the thread that calls, and those that it starts. */
  public <T> Library(Path folder, Class<T> service, Class<? extends T> provider) {
    try {
      Path services = Files.createDirectories(folder.resolve("META-INF/services"));
      Files.writeString(services.resolve(service.getName()), provider.getName());
      loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.currentThread().setContextClassLoader(loader);
  }

  @Override
  public void close() {
    Thread.currentThread().setContextClassLoader(before);
    try {
      loader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
