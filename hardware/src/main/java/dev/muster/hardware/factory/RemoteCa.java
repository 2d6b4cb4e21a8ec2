/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.hardware.factory.CertificationOrder.Purpose;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CA that is elsewhere, asked by a program.
 *
 * <p>What it has issued to a device is kept before anything else is done with it: a station that
 * was killed after that goes on with it, and asks for no second one.
 */
record RemoteCa(X509Certificate certificate, CaCommand command, Path answers, Clock clock)
    implements ManufacturerCa {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteCa.class);
  private static final int SHORT_FINGERPRINT = 16;

  @Override
  public List<X509Certificate> certify(CertificationOrder order) {
    if (order.purpose() != Purpose.IDEVID) {
      return ask(order);
    }
    Path file = answers.resolve(
        order.name() + "-" + order.fingerprint().substring(0, SHORT_FINGERPRINT) + ".pem");
    return Files.exists(file) ? again(order, file) : kept(file, ask(order));
  }

  private List<X509Certificate> ask(CertificationOrder order) {
    String answer = command.ask(order.pem(), order.environment());
    try {
      return answer(order).check(Pem.certificates(answer));
    } catch (IllegalArgumentException e) {
      throw new FactoryException(
          "CA command " + command.program() + ": its standard output has " + e.getMessage(), e);
    }
  }

  /** What was kept may have ended since, or be of the CA before. */
  private List<X509Certificate> again(CertificationOrder order, Path file) {
    try {
      return answer(order).check(PemFile.certificates(file));
    } catch (FactoryException | IllegalArgumentException | UncheckedIOException e) {
      LOG.warn("Certificate kept from before is of no use file={} reason={}", file, e.getMessage());
      return kept(file, ask(order));
    }
  }

  private static List<X509Certificate> kept(Path file, List<X509Certificate> path) {
    try {
      DurableFiles.createFolder(file.getParent());
      DurableFiles.writePublic(file, Pem.of(path));
      return path;
    } catch (IOException e) {
      throw FactoryException.io(file, "written", e);
    }
  }

  @Override
  public boolean hasCertified(CertificationOrder order, List<X509Certificate> chain) {
    try {
      answer(order).check(chain);
      return true;
    } catch (FactoryException e) {
      LOG.debug("Not what the CA issues order={} reason={}", order, e.getMessage());
      return false;
    }
  }

  private CaAnswer answer(CertificationOrder order) {
    return new CaAnswer(order, certificate, clock.instant());
  }
}
