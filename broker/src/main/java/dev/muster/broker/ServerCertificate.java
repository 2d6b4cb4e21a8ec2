/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.PemFile;
import java.io.UncheckedIOException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the listener shows: follows the files of key and chain, hands them to HiveMQ, and looks from
 * outside whether that shows them. Connections that are open stay so.
 *
 * <p>Used by one thread at a time; blocks.
 */
final class ServerCertificate {
  private static final Logger LOG = LoggerFactory.getLogger(ServerCertificate.class);

  /** HiveMQ looks at its store every ten seconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final BrokerConfig config;
  private final HiveMqHome home;
  private final int port;
  private final Clock clock;
  private final BiConsumer<PrivateKey, List<X509Certificate>> others;
  private X509Certificate used;
  private @Nullable Instant awaitedSince;
  private volatile @Nullable String problem;

  /**
   * @param used what is shown now
   * @param others are shown what to show, too
   */
  ServerCertificate(
      BrokerConfig config,
      HiveMqHome home,
      int port,
      X509Certificate used,
      Clock clock,
      BiConsumer<PrivateKey, List<X509Certificate>> others) {
    this.config = config;
    this.home = home;
    this.port = port;
    this.used = used;
    this.clock = clock;
    this.others = others;
  }

  /** Takes up what has changed, if anything has. */
  void look() {
    try {
      List<X509Certificate> chain = PemFile.certificates(config.serverChain());
      if (chain.get(0).equals(used)) {
        problem = null;
      } else {
        replace(PemFile.privateKey(config.serverKey()), chain);
      }
    } catch (IllegalArgumentException | UncheckedIOException e) {
      problem = "server certificate: " + e.getMessage();
    }
    if (awaitedSince != null) {
      awaitShown(awaitedSince);
    }
  }

  private void replace(PrivateKey key, List<X509Certificate> chain) {
    if (!KeyMatch.belongTogether(key, chain.get(0).getPublicKey())) {
      // For a moment this is so whenever both are put in place of others.
      problem = "server certificate: " + config.serverKey() + " is not the key of "
          + config.serverChain() + " (expected: key and certificate made together)";
      return;
    }
    home.replaceServer(key, chain);
    others.accept(key, chain);
    used = chain.get(0);
    awaitedSince = clock.instant();
    problem = null;
  }

  private void awaitShown(Instant since) {
    if (SelfCheck.shows(config, port, used)) {
      awaitedSince = null;
      LOG.info(
          "Server certificate replaced serial={} notAfter={}",
          used.getSerialNumber().toString(16),
          used.getNotAfter().toInstant());
    } else if (clock.instant().isAfter(since.plus(PATIENCE))) {
      problem = "server certificate: not the one in " + config.serverChain()
          + " (expected: shown within " + PATIENCE.toSeconds() + " s; hint: restart the broker)";
    }
  }

  /** What an operator should mend; empty if all is well. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }
}
