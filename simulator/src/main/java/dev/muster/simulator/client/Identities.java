/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.est.EstClient;
import dev.muster.device.internal.est.IssuedCertificate;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.PublicKeys;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keys and certificates of light devices: asked for over EST, as the SDK asks, and kept in two
 * files for each, so that the next run finds them. Every method blocks. Thread-safe.
 */
final class Identities implements AutoCloseable {
  private static final Duration EST_LIMIT = Duration.ofSeconds(30);

  private final Endpoints endpoints;
  private final IdentitySource factory;
  private final Clock clock;
  private final DeviceClock deviceClock;
  private final TrustAnchors trust;
  private final KeyPool keys = new KeyPool();

  Identities(Endpoints endpoints, IdentitySource factory, Clock clock) {
    this.endpoints = endpoints;
    this.factory = factory;
    this.clock = clock;
    this.trust = TrustAnchors.read(endpoints.trust());
    this.deviceClock = DeviceClock.of(clock, trust.newestBeginning());
  }

  /** The device's certificate of an earlier run; or what it came with, if nobody enrolls it. */
  Optional<Credential> present(String serial) {
    if (endpoints.enrollment() == null) {
      return Optional.of(cameWith(serial));
    }
    if (!Files.exists(chain(serial))) {
      return Optional.empty();
    }
    Credential kept = Credential.read(key(serial), chain(serial));
    return Optional.of(kept).filter(found -> found.notAfter().isAfter(clock.instant()));
  }

  /** What it has from its factory. */
  Credential cameWith(String serial) {
    FactoryIdentity files = factory.identityOf(serial);
    return Credential.read(files.key(), files.chain());
  }

  /** First enrollment. @throws EnrollmentException by its kind: what to do next */
  Credential enroll(String serial) throws EnrollmentException {
    if (Files.exists(next(serial))) {
      PrivateKey key = PemFile.privateKey(next(serial));
      try {
        return enroll(serial, new KeyPair(PublicKeys.of(key), key));
      } catch (EnrollmentRefusedException e) {
        if (!e.isRequestRefused()) {
          throw e;
        }
        // It may have had a certificate, of which the answer was lost, and which has ended.
      }
    }
    return enroll(serial, nextKey(serial));
  }

  private Credential enroll(String serial, KeyPair pair) throws EnrollmentException {
    return keep(serial, pair, est(cameWith(serial)).enroll(pair));
  }

  /**
   * Kept before anybody is asked, and until there is a certificate: the answer may be lost, and who
   * then comes with another key is a clone.
   */
  private KeyPair nextKey(String serial) {
    KeyPair pair = keys.take();
    try {
      DurableFiles.createFolder(folder());
      DurableFiles.write(next(serial), Pem.of(pair.getPrivate()));
    } catch (IOException e) {
      throw cannotBeWritten(e);
    }
    return pair;
  }

  /** Renewal with a new key. @throws EnrollmentException by its kind: what to do next */
  Credential renew(String serial, Credential current) throws EnrollmentException {
    KeyPair pair = keys.take();
    return keep(
        serial, pair, est(current).reenroll(pair, current.leaf().getSubjectX500Principal()));
  }

  private EstClient est(Credential shown) {
    @Nullable URI server = endpoints.enrollment();
    if (server == null) {
      throw new IllegalStateException("there is no enrollment server");
    }
    return new EstClient(server, tls(shown), trust, EST_LIMIT, deviceClock);
  }

  /** TLS as this credential. */
  TlsIdentity tls(Credential shown) {
    return TlsIdentity.of(shown, trust, deviceClock);
  }

  private Credential keep(String serial, KeyPair pair, IssuedCertificate issued) {
    try {
      DurableFiles.createFolder(folder());
      DurableFiles.write(key(serial), Pem.of(pair.getPrivate()));
      DurableFiles.write(chain(serial), Pem.of(issued.chain()));
      Files.deleteIfExists(next(serial));
    } catch (IOException e) {
      throw cannotBeWritten(e);
    }
    return new Credential(pair, issued.chain());
  }

  private UncheckedIOException cannotBeWritten(IOException e) {
    return new UncheckedIOException(folder() + ": cannot be written", e);
  }

  private Path folder() {
    return endpoints.stateDirectory().resolve("ldevid");
  }

  private Path key(String serial) {
    return folder().resolve(serial + ".key");
  }

  private Path next(String serial) {
    return folder().resolve(serial + ".next.key");
  }

  private Path chain(String serial) {
    return folder().resolve(serial + ".pem");
  }

  /** Makes no more keys. */
  @Override
  public void close() {
    keys.close();
  }
}
