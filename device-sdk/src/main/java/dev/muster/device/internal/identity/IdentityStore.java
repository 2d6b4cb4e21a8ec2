/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.device.key.KeyVault;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.DeviceSubject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The LDevIDs of a device, in numbered folders: {@code identity/0001/{key.pem,chain.pem}}, and a
 * file {@code identity/current} that holds the number of the one in use. Where the key is not in a
 * file, what its vault needs to find it again stands in the place of {@code key.pem}.
 *
 * <p>A key is on disk before a certificate is asked for, so that an answer that was lost is asked
 * for again with the same key. A new certificate lies beside the old one until {@link #promote}.
 * Wherever the power fails, either the old identity is in use, or the new one, or the key of the
 * next request is known. Not thread-safe; writes block until they are on the disk.
 */
public final class IdentityStore implements AutoCloseable {
  private static final Logger LOG = DeviceLogger.of(IdentityStore.class);
  private static final Pattern NUMBER = Pattern.compile("[0-9]{4,9}");
  private static final String CHAIN = "chain.pem";

  private final Path folder;
  private final Path pointer;
  private final TrustStore trust;
  private final KeyVault vault;
  private final FileKeys files = new FileKeys();
  private final StateLock lock;
  /** Keys with this number or a higher one were made in this start. */
  private int firstMade = Integer.MAX_VALUE;

  private volatile Duration lastKeyOperation = Duration.ZERO;

  private IdentityStore(Path folder, TrustStore trust, KeyVault vault, StateLock lock) {
    this.folder = folder;
    this.pointer = folder.resolve("current");
    this.trust = trust;
    this.vault = vault;
    this.lock = lock;
  }

  /** The anchors that are kept with the identities. */
  public TrustStore trust() {
    return trust;
  }

  /** How long it took at last to make or to load a key; of any thread. */
  public Duration lastKeyOperation() {
    return lastKeyOperation;
  }

  private KeyPair timed(Supplier<KeyPair> operation) {
    long begin = System.nanoTime();
    try {
      return operation.get();
    } finally {
      lastKeyOperation = Duration.ofNanos(System.nanoTime() - begin);
    }
  }

  /** What the store holds. */
  public record Contents(Optional<Generation> current, Optional<Generation> candidate) {}

  /**
   * Opens the store, and keeps others out.
   *
   * @param vault where new keys are made; those that are in files already are used until they are
   *     renewed
   * @throws IllegalStateException if another device uses the directory
   * @throws UncheckedIOException if the directory cannot be made or written
   */
  public static IdentityStore open(Path stateDirectory, TrustAnchors trust, KeyVault vault) {
    try {
      Path folder = stateDirectory.resolve("identity");
      DurableFiles.createFolder(stateDirectory);
      DurableFiles.createFolder(folder);
      StateLock lock = StateLock.take(stateDirectory);
      return new IdentityStore(folder, TrustStore.open(stateDirectory, trust), vault, lock);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "state directory: " + stateDirectory + " (expected: a folder that can be written)", e);
    }
  }

  /**
   * Reads what is there. A generation that is damaged is passed over, with a line in the log, and
   * the one before it serves again.
   *
   * @throws KeyUnavailableException if that cannot be said now, for want of the keys' place
   */
  public Contents load() {
    NavigableMap<Integer, Generation> usable = new TreeMap<>();
    for (int number : numbers()) {
      Generation generation = read(number, true);
      if (generation != null) {
        usable.put(number, generation);
      }
    }
    int pointed = readPointer();
    Generation current = usable.get(pointed);
    if (current == null && !usable.isEmpty()) {
      current = usable.lastEntry().getValue();
      LOG.warn(
          "Identity taken into use, the pointer names no usable one generation={} pointer={}",
          current.number(),
          pointed);
      promote(current);
    }
    int inUse = current == null ? 0 : current.number();
    Map.Entry<Integer, Generation> newer = usable.tailMap(inUse, false).lastEntry();
    return new Contents(
        Optional.ofNullable(current), Optional.ofNullable(newer).map(Map.Entry::getValue));
  }

  /**
   * The key for the next request: one that still waits for its certificate, or a new one.
   *
   * @param after the generation in use, or 0; only keys newer than it are taken
   */
  public PendingKey pendingKey(int after) {
    List<Integer> numbers = numbers();
    for (int i = numbers.size() - 1; i >= 0 && numbers.get(i) > after; i--) {
      KeyPair waiting = readWaitingKey(numbers.get(i));
      if (waiting != null) {
        return new PendingKey(numbers.get(i), waiting, numbers.get(i) < firstMade);
      }
    }
    int next = Math.max(after, numbers.isEmpty() ? 0 : numbers.get(numbers.size() - 1)) + 1;
    KeyPair made = create(home(next));
    firstMade = Math.min(firstMade, next);
    return new PendingKey(next, made, false);
  }

  private KeyPair create(Path home) {
    try {
      write(() -> DurableFiles.createFolder(home));
      return timed(() -> vault.create(home));
    } catch (RuntimeException e) {
      removeFailed(home, e); // Else every attempt would leave one behind.
      throw e;
    }
  }

  private static void removeFailed(Path home, RuntimeException failure) {
    try {
      deleteAll(home);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static void deleteAll(Path home) throws IOException {
    if (!Files.exists(home)) {
      return;
    }
    try (Stream<Path> files = Files.list(home)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(home);
  }

  /** Keeps a certificate beside its key; it is not in use yet. */
  public Generation save(PendingKey pending, List<X509Certificate> chain, DeviceSubject subject) {
    write(() -> DurableFiles.write(home(pending.number()).resolve(CHAIN), Pem.of(chain)));
    return new Generation(pending.number(), new Credential(pending.keys(), chain), subject);
  }

  /** Takes a generation into use. The one before it is kept, in case this one gets damaged. */
  public void promote(Generation generation) {
    write(() -> DurableFiles.write(pointer, generation.number() + "\n"));
    try {
      discardBefore(generation.number());
    } catch (KeyUnavailableException e) {
      LOG.warn("Old identities not looked through reason={}", e.getMessage());
    }
  }

  private void discardBefore(int promoted) {
    boolean previousKept = false;
    List<Integer> numbers = numbers();
    for (int i = numbers.size() - 1; i >= 0; i--) {
      int number = numbers.get(i);
      if (number < promoted) {
        if (!previousKept && read(number, false) != null) {
          previousKept = true;
        } else {
          discard(number);
        }
      }
    }
  }

  /**
   * Deletes a generation, key and all. If its key cannot be reached now, the next one to be
   * promoted does the rest.
   */
  public void discard(int number) {
    try {
      destroy(number);
    } catch (KeyUnavailableException e) {
      LOG.warn("Key not destroyed yet generation={} reason={}", number, e.getMessage());
    }
  }

  private void destroy(int number) {
    write(() -> {
      Path home = home(number);
      // The chain first: a key alone in a newer folder is asked for again, a chain alone is damage.
      Files.deleteIfExists(home.resolve(CHAIN));
      keysIn(home).delete(home);
      deleteAll(home);
      DurableFiles.flushFolder(folder);
    });
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      LOG.debug("State directory not unlocked folder={}", folder, e);
    }
  }

  /** Null if there is no certificate yet, or if anything about it is wrong. */
  private @Nullable Generation read(int number, boolean warn) {
    Path home = home(number);
    if (!Files.exists(home.resolve(CHAIN))) {
      return null; // Asked for, not answered: nothing is wrong with it.
    }
    String damage;
    try {
      List<X509Certificate> stored = PemFile.certificates(home.resolve(CHAIN));
      X509Certificate leaf = stored.get(0);
      Credential credential = new Credential(timed(() -> keysIn(home).load(home)), stored);
      List<X509Certificate> path = trust.current().path(leaf, stored);
      return new Generation(
          number,
          new Credential(credential.keys(), path),
          DeviceSubject.of(leaf.getSubjectX500Principal()));
    } catch (GeneralSecurityException e) {
      damage = "its certificate does not lead to the trust anchor";
    } catch (IllegalArgumentException | UncheckedIOException e) {
      damage = e.getMessage();
    }
    if (warn) {
      LOG.warn("Identity damaged, passed over generation={} reason={}", number, damage);
    }
    return null;
  }

  private @Nullable KeyPair readWaitingKey(int number) {
    Path home = home(number);
    if (read(number, false) != null) {
      return null; // It has its certificate.
    }
    try {
      return timed(() -> keysIn(home).load(home));
    } catch (IllegalArgumentException | UncheckedIOException e) {
      LOG.warn("Key damaged generation={} reason={}", number, e.getMessage());
    }
    return null;
  }

  private int readPointer() {
    try {
      String text = Files.readString(pointer, StandardCharsets.ISO_8859_1).strip();
      if (text.matches("[1-9][0-9]{0,8}")) {
        return Integer.parseInt(text);
      }
      LOG.warn("Pointer damaged file={} (expected: a number)", pointer);
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException e) {
      // For want of one number a device with good identities would stand still.
      LOG.warn("Pointer damaged file={} reason={}", pointer, e.toString());
    }
    return 0;
  }

  /** The numbers of all generations, rising. */
  private List<Integer> numbers() {
    List<Integer> numbers = new ArrayList<>();
    try (Stream<Path> homes = Files.list(folder)) {
      homes
          .map(home -> home.getFileName().toString())
          .filter(name -> NUMBER.matcher(name).matches())
          .map(Integer::valueOf)
          .filter(number -> number > 0)
          .sorted()
          .forEach(numbers::add);
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot be read", e);
    }
    return numbers;
  }

  private Path home(int number) {
    return folder.resolve(String.format("%04d", number));
  }

  private KeyVault keysIn(Path home) {
    return FileKeys.areIn(home) ? files : vault;
  }

  private interface Write {
    void run() throws IOException;
  }

  private void write(Write write) {
    try {
      write.run();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot be written", e);
    }
  }
}
