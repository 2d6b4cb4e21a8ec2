/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.TrustAnchors;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Judges servers by the anchors and the clock of the device.
 *
 * <p>While the time is not known but for a floor, a certificate may have begun after it: it is
 * judged as of then. One that had expired at the floor is refused, whatever time it is.
 */
final class ServerTrust extends X509ExtendedTrustManager {
  private final TrustAnchors trust;
  private final DeviceClock clock;
  private final X509ExtendedTrustManager bySystemClock;

  ServerTrust(TrustAnchors trust, DeviceClock clock) throws GeneralSecurityException {
    this.trust = trust;
    this.clock = clock;
    this.bySystemClock = manager(trust.parameters());
  }

  private static X509ExtendedTrustManager manager(PKIXBuilderParameters parameters)
      throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(new CertPathTrustManagerParameters(parameters));
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager extended) {
        return extended;
      }
    }
    throw new IllegalStateException("PKIX is missing from this Java runtime");
  }

  private X509ExtendedTrustManager managerFor(X509Certificate[] chain) throws CertificateException {
    if (clock.behind().isZero()) {
      return bySystemClock;
    }
    try {
      PKIXBuilderParameters parameters = trust.parameters();
      parameters.setDate(Date.from(clock.isEstimated() ? earliest(chain) : clock.instant()));
      return manager(parameters);
    } catch (GeneralSecurityException e) {
      throw new CertificateException("PKIX is missing from this Java runtime", e);
    }
  }

  /** The earliest time from the floor on at which none of these begins later. */
  private Instant earliest(X509Certificate[] chain) {
    Instant earliest = clock.floor();
    for (X509Certificate certificate : chain) {
      Instant beginning = certificate.getNotBefore().toInstant();
      earliest = beginning.isAfter(earliest) ? beginning : earliest;
    }
    return earliest;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    managerFor(chain).checkServerTrusted(chain, authType, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    managerFor(chain).checkServerTrusted(chain, authType, engine);
    checkName(chain[0], engine.getPeerHost());
  }

  /**
   * Java's own look at the name, asked for by an algorithm for endpoints, first reads all roots of
   * the world that come with it: a third of what starting a device allocates, and to no use here.
   */
  private static void checkName(X509Certificate server, @Nullable String host)
      throws CertificateException {
    if (host == null || !ServerName.of(host).isNamedBy(server)) {
      throw new CertificateException(
          "certificate: not for " + host + " (expected: one that names it)");
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    managerFor(chain).checkServerTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    throw new CertificateException("a device serves nobody");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("a device serves nobody");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("a device serves nobody");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return bySystemClock.getAcceptedIssuers();
  }
}
