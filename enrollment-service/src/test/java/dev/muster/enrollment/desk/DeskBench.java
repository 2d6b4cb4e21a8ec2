/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.audit.AuditTrail;
import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.BlockedKeys;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.registrar.Profiles;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.enrollment.revocation.CrlPublisher;
import dev.muster.enrollment.revocation.CrlShards;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.MovableClock;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.conscrypt.Conscrypt;

/** A desk with its registry, and no network. */
final class DeskBench implements AutoCloseable {
  /** Tests make many keys. */
  private static final Provider FAST = Conscrypt.newProvider();

  final TestPki.Credential factory =
      TestPki.root("O=Acme,CN=Acme Device Root " + UUID.randomUUID());
  final CertificateAuthorities authorities;
  final Registry registry;
  final TrustView trust;
  final EnrollmentDesk desk;
  final CrlPublisher publisher;
  final Revocations revocations;
  final Departures departures;
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  final MovableClock clock = MovableClock.running();

  DeskBench(Path folder) {
    this(folder, new StorageConfig(folder.resolve("db")), Duration.ofDays(1));
  }

  DeskBench(Path folder, StorageConfig storage, Duration validity) {
    this(folder, storage, validity, Duration.ofHours(2));
  }

  /** @param crlValidity half of which is the time after which a CRL is due anew */
  DeskBench(Path folder, StorageConfig storage, Duration validity, Duration crlValidity) {
    this(folder, storage, validity, crlValidity, CaConfig.DEFAULT);
  }

  /** @param ca where the keys of the CAs are */
  DeskBench(
      Path folder, StorageConfig storage, Duration validity, Duration crlValidity, CaConfig ca) {
    if (!Files.exists(folder.resolve("ca"))) {
      CertificateAuthorities.create(folder.resolve("ca"), ca, clock);
    }
    authorities = CertificateAuthorities.open(folder.resolve("ca"), ca);
    registry = Registry.open(storage);
    FleetName fleet = new FleetName("default");
    trust = new TrustView(registry, new AdmissionConfig(fleet, false, List.of()), clock);
    publisher = new CrlPublisher(
        registry, authorities::crlSigners, crlValidity, crlValidity.dividedBy(2), clock);
    CrlShards shards =
        new CrlShards(registry, publisher, "http://localhost", 1000, work -> {}, clock);
    shards.refill("device");
    revocations = new Revocations(registry, publisher, clock);
    departures = new Departures(registry, publisher, clock);
    Profiles profiles = new Profiles(DeviceProfile.base(validity), List.of());
    desk = new EnrollmentDesk(
        registry,
        trust,
        authorities,
        new Registrar(new AdmissionConfig(fleet, false, List.of()), profiles),
        profiles,
        shards,
        clock,
        meters,
        new DeskRules(
            CryptoProviders.fastest(),
            BlockedKeys.NONE,
            false,
            null,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE),
        new EnrollmentDesk.Heard(publisher::publishSoon, this::used));
    addManufacturer("acme", factory.certificate());
  }

  /** A certificate of which the registrar hears that somebody has come with it. */
  private void used(String serial) {
    registry.commit(tables -> {
      tables.certificates().used(List.of(serial), clock.instant());
      return serial;
    });
  }

  /** As a broker tells of those who connect. */
  void connected(X509Certificate certificate) {
    used(serial(certificate));
  }

  void addManufacturer(String name, X509Certificate... cas) {
    save(new Manufacturer(name, Admission.AUTO, null, List.of(cas)));
  }

  void save(Manufacturer manufacturer) {
    registry.commit(tables -> {
      tables.manufacturers().changing();
      tables.manufacturers().save(manufacturer, Instant.now());
      return manufacturer;
    });
    trust.refresh();
  }

  Manufacturer manufacturer(String name) {
    return registry.read(tables -> tables.manufacturers().find(name)).orElseThrow();
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", FAST);
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] csr(KeyPair keys) {
    try {
      return new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic())
          .build(new JcaContentSignerBuilder("SHA256withECDSA")
              .setProvider(FAST)
              .build(keys.getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  EnrollmentOutcome enroll(TestPki.Credential idevid) {
    return desk.enroll(caller(idevid.chain()), Label.NONE, csr(newKey()));
  }

  static Caller caller(List<X509Certificate> chain) {
    return new Caller(chain, "test", ChannelBinding.unknown());
  }

  /** A new device's first certificate. */
  X509Certificate enrolled(String serial) {
    TestPki.Credential idevid =
        factory.issue("SERIALNUMBER=" + serial).withoutUsages().build();
    return issued(enroll(idevid));
  }

  EnrollmentOutcome renew(X509Certificate presented) {
    return desk.reenroll(caller(List.of(presented)), Label.NONE, csr(newKey()));
  }

  static X509Certificate issued(EnrollmentOutcome outcome) {
    if (outcome instanceof EnrollmentOutcome.Issued issued) {
      return issued.certificate();
    }
    throw new AssertionError(outcome.toString());
  }

  static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }

  /** The serial numbers with which a device can carry on. */
  List<String> live(String device) {
    return live(device, Instant.now());
  }

  List<String> live(String device, Instant now) {
    return registry.read(tables -> tables.certificates().of(new DeviceId(device)).stream()
        .filter(record -> record.isLive(now))
        .map(CertificateRecord::serial)
        .toList());
  }

  /** Where the audit log was signed, oldest first. */
  List<AuditTrail.StoredCheckpoint> checkpoints() {
    return registry.read(tables -> tables.audit().checkpoints(0, Integer.MAX_VALUE));
  }

  /** The serial numbers on a CRL of the device CA that is made now. */
  Set<String> listed() {
    byte[] der = publisher.publish("device").orElseThrow().der().getBytes();
    try {
      X509CRL crl = (X509CRL)
          CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
      return Stream.ofNullable(crl.getRevokedCertificates())
          .flatMap(Set::stream)
          .map(entry -> entry.getSerialNumber().toString(16))
          .collect(Collectors.toSet());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    registry.close();
  }
}
