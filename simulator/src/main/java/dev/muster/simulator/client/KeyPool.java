/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Keys made ahead, by a thread that does nothing else, so that a device that enrolls or renews does
 * not wait for its key. P-256. Thread-safe.
 */
final class KeyPool implements AutoCloseable {
  /** For a second or two of enrollments on a large machine. */
  private static final int READY = 512;

  private final BlockingQueue<KeyPair> ready = new ArrayBlockingQueue<>(READY);
  private final ExecutorService maker =
      Executors.newSingleThreadExecutor(new DefaultThreadFactory("simulator-keys", true));

  KeyPool() {
    maker.execute(this::fill);
  }

  private void fill() {
    KeyPairGenerator generator = generator();
    try {
      while (true) {
        ready.put(generator.generateKeyPair());
      }
    } catch (InterruptedException e) {
      // The pool was closed.
      Thread.currentThread().interrupt();
    }
  }

  /** A key that nobody has; made here and now if all were taken. */
  KeyPair take() {
    KeyPair made = ready.poll();
    return made == null ? generator().generateKeyPair() : made;
  }

  private static KeyPairGenerator generator() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("P-256 is missing from this Java runtime", e);
    }
  }

  @Override
  public void close() {
    maker.shutdownNow();
  }
}
