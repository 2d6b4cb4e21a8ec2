/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.UserError;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.DistinguishedName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRL;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Operators' certificates of another CA than ours: of {@code OU=operator}, under one of its
 * certificates (RFC 5280, 6), and not on its CRL. Without a CRL that is good now nobody comes in.
 */
public final class CertificatesOfCa implements OperatorCertificates {
  private static final Logger LOG = LoggerFactory.getLogger(CertificatesOfCa.class);
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
  private static final int MAX_CHAIN = 6;

  private final List<X509Certificate> anchors;
  private final Path crl;
  private final Clock clock;

  /**
   * @param crl read at each request: it is replaced from time to time
   * @throws UserError if one of the files cannot be read
   */
  public CertificatesOfCa(Path ca, Path crl, Clock clock) {
    this.crl = crl;
    this.clock = clock;
    try {
      this.anchors = PemFile.certificates(ca);
      crls();
    } catch (UncheckedIOException
        | IllegalArgumentException
        | IOException
        | GeneralSecurityException e) {
      throw new UserError("operators.certificateCa: " + ca + ", " + crl
          + " not readable (expected: its certificates, PEM, and its CRL, PEM or DER)");
    }
  }

  /** To be named to clients. */
  public List<X509Certificate> issuers() {
    return anchors;
  }

  @Override
  public Optional<Name> find(List<X509Certificate> chain) {
    if (chain.isEmpty() || chain.size() > MAX_CHAIN) {
      return Optional.empty();
    }
    X509Certificate shown = chain.get(0);
    try {
      DistinguishedName name = DistinguishedName.of(shown.getSubjectX500Principal());
      if (!name.organizationalUnit().filter("operator"::equals).isPresent()
          || !isForClients(shown)) {
        return Optional.empty();
      }
      // Nobody has the list read who has no certificate of that CA.
      validate(chain, false);
      validate(chain, true);
      return name.commonName().map(operator -> new Name(operator, null));
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      LOG.warn("Operator's certificate refused reason=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  private void validate(List<X509Certificate> chain, boolean revocation)
      throws GeneralSecurityException, IOException {
    List<X509Certificate> path = path(chain);
    if (path.isEmpty()) {
      // A path of nothing is valid, and would be looked up on no list.
      throw new CertificateException("the CA's own certificate");
    }
    CertPathValidator.getInstance("PKIX")
        .validate(
            CertificateFactory.getInstance("X.509").generateCertPath(path), rules(revocation));
  }

  /** Without the anchor, which clients send along or not. */
  private List<X509Certificate> path(List<X509Certificate> chain) {
    return chain.stream().filter(one -> !anchors.contains(one)).toList();
  }

  private PKIXParameters rules(boolean revocation) throws GeneralSecurityException, IOException {
    Set<TrustAnchor> trusted =
        anchors.stream().map(one -> new TrustAnchor(one, null)).collect(Collectors.toSet());
    PKIXParameters rules = new PKIXParameters(trusted);
    rules.setDate(Date.from(clock.instant()));
    rules.setRevocationEnabled(revocation);
    if (revocation) {
      rules.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(crls())));
    }
    return rules;
  }

  private Collection<? extends CRL> crls() throws GeneralSecurityException, IOException {
    try (InputStream file = Files.newInputStream(crl)) {
      return CertificateFactory.getInstance("X.509").generateCRLs(file);
    }
  }

  private static boolean isForClients(X509Certificate certificate) throws GeneralSecurityException {
    List<String> purposes = certificate.getExtendedKeyUsage();
    return certificate.getBasicConstraints() < 0
        && purposes != null
        && purposes.contains(CLIENT_AUTH);
  }
}
