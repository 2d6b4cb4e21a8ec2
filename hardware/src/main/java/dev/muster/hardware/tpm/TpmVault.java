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
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Keys of one TPM. Those of a folder are in a file there, {@code key.tss}, encrypted to the TPM.
 */
final class TpmVault implements FactoryVault {
  private static final String KEY = "key.tss";
  private static final int RSA_ENDORSEMENT_CERTIFICATE = 0x01C00002;

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
      found = EccPublic.parse(tpm.readPublic(handle));
    } catch (IOException e) {
      throw new IllegalArgumentException(name(handle) + ": " + e.getMessage(), e);
    } catch (TpmException e) {
      if (e.is(TpmException.HANDLE)) {
        return Optional.empty();
      }
      throw unavailable(e);
    }
    requireBornThere(name(handle), found);
    return Optional.of(new KeyPair(
        found.key(), new TpmPrivateKey(name(handle), digest -> tpm.sign(handle, digest))));
  }

  private static void requireBornThere(String name, EccPublic key) {
    if (!key.signsAnything() || !key.isBoundToItsTpm()) {
      throw new IllegalArgumentException(name
          + ": restricted, not for signing, or not made there (expected: a key that signs, born in"
          + " this TPM)");
    }
  }

  @Override
  public X509Certificate proveGenuine(PublicKey key, List<X509Certificate> makers, Instant now) {
    try {
      Endorsement endorsement = Endorsement.verify(endorsementCertificate(), makers, now);
      if (!isInTheTpmOf(endorsement, key)) {
        throw notProven("another TPM has answered", null);
      }
      return endorsement.certificate();
    } catch (IOException e) {
      throw notProven(String.valueOf(e.getMessage()), e);
    } catch (TpmException e) {
      throw e.command() == TpmCommand.ACTIVATE_CREDENTIAL
          ? notProven(e.getMessage(), e)
          : unavailable(e);
    }
  }

  private boolean isInTheTpmOf(Endorsement endorsement, PublicKey key)
      throws IOException, TpmException {
    Path file = place.file();
    if (file != null) {
      WrappedKey inFile = parse(file);
      CredentialChallenge challenge = challenge(endorsement, key, inFile.parts().publicArea());
      return challenge.isAnsweredBy(tpm.answer(inFile, challenge));
    }
    int handle = place.handle().orElseThrow(() -> notProven("no key is named", null));
    CredentialChallenge challenge = challenge(endorsement, key, tpm.readPublic(handle));
    return challenge.isAnsweredBy(tpm.answer(handle, challenge));
  }

  /** The TPM's word for what the key is like counts only as far as the challenge binds it. */
  private CredentialChallenge challenge(Endorsement endorsement, PublicKey key, byte[] publicArea)
      throws IOException {
    EccPublic described = EccPublic.parse(publicArea);
    if (!described.key().equals(key) || !described.isBoundToItsTpm()) {
      throw notProven("another key, or one that was not born in it", null);
    }
    return endorsement.challenge(publicArea);
  }

  private IllegalArgumentException notProven(String reason, @Nullable Exception cause) {
    return new IllegalArgumentException(
        place.address() + ": the key is not proven to be in a genuine TPM: " + reason, cause);
  }

  private byte[] endorsementCertificate() throws TpmException {
    try {
      return tpm.readNv(RSA_ENDORSEMENT_CERTIFICATE);
    } catch (TpmException e) {
      if (e.is(TpmException.HANDLE)) {
        throw new IllegalArgumentException(
            place.address() + ": has no endorsement certificate of RSA (expected: one from its"
                + " maker, at 0x01c00002)",
            e);
      }
      throw e;
    }
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
    requireBornThere(file.toString(), key.publicArea());
    try {
      tpm.check(key);
    } catch (TpmException e) {
      throw e.command() == TpmCommand.LOAD && e.isAboutAParameter()
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
