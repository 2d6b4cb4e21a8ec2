/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.hardware.FactoryVault;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keys of one TPM. Those of a folder are in a file there, {@code key.tss}, encrypted to the TPM.
 */
final class TpmVault implements FactoryVault {
  private static final String KEY = "key.tss";

  private final TpmPlace place;
  private final Tpm tpm;
  private final AtomicBoolean closed = new AtomicBoolean();

  TpmVault(TpmPlace place) {
    TpmProvider.install();
    this.place = place;
    this.tpm = Tpms.use(place.address());
  }

  @Override
  public KeyPair named() {
    if (place.handle().isPresent()) {
      int handle = place.handle().getAsInt();
      return persistent(handle)
          .orElseThrow(() -> new IllegalArgumentException(
              name(handle) + ": no key there (expected: one made before)"));
    }
    Path file = place.file();
    return file == null ? FactoryVault.super.named() : read(file);
  }

  @Override
  public KeyPair namedOrNew() {
    if (place.handle().isPresent()) {
      int handle = place.handle().getAsInt();
      return persistent(handle).orElseGet(() -> persist(handle));
    }
    Path file = place.file();
    return file == null || Files.exists(file) ? named() : createFile(file);
  }

  private Optional<KeyPair> persistent(int handle) {
    EccPublic found;
    try {
      found = tpm.readPublic(handle);
    } catch (TpmException e) {
      if (e.is(TpmException.HANDLE)) {
        return Optional.empty();
      }
      throw unavailable(e);
    }
    if (!found.signsAnything() || !found.isBoundToItsTpm()) {
      throw new IllegalArgumentException(name(handle)
          + ": restricted, not for signing, or not made there (expected: a key that signs, born in"
          + " this TPM)");
    }
    return Optional.of(new KeyPair(
        found.key(), new TpmPrivateKey(name(handle), digest -> tpm.sign(handle, digest))));
  }

  private KeyPair persist(int handle) {
    try {
      tpm.persist(tpm.create(place.parent()), handle);
      return named();
    } catch (TpmException e) {
      throw unavailable(e);
    }
  }

  private String name(int handle) {
    return String.format("%s?handle=0x%08x", place.address(), handle);
  }

  @Override
  public KeyPair create(Path folder) {
    return createFile(folder.resolve(KEY));
  }

  private KeyPair createFile(Path file) {
    try {
      WrappedKey key = tpm.create(place.parent());
      DurableFiles.write(file, key.toPem());
      return pair(file, key);
    } catch (TpmException e) {
      throw unavailable(e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written", e);
    }
  }

  @Override
  public KeyPair load(Path folder) {
    return read(folder.resolve(KEY));
  }

  private KeyPair read(Path file) {
    WrappedKey key = parse(file);
    try {
      tpm.check(key);
    } catch (TpmException e) {
      throw e.command() == TpmCommand.LOAD && e.isAboutTheCommand()
          ? new IllegalArgumentException(file + ": " + e.getMessage(), e)
          : unavailable(e);
    }
    return pair(file, key);
  }

  private static WrappedKey parse(Path file) {
    try {
      return WrappedKey.parse(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read", e);
    }
  }

  private KeyPair pair(Path file, WrappedKey key) {
    String name = place.address() + "?file=" + file;
    return new KeyPair(key.publicKey(), new TpmPrivateKey(name, digest -> tpm.sign(key, digest)));
  }

  private KeyUnavailableException unavailable(TpmException e) {
    return new KeyUnavailableException(place.address() + ": " + e.getMessage(), e);
  }

  /** The file is all there is of it. */
  @Override
  public void delete(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve(KEY));
    } catch (IOException e) {
      throw new UncheckedIOException(folder.resolve(KEY) + ": cannot be deleted", e);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Tpms.release(place.address());
    }
  }
}
