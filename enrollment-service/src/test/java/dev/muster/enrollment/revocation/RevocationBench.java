/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CertificateProfile;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.testing.MovableClock;
import dev.muster.testing.TestPki;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;

/** A registry, its issuing CAs and their CRLs, on a clock that the test moves. */
public final class RevocationBench implements AutoCloseable {
  static final Duration VALIDITY = Duration.ofHours(24);
  static final Duration INTERVAL = Duration.ofHours(1);
  static final String BASE = "http://crl.example.com";

  public final MovableClock clock = MovableClock.at(Instant.now());
  public final CertificateAuthorities authorities;
  public final Registry registry;
  final CrlPublisher publisher;
  final CrlShards shards;
  public final Revocations revocations;

  public RevocationBench(Path folder) {
    this(folder, RevocationConfig.MAX_SHARD_SIZE);
  }

  RevocationBench(Path folder, int shardSize) {
    CertificateAuthorities.create(folder.resolve("ca"), clock);
    authorities = CertificateAuthorities.open(folder.resolve("ca"));
    registry = Registry.open(new StorageConfig(folder.resolve("db")));
    publisher = newPublisher();
    publisher.publishAll();
    shards = newShards(publisher, shardSize);
    shards.refill("device");
    revocations = new Revocations(registry, publisher, clock);
  }

  /** As another process on the same database would have one. */
  CrlPublisher newPublisher() {
    return newPublisher(issuer -> issuer);
  }

  /** @param change of each issuer */
  CrlPublisher newPublisher(UnaryOperator<CertificateIssuer> change) {
    return new CrlPublisher(
        registry,
        () -> {
          Map<String, CertificateIssuer> issuers = authorities.issuers();
          issuers.replaceAll((id, issuer) -> change.apply(issuer));
          return issuers;
        },
        VALIDITY,
        INTERVAL,
        clock);
  }

  CrlShards newShards(CrlPublisher on, int shardSize) {
    return new CrlShards(registry, on, BASE, shardSize, Runnable::run, clock);
  }

  public X509Certificate issue(Duration validity) {
    return issue(shards, validity);
  }

  X509Certificate issue(CrlShards places, Duration validity) {
    CertificateIssuer issuer = authorities.deviceIssuer();
    StatusPlaces.Place place = places.next(issuer.id());
    IssuedCertificate issued = issuer.issue(
        CertificateProfile.service("probe", "service", null, validity, place.urls()),
        TestPki.newKey().getPublic(),
        clock.instant());
    registry.commit(tables -> {
      tables
          .certificates()
          .insert(
              CertificateRecord.issued(issuer.id(), "service", null, null, clock.instant(), issued)
                  .in(place.shard()));
      return place;
    });
    return issued.certificate();
  }

  public Revocations.Outcome revoke(X509Certificate certificate, RevocationReason reason) {
    return revocations.revoke(Actor.SYSTEM, serial(certificate), reason);
  }

  public static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }

  X509CRL crl() {
    return parse(publisher.current("device").orElseThrow().der());
  }

  X509CRL crl(int shard) {
    return parse(publisher.current("device", shard).orElseThrow().der());
  }

  /** The shard that a certificate names. */
  static int shardOf(X509Certificate certificate) {
    String url = distributionPoint(certificate);
    return CrlPaths.parse(url.substring(BASE.length())).orElseThrow().shard();
  }

  static String distributionPoint(X509Certificate certificate) {
    try {
      DistributionPoint point = CRLDistPoint.getInstance(JcaX509ExtensionUtils.parseExtensionValue(
              certificate.getExtensionValue(Extension.cRLDistributionPoints.getId())))
          .getDistributionPoints()[0];
      return GeneralNames.getInstance(point.getDistributionPoint().getName())
          .getNames()[0]
          .getName()
          .toString();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509CRL parse(Buffer der) {
    try {
      return (X509CRL) CertificateFactory.getInstance("X.509")
          .generateCRL(new ByteArrayInputStream(der.getBytes()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    registry.close();
  }
}
