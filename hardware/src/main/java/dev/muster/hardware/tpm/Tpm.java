/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import dev.muster.device.key.KeyUnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TPM as this program uses it: one command at a time, over a link that is opened when it is
 * needed and again after it broke. Thread-safe; who waits longer than the patience for others gets
 * a {@link KeyUnavailableException}.
 *
 * <p>Of keys that lie in files, the last one used stays loaded, and no other: the kernel's resource
 * manager has room for three objects, and moves all of them in and out for each command.
 */
final class Tpm implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);
  private static final Logger LOG = LoggerFactory.getLogger(Tpm.class);

  private final String name;
  private final TpmLink.Opener opener;
  private final Duration patience;
  private final ReentrantLock turn = new ReentrantLock(true);
  private volatile @Nullable TpmLink link;
  private @Nullable WrappedKey loaded;
  private int loadedHandle;
  private volatile boolean closed;

  /** @param name in messages */
  Tpm(String name, TpmLink.Opener opener, Duration patience) {
    this.name = name;
    this.opener = opener;
    this.patience = patience;
  }

  /**
   * Makes a key; it lies outside of the TPM, which keeps nothing of it.
   *
   * @param parent a storage key, or {@link TpmCommands#OWNER}
   */
  WrappedKey create(int parent) throws TpmException {
    return run(commands -> {
      int handle = parentHandle(commands, parent);
      try {
        return new WrappedKey(parent, commands.create(handle));
      } finally {
        letGo(commands, handle);
      }
    });
  }

  /** Loads a key, which tells whether it is one of this TPM and whole. */
  void check(WrappedKey key) throws TpmException {
    run(commands -> load(commands, key));
  }

  /** Keeps a key in the TPM's own memory, at a handle where nothing is yet. */
  void persist(WrappedKey key, int handle) throws TpmException {
    run(commands -> {
      try {
        commands.evictControl(load(commands, key), handle);
      } catch (TpmException e) {
        boolean doneBefore = e.is(TpmException.NV_DEFINED)
            && Arrays.equals(commands.readPublic(handle), key.parts().publicArea());
        if (!doneBefore) {
          throw e;
        }
      }
      return handle;
    });
  }

  /** The public area of what is kept at a handle. */
  byte[] readPublic(int handle) throws TpmException {
    return run(commands -> commands.readPublic(handle));
  }

  byte[] readNv(int index) throws TpmException {
    return run(commands -> commands.readNv(index));
  }

  /** Has the TPM answer a challenge about a key that is kept at a handle. */
  byte[] answer(int handle, CredentialChallenge challenge) throws TpmException {
    return run(commands -> answer(commands, handle, challenge));
  }

  /** Has the TPM answer a challenge about a key in a file. */
  byte[] answer(WrappedKey key, CredentialChallenge challenge) throws TpmException {
    return run(commands -> answer(commands, load(commands, key), challenge));
  }

  private static byte[] answer(TpmCommands commands, int object, CredentialChallenge challenge)
      throws IOException, TpmException {
    int endorsementKey = commands.endorsementKey(challenge.endorsementKey());
    try {
      return commands.activateCredential(object, endorsementKey, challenge);
    } finally {
      letGo(commands, endorsementKey);
    }
  }

  TpmCommands.EcdsaSignature sign(int handle, byte[] digest) throws TpmException {
    return run(commands -> commands.sign(handle, digest));
  }

  TpmCommands.EcdsaSignature sign(WrappedKey key, byte[] digest) throws TpmException {
    return run(commands -> {
      try {
        return commands.sign(load(commands, key), digest);
      } catch (TpmException e) {
        if (!e.is(TpmException.REFERENCE_H0) && !e.is(TpmException.HANDLE)) {
          throw e;
        }
        loaded = null; // Somebody has flushed it.
        return commands.sign(load(commands, key), digest);
      }
    });
  }

  private int load(TpmCommands commands, WrappedKey key) throws IOException, TpmException {
    if (loaded == key) {
      return loadedHandle;
    }
    if (loaded != null) {
      loaded = null;
      commands.flush(loadedHandle);
    }
    int parent = parentHandle(commands, key.parent());
    try {
      loadedHandle = commands.load(parent, key.parts());
      loaded = key;
      return loadedHandle;
    } finally {
      letGo(commands, parent);
    }
  }

  private static int parentHandle(TpmCommands commands, int parent)
      throws IOException, TpmException {
    return parent == TpmCommands.OWNER ? commands.createPrimary() : parent;
  }

  private static void letGo(TpmCommands commands, int parent) throws IOException, TpmException {
    if (TpmCommands.isTransient(parent)) {
      commands.flush(parent);
    }
  }

  private interface Work<T> {
    T with(TpmCommands commands) throws IOException, TpmException;
  }

  /** Every work may be done twice: if the link breaks, nobody knows how far it came. */
  private <T> T run(Work<T> work) throws TpmException {
    takeTurn();
    try {
      try {
        return work.with(opened());
      } catch (InterruptedIOException e) {
        throw e; // It would only hang once more.
      } catch (IOException e) {
        LOG.info("TPM link broken, opened again tpm={} reason={}", name, e.getMessage());
        drop();
        return work.with(opened());
      }
    } catch (IOException e) {
      drop();
      throw new KeyUnavailableException(name + ": " + e.getMessage(), e);
    } finally {
      turn.unlock();
    }
  }

  private void takeTurn() {
    try {
      if (turn.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new KeyUnavailableException(name + ": busy with other work", null);
  }

  private TpmCommands opened() throws IOException, TpmException {
    requireNotClosed();
    TpmLink open = link;
    if (open != null) {
      return new TpmCommands(open, patience);
    }
    TpmLink opened = opener.open();
    link = opened;
    loaded = null;
    requireNotClosed(); // Who closed meanwhile has not seen this link.
    TpmCommands commands = new TpmCommands(opened, patience);
    tidyUp(commands);
    return commands;
  }

  private void requireNotClosed() throws IOException {
    if (closed) {
      drop();
      throw new IOException("let go of");
    }
  }

  /**
   * Over a socket, what a program had loaded that was killed is still there; behind the kernel's
   * resource manager, everybody sees what is his own.
   */
  private static void tidyUp(TpmCommands commands) throws IOException, TpmException {
    try {
      flushAll(commands);
    } catch (TpmException e) {
      if (!e.is(TpmException.INITIALIZE)) {
        throw e;
      }
      commands.startup();
    }
  }

  private static void flushAll(TpmCommands commands) throws IOException, TpmException {
    for (int handle : commands.transientHandles()) {
      commands.flush(handle);
    }
  }

  /** Closes the link as it is. */
  void drop() {
    TpmLink broken = link;
    link = null;
    loaded = null;
    if (broken != null) {
      try {
        broken.close();
      } catch (IOException e) {
        LOG.debug("TPM link not closed tpm={}", name, e);
      }
    }
  }

  /** Flushes what is loaded, and lets go of the TPM; does not wait for a command that hangs. */
  @Override
  public void close() {
    closed = true;
    boolean ours = false;
    try {
      ours = turn.tryLock(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      TpmLink open = link;
      if (ours && open != null && loaded != null) {
        new TpmCommands(open, CLOSE_PATIENCE).flush(loadedHandle);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | TpmException e) {
      LOG.debug("Key not flushed tpm={}", name, e);
    } finally {
      drop();
      if (ours) {
        turn.unlock();
      }
    }
  }
}
