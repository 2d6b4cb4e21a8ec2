/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.ClaimRecord;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.Identification;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.inventory.PendingEnrollment;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistrarTest {
  private static final String URN = "urn:muster:default:acme-sn1";
  private static final X500Principal NOBODY = new X500Principal("");
  private static final Instant NOW = Instant.now();
  private static final Instant EARLIER = NOW.minusSeconds(60);
  private static final Instant LATER = NOW.plusSeconds(60);
  private static final Duration GRACE = Duration.ofHours(2);
  private static final TestPki.Credential CA = TestPki.root("CN=CA");
  private static final TestPki.Credential OLD =
      CA.issue("CN=acme-sn1,O=default,OU=device").uri(URN).build();
  private static final VerifiedCsr CSR = csr(List.of(), List.of());
  private static final Fingerprint FACTORY_KEY = Fingerprint.of(TestPki.newKey().getPublic());
  private static final Fingerprint OTHER_KEY = Fingerprint.of(TestPki.newKey().getPublic());
  private static final DeviceId ID = new DeviceId("acme-sn1");
  private static final Optional<DeviceId> HOLDER = Optional.of(new DeviceId("acme-sn0"));
  private static final CertificateRecord PRESENTED = record(ID, CertificateStatus.ACTIVE, null);
  private static final HookVerdict CHOICE =
      new HookVerdict.Allow(new FleetName("south"), new DeviceId("valve-1"));
  private static final FleetName FLEET = new FleetName("default");

  private static final DeviceProfile SHORT =
      new DeviceProfile("short", Duration.ofHours(72), List.of(KeyKind.P256), List.of(FLEET));
  private static final DeviceProfile FOREIGN = new DeviceProfile(
      "foreign", Duration.ofHours(72), List.of(KeyKind.P256), List.of(new FleetName("x")));
  private static final DeviceProfile OTHER_KEYS = new DeviceProfile(
      "other-keys", Duration.ofHours(72), List.of(KeyKind.P384, KeyKind.RSA), List.of());
  private static final Profiles PROFILES =
      new Profiles(DeviceProfile.base(Duration.ofDays(30)), List.of(SHORT, FOREIGN, OTHER_KEYS));

  private final Registrar registrar = registrar(false);

  private static Registrar registrar(boolean keyReuse) {
    return new Registrar(new AdmissionConfig(FLEET, keyReuse, PROFILES.named()), PROFILES);
  }

  private static VerifiedCsr csr(List<VerifiedCsr.Name> names, List<String> uris) {
    return csr(subject(names), names, uris);
  }

  private static VerifiedCsr csr(
      X500Principal subject, List<VerifiedCsr.Name> names, List<String> uris) {
    return new VerifiedCsr(TestPki.newKey().getPublic(), subject, names, uris, List.of());
  }

  private static VerifiedCsr withOldKey() {
    return new VerifiedCsr(
        OLD.certificate().getPublicKey(), NOBODY, List.of(), List.of(), List.of());
  }

  /** As UTF8Strings, as our certificates have them. */
  private static X500Principal subject(List<VerifiedCsr.Name> names) {
    try {
      String text = names.stream()
          .map(name -> name.type() + "=" + name.value())
          .collect(Collectors.joining(","));
      return new X500Principal(new X500Name(text).getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the registry knows, changed one by one. */
  private static final class World {
    Admission admission = Admission.AUTO;
    String serial = "SN1";

    @Nullable Fingerprint factoryKey = FACTORY_KEY;

    ShownClaim claim = ShownClaim.NONE;
    VerifiedCsr csr = CSR;

    Label label = Label.NONE;
    HookVerdict hook = HookVerdict.INDIFFERENT;

    @Nullable String profile;

    Optional<ManifestEntry> announced = Optional.empty();
    Optional<DeviceRecord> device = Optional.empty();
    Optional<DeviceId> holder = Optional.empty();
    boolean idTaken;
    List<CertificateRecord> certificates = new ArrayList<>();
    Optional<CertificateRecord> sameKey = Optional.empty();
    boolean reserved;
    Optional<PendingEnrollment> pending = Optional.empty();
    int waiting;
    RenewalTerms terms = RenewalTerms.STRICT;
    Instant now = NOW;

    World device(DeviceStatus status, NextKey nextKey) {
      device = Optional.of(new DeviceRecord(
          ID,
          FLEET,
          "acme",
          "SN1",
          FACTORY_KEY,
          status,
          nextKey,
          NOW,
          NOW,
          0,
          Identification.IDEVID));
      return this;
    }

    /** A device that has never had a certificate. */
    World waiting(int epoch) {
      device = Optional.of(new DeviceRecord(
          ID,
          FLEET,
          "acme",
          "SN1",
          FACTORY_KEY,
          DeviceStatus.PENDING,
          NextKey.JUDGED,
          NOW,
          null,
          epoch,
          Identification.IDEVID));
      return this;
    }

    World certificate(CertificateStatus status, @Nullable RevocationReason reason) {
      device(DeviceStatus.ACTIVE, NextKey.JUDGED);
      certificates.add(record(ID, status, reason));
      return this;
    }

    World pending(PendingEnrollment.State state, Duration age) {
      pending = Optional.of(
          new PendingEnrollment(ID, csr.keyFingerprint(), state, "", NOW.minus(age), NOW, null));
      return this;
    }

    World with(Consumer<World> change) {
      change.accept(this);
      return this;
    }

    RegistryFacts facts() {
      RegistryFacts facts = new RegistryFacts(
              announced, device, idTaken, certificates, sameKey, reserved, pending, waiting)
          .with(terms);
      return holder.map(facts::with).orElse(facts);
    }

    /** An hour after the end of all certificates. */
    World lapsed(Duration grace) {
      now = certificates.stream()
          .map(CertificateRecord::notAfter)
          .max(Comparator.naturalOrder())
          .orElseThrow()
          .plus(Duration.ofHours(1));
      terms = new RenewalTerms(grace, false);
      return this;
    }

    EnrollmentRequest.First first() {
      Manufacturer acme = new Manufacturer("acme", admission, null, List.of());
      return new EnrollmentRequest.First(
          acme,
          serial,
          factoryKey,
          List.of(new VerifiedCsr.Name("CN", "Widget")),
          csr,
          label,
          claim,
          hook);
    }

    EnrollmentRequest.Renewal renewal(CertificateStatus status) {
      return new EnrollmentRequest.Renewal(record(ID, status, null).under(profile), csr, label);
    }
  }

  private static CertificateRecord record(
      DeviceId device, CertificateStatus status, @Nullable RevocationReason reason) {
    return new CertificateRecord(
        "device",
        "device",
        null,
        device,
        null,
        0,
        NOW,
        status,
        reason,
        null,
        null,
        IssuedCertificate.of(OLD.certificate()));
  }

  /** Of fleet "north" now. */
  private static ClaimRecord claim(String manufacturer, @Nullable String serial) {
    return new ClaimRecord("c", manufacturer, serial, NOW, LATER, null, null, null, null);
  }

  private static ClaimRecord claim(
      Instant expiresAt,
      @Nullable Instant revokedAt,
      @Nullable Instant usedAt,
      @Nullable Fingerprint usedKey) {
    return new ClaimRecord(
        "c", "acme", "SN1", NOW, expiresAt, revokedAt, usedAt, usedAt == null ? null : ID, usedKey);
  }

  /** A device without an IDevID. */
  private static World claimed(World world) {
    world.factoryKey = null;
    world.claim = new ShownClaim(claim("acme", "SN1"), false);
    return world;
  }

  private static DeviceRecord transferred(NextKey nextKey) {
    return new DeviceRecord(
        ID,
        new FleetName("north"),
        "acme",
        "SN1",
        FACTORY_KEY,
        DeviceStatus.ACTIVE,
        nextKey,
        NOW,
        NOW,
        1,
        Identification.IDEVID);
  }

  private static VerifiedCsr named(String type, String value) {
    return csr(List.of(new VerifiedCsr.Name(type, value)), List.of());
  }

  private static Optional<ManifestEntry> announced(Fingerprint key) {
    return Optional.of(new ManifestEntry("SN1", null, null, null, key));
  }

  private static DeviceRecord device(
      @Nullable Fingerprint factoryKey, NextKey nextKey, @Nullable Instant enrolledAt) {
    return new DeviceRecord(
        ID,
        FLEET,
        "acme",
        "SN1",
        factoryKey,
        enrolledAt == null ? DeviceStatus.PENDING : DeviceStatus.ACTIVE,
        nextKey,
        EARLIER,
        enrolledAt,
        0,
        factoryKey == null ? Identification.CLAIM : Identification.IDEVID);
  }

  private static DeviceRecord neverEnrolled(DeviceRecord device) {
    return new DeviceRecord(
        device.id(),
        device.fleet(),
        device.manufacturer(),
        device.serial(),
        device.factoryKey(),
        device.status(),
        device.nextKey(),
        device.createdAt(),
        null,
        device.epoch(),
        device.identifiedBy());
  }

  private static Arguments row(String name, World world, String expected) {
    return Arguments.of(name, world, expected);
  }

  static List<Arguments> firstRequests() {
    ManifestEntry entry =
        new ManifestEntry("SN1", new FleetName("north"), new DeviceId("pump-7"), null);
    return List.of(
        row("auto", new World(), "issue acme-sn1 default"),
        row(
            "auto, label fits",
            new World().with(w -> w.label = new Label(FLEET, null)),
            "issue acme-sn1 default"),
        row(
            "auto, label of another",
            new World().with(w -> w.label = new Label(new FleetName("x"), null)),
            "FORBIDDEN label"),
        row(
            "registered, announced",
            new World().with(w -> {
              w.admission = Admission.REGISTERED;
              w.announced = Optional.of(entry);
            }),
            "issue pump-7 north"),
        row(
            "registered, not announced",
            new World().with(w -> w.admission = Admission.REGISTERED),
            "FORBIDDEN IDevID"),
        row(
            "announced with its key",
            new World().with(w -> w.announced = announced(FACTORY_KEY)),
            "issue acme-sn1 default"),
        row(
            "announced with another key",
            new World().with(w -> w.announced = announced(OTHER_KEY)),
            "defer true"),
        row(
            "announced with another key, known but never let in",
            new World().device(DeviceStatus.PENDING, NextKey.JUDGED).with(w -> {
              w.announced = announced(OTHER_KEY);
              w.device = w.device.map(RegistrarTest::neverEnrolled);
            }),
            "defer true"),
        row(
            "announced with another key, approved",
            new World()
                .pending(PendingEnrollment.State.APPROVED, Duration.ZERO)
                .with(w -> w.announced = announced(OTHER_KEY)),
            "issue acme-sn1 default superseding"),
        row(
            "announced with another key, let in before",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.SUPERSEDED)
                .with(w -> w.announced = announced(OTHER_KEY)),
            "issue acme-sn1 default"),
        row(
            "IDevID with another device's key",
            new World().with(w -> w.holder = HOLDER),
            "defer true beside acme-sn0"),
        row(
            "IDevID with another device's key, before its hook or a manifest is heard",
            new World()
                .with(w -> w.admission = Admission.REGISTERED)
                .with(w -> w.hook = new HookVerdict.Defer("later"))
                .with(w -> w.holder = HOLDER),
            "defer true beside acme-sn0"),
        row(
            "IDevID with another device's key, waits already",
            new World()
                .waiting(0)
                .pending(PendingEnrollment.State.WAITING, Duration.ZERO)
                .with(w -> w.holder = HOLDER),
            "defer true beside acme-sn0"),
        row(
            "IDevID with another device's key, known by a claim token only",
            new World()
                .with(w -> w.device = Optional.of(device(null, NextKey.JUDGED, EARLIER)))
                .with(w -> w.holder = HOLDER),
            "defer true beside acme-sn0"),
        row(
            "IDevID with another device's key, released",
            new World()
                .with(w -> w.device = Optional.of(device(FACTORY_KEY, NextKey.LET_IN, null)))
                .with(w -> w.holder = HOLDER),
            "defer true beside acme-sn0"),
        row(
            "IDevID with another device's key, approved",
            new World()
                .waiting(0)
                .pending(PendingEnrollment.State.APPROVED, Duration.ZERO)
                .with(w -> w.holder = HOLDER),
            "issue acme-sn1 default superseding"),
        row(
            "IDevID with another device's key, let in with it before",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.SUPERSEDED)
                .with(w -> w.holder = HOLDER),
            "issue acme-sn1 default"),
        row(
            "IDevID with another device's key, too many keys",
            new World().with(w -> w.holder = HOLDER).with(w -> w.waiting = 8),
            "TOO_MANY_PENDING alarm beside acme-sn0 device"),
        row("manual", new World().with(w -> w.admission = Admission.MANUAL), "defer false"),
        row(
            "manual, approved",
            new World()
                .with(w -> w.admission = Admission.MANUAL)
                .device(DeviceStatus.PENDING, NextKey.JUDGED)
                .pending(PendingEnrollment.State.APPROVED, Duration.ZERO),
            "issue acme-sn1 default superseding"),
        row(
            "manual, refused",
            new World()
                .with(w -> w.admission = Admission.MANUAL)
                .device(DeviceStatus.PENDING, NextKey.JUDGED)
                .pending(PendingEnrollment.State.REFUSED, Duration.ZERO),
            "FORBIDDEN publicKey"),
        row(
            "device refused",
            new World().device(DeviceStatus.REFUSED, NextKey.JUDGED),
            "FORBIDDEN device"),
        row(
            "device retired",
            new World().device(DeviceStatus.RETIRED, NextKey.JUDGED),
            "FORBIDDEN device"),
        row(
            "device released",
            new World()
                .certificate(CertificateStatus.ACTIVE, null)
                .device(DeviceStatus.ACTIVE, NextKey.LET_IN),
            "issue acme-sn1 default superseding"),
        row(
            "another IDevID",
            new World()
                .device(DeviceStatus.ACTIVE, NextKey.LET_IN)
                .with(w -> w.factoryKey = OTHER_KEY),
            "defer true"),
        row(
            "another IDevID, approved",
            new World()
                .device(DeviceStatus.ACTIVE, NextKey.JUDGED)
                .with(w -> w.factoryKey = OTHER_KEY)
                .pending(PendingEnrollment.State.APPROVED, Duration.ZERO),
            "issue acme-sn1 default superseding"),
        row(
            "claim required, none",
            new World().with(w -> w.claim = new ShownClaim(null, true)),
            "UNAUTHENTICATED claim token: none"),
        row(
            "claim required, good",
            new World().with(w -> w.claim = new ShownClaim(claim("acme", null), true)),
            "issue acme-sn1 default"),
        row(
            "claim for another device",
            new World().with(w -> w.claim = new ShownClaim(claim("acme", "SN2"), false)),
            "UNAUTHENTICATED claim token: not valid"),
        row(
            "claim of another manufacturer",
            new World().with(w -> w.claim = new ShownClaim(claim("other", null), false)),
            "UNAUTHENTICATED claim token: not valid"),
        row(
            "claim expired",
            new World().with(w -> w.claim = new ShownClaim(claim(NOW, null, null, null), false)),
            "UNAUTHENTICATED claim token: not valid"),
        row(
            "claim revoked",
            new World().with(w -> w.claim = new ShownClaim(claim(LATER, NOW, null, null), false)),
            "UNAUTHENTICATED claim token: not valid"),
        row(
            "claim used for another key",
            new World()
                .with(w -> w.claim = new ShownClaim(claim(LATER, null, NOW, OTHER_KEY), false)),
            "UNAUTHENTICATED claim token: not valid"),
        row(
            "claim used for this key, answer lost",
            new World().with(w -> {
              w.claim = new ShownClaim(claim(NOW, null, NOW, CSR.keyFingerprint()), false);
              w.sameKey = Optional.of(record(ID, CertificateStatus.ACTIVE, null));
            }),
            "repeat"),
        row("claim alone", claimed(new World()), "issue acme-sn1 default"),
        row(
            "claim alone, registered",
            claimed(new World()).with(w -> w.admission = Admission.REGISTERED),
            "issue acme-sn1 default"),
        row(
            "claim alone, manual",
            claimed(new World()).with(w -> w.admission = Admission.MANUAL),
            "defer false"),
        row(
            "claim alone, live certificate",
            claimed(new World()).certificate(CertificateStatus.ACTIVE, null),
            "defer true"),
        row("second key", new World().certificate(CertificateStatus.ACTIVE, null), "defer true"),
        row(
            "after revocation",
            new World().certificate(CertificateStatus.REVOKED, RevocationReason.KEY_COMPROMISE),
            "defer false"),
        row(
            "on hold",
            new World().certificate(CertificateStatus.HELD, RevocationReason.CERTIFICATE_HOLD),
            "defer false"),
        row(
            "of a CA that was compromised, whatever the admission",
            new World()
                .with(w -> w.admission = Admission.MANUAL)
                .certificate(CertificateStatus.REVOKED, RevocationReason.CA_COMPROMISE),
            "issue acme-sn1 default"),
        row(
            "of a CA that was compromised, and let in with a token once",
            new World()
                .with(w -> w.claim = new ShownClaim(null, true))
                .certificate(CertificateStatus.REVOKED, RevocationReason.CA_COMPROMISE),
            "issue acme-sn1 default"),
        row(
            "superseded",
            new World().certificate(CertificateStatus.REVOKED, RevocationReason.SUPERSEDED),
            "issue acme-sn1 default"),
        row(
            "transferred",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.AFFILIATION_CHANGED)
                .with(w -> w.device = Optional.of(transferred(NextKey.LET_IN))),
            "issue acme-sn1 north superseding"),
        row(
            "transferred, to be approved",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.AFFILIATION_CHANGED)
                .with(w -> w.device = Optional.of(transferred(NextKey.WAITS))),
            "defer false"),
        row(
            "transferred, to be approved, of a CA that was compromised",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.CA_COMPROMISE)
                .with(w -> w.device = Optional.of(transferred(NextKey.WAITS))),
            "defer false"),
        row(
            "transferred, to be approved, superseded",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.SUPERSEDED)
                .with(w -> w.device = Optional.of(transferred(NextKey.WAITS))),
            "defer false"),
        row(
            "transferred, to be approved, never enrolled",
            new World()
                .with(w -> w.device = Optional.of(neverEnrolled(transferred(NextKey.WAITS)))),
            "defer false"),
        row(
            "transferred, to be approved, another IDevID",
            new World()
                .with(w -> w.device = Optional.of(transferred(NextKey.WAITS)))
                .with(w -> w.factoryKey = OTHER_KEY),
            "defer true"),
        row(
            "let in with a token alone, released, an IDevID with another key than announced",
            new World()
                .with(w -> w.announced = announced(FACTORY_KEY))
                .with(w -> w.device = Optional.of(device(null, NextKey.LET_IN, EARLIER)))
                .with(w -> w.factoryKey = OTHER_KEY),
            "defer true"),
        row(
            "transferred, approved",
            new World()
                .with(w -> w.device = Optional.of(transferred(NextKey.WAITS)))
                .pending(PendingEnrollment.State.APPROVED, Duration.ZERO),
            "issue acme-sn1 north superseding"),
        row(
            "transferred, label of the fleet before",
            new World()
                .certificate(CertificateStatus.REVOKED, RevocationReason.AFFILIATION_CHANGED)
                .with(w -> w.device = Optional.of(transferred(NextKey.LET_IN)))
                .with(w -> w.label = new Label(FLEET, null)),
            "FORBIDDEN label"),
        row(
            "too many keys",
            new World().certificate(CertificateStatus.ACTIVE, null).with(w -> w.waiting = 8),
            "TOO_MANY_PENDING alarm device"),
        row(
            "same key",
            new World()
                .with(w -> w.sameKey = Optional.of(record(ID, CertificateStatus.ACTIVE, null))),
            "repeat"),
        row(
            "same key, revoked",
            new World()
                .with(w -> w.sameKey = Optional.of(record(ID, CertificateStatus.REVOKED, null))),
            "BAD_REQUEST publicKey"),
        row(
            "another's key",
            new World()
                .with(w -> w.sameKey =
                    Optional.of(record(new DeviceId("b"), CertificateStatus.ACTIVE, null))),
            "BAD_REQUEST publicKey"),
        row("a CA's key", new World().with(w -> w.reserved = true), "BAD_REQUEST publicKey"),
        row(
            "profile",
            new World().with(w -> w.label = new Label(null, SHORT)),
            "issue acme-sn1 default"),
        row(
            "profile of another fleet",
            new World().with(w -> w.label = new Label(null, FOREIGN)),
            "FORBIDDEN label"),
        row(
            "profile with other keys",
            new World().with(w -> w.label = new Label(null, OTHER_KEYS)),
            "BAD_REQUEST publicKey: p-256 (expected: p-384 or rsa)"),
        row(
            "hook refuses",
            new World().with(w -> w.hook = new HookVerdict.Refuse("stolen")),
            "FORBIDDEN device: refused by its operator's hook: stolen"),
        row(
            "hook defers",
            new World().with(w -> w.hook = new HookVerdict.Defer("later")),
            "defer false"),
        row(
            "hook defers, approved",
            new World()
                .device(DeviceStatus.PENDING, NextKey.JUDGED)
                .pending(PendingEnrollment.State.APPROVED, Duration.ZERO)
                .with(w -> w.hook = new HookVerdict.Defer("later")),
            "issue acme-sn1 default superseding"),
        row(
            "hook chooses",
            new World().with(w -> w.announced = Optional.of(entry)).with(w -> w.hook = CHOICE),
            "issue valve-1 south"),
        row(
            "hook chooses, device known",
            new World().device(DeviceStatus.ACTIVE, NextKey.JUDGED).with(w -> w.hook = CHOICE),
            "issue acme-sn1 default"),
        row(
            "hook chooses, device has but waited",
            new World().waiting(0).with(w -> w.hook = CHOICE),
            "issue acme-sn1 south"),
        row(
            "hook chooses, device was transferred while it waited",
            new World().waiting(1).with(w -> w.hook = CHOICE),
            "issue acme-sn1 default"),
        row(
            "hook chooses a taken name",
            new World().with(w -> w.idTaken = true).with(w -> w.hook = CHOICE),
            "FORBIDDEN device id"),
        row(
            "hook chooses a service's name",
            new World().with(w -> w.hook = new HookVerdict.Allow(null, new DeviceId("broker"))),
            "FORBIDDEN device id"),
        row(
            "hook chooses, CSR names the template",
            new World().with(w -> w.hook = CHOICE).with(w -> w.csr = named("CN", "acme-sn1")),
            "BAD_REQUEST CN"),
        row(
            "hook chooses another fleet than the label",
            new World().with(w -> w.hook = CHOICE).with(w -> w.label = new Label(FLEET, null)),
            "FORBIDDEN label"),
        row(
            "hook allows, second key",
            new World().certificate(CertificateStatus.ACTIVE, null).with(w -> w.hook = CHOICE),
            "defer true"),
        row(
            "hook allows, not announced",
            new World().with(w -> w.admission = Admission.REGISTERED).with(w -> w.hook = CHOICE),
            "FORBIDDEN IDevID"),
        row("name taken", new World().with(w -> w.idTaken = true), "FORBIDDEN device id"),
        row("unsafe serial", new World().with(w -> w.serial = "a/b"), "FORBIDDEN IDevID"),
        row("Kelvin sign", new World().with(w -> w.serial = "\u212A1"), "FORBIDDEN IDevID"),
        row(
            "CN is the id",
            new World().with(w -> w.csr = named("CN", "acme-sn1")),
            "issue acme-sn1 default"),
        row(
            "CN is the serial",
            new World().with(w -> w.csr = named("CN", "SN1")),
            "issue acme-sn1 default"),
        row(
            "CN copied",
            new World().with(w -> w.csr = named("CN", "Widget")),
            "issue acme-sn1 default"),
        row(
            "CN of another",
            new World().with(w -> w.csr = named("CN", "acme-sn2")),
            "BAD_REQUEST CN"),
        row("CN empty", new World().with(w -> w.csr = named("CN", "")), "issue acme-sn1 default"),
        row("O of another", new World().with(w -> w.csr = named("O", "x")), "BAD_REQUEST O"),
        row("OU service", new World().with(w -> w.csr = named("OU", "service")), "BAD_REQUEST OU"),
        row(
            "own URN",
            new World().with(w -> w.csr = csr(List.of(), List.of("urn:muster:default:acme-sn1"))),
            "issue acme-sn1 default"),
        row(
            "other URN",
            new World().with(w -> w.csr = csr(List.of(), List.of("urn:muster:default:b"))),
            "BAD_REQUEST subjectAltName"));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("firstRequests")
  void first(String name, World world, String expected) {
    check(registrar.decide(world.first(), world.facts(), NOW), expected);
  }

  /** A refusal says more than its row; what ends with an issued certificate is told to the end. */
  private static void check(EnrollmentDecision decision, String expected) {
    if (expected.startsWith("issue")) {
      assertThat(show(decision)).isEqualTo(expected);
    } else {
      assertThat(show(decision)).startsWith(expected);
    }
  }

  static List<Arguments> renewals() {
    List<VerifiedCsr.Name> full = List.of(
        new VerifiedCsr.Name("CN", "acme-sn1"),
        new VerifiedCsr.Name("O", "default"),
        new VerifiedCsr.Name("OU", "device"));
    List<VerifiedCsr.Name> reordered = List.of(full.get(2), full.get(1), full.get(0));
    World sameKey = known().with(w -> w.csr = withOldKey());
    // What the JDK makes of ASCII is a PrintableString.
    X500Principal printable = new X500Principal("OU=device,O=default,CN=acme-sn1");
    return List.of(
        row("empty subject", known(), "issue acme-sn1 default keeping"),
        row(
            "same subject",
            known().with(w -> w.csr = csr(full, List.of())),
            "issue acme-sn1 default keeping"),
        row(
            "reordered",
            known().with(w -> w.csr = csr(reordered, List.of())),
            "BAD_REQUEST subject"),
        row(
            "other string type",
            known().with(w -> w.csr = csr(printable, full, List.of())),
            "BAD_REQUEST subject"),
        row(
            "own URN",
            known().with(w -> w.csr = csr(full, List.of(URN))),
            "issue acme-sn1 default keeping"),
        row(
            "own URN twice",
            known().with(w -> w.csr = csr(full, List.of(URN, URN))),
            "BAD_REQUEST subjectAltName"),
        row("CN alone", known().with(w -> w.csr = named("CN", "acme-sn1")), "BAD_REQUEST subject"),
        row(
            "added URN",
            known().with(w -> w.csr = csr(full, List.of("urn:x"))),
            "BAD_REQUEST subjectAltName"),
        row("same key", sameKey, "BAD_REQUEST publicKey"),
        row(
            "answer lost",
            known().with(w -> w.sameKey = Optional.of(record(ID, CertificateStatus.ACTIVE, null))),
            "repeat"),
        row(
            "another's key",
            known()
                .with(w -> w.sameKey =
                    Optional.of(record(new DeviceId("b"), CertificateStatus.ACTIVE, null))),
            "BAD_REQUEST publicKey"),
        row("a CA's key", known().with(w -> w.reserved = true), "BAD_REQUEST publicKey"),
        row("retired", known().device(DeviceStatus.RETIRED, NextKey.JUDGED), "FORBIDDEN device"),
        row(
            "unknown device",
            known().with(w -> w.device = Optional.empty()),
            "FORBIDDEN certificate"),
        row(
            "certificate of the fleet before",
            known().with(w -> w.device = Optional.of(transferred(NextKey.LET_IN))),
            "FORBIDDEN certificate: not of fleet north"),
        row(
            "wrong label",
            known().with(w -> w.label = new Label(new FleetName("x"), null)),
            "FORBIDDEN label"),
        row("renewed already, answer lost", renewed(false), "issue acme-sn1 default keeping"),
        row("renewed already, successor used", renewed(true), "defer true"),
        row(
            "renewed already, successor renewed in turn",
            renewed(false)
                .with(w -> w.certificates.add(successor(w.certificates.get(1), NOW, null))),
            "defer true"),
        row(
            "renewed already, successor used, approved",
            renewed(true).pending(PendingEnrollment.State.APPROVED, Duration.ZERO),
            "issue acme-sn1 default superseding"),
        row(
            "renewed already, successor used, same request again",
            renewed(true).with(w -> w.sameKey = Optional.of(w.certificates.get(1))),
            "repeat"),
        row(
            "renewed already, successor used and taken back",
            renewed(true).with(w -> w.certificates.set(1, revoked(w.certificates.get(1)))),
            "issue acme-sn1 default keeping"),
        row(
            "renewed already, with the same key",
            known().with(w -> w.certificates.add(withOldKey(PRESENTED, NOW))),
            "issue acme-sn1 default keeping"),
        row(
            "a newer one that an operator let in",
            known().with(w -> w.certificates.add(another(null, LATER, null))),
            "defer true"),
        row(
            "the one before is still good",
            known().with(w -> w.certificates.add(another(null, EARLIER, EARLIER))),
            "issue acme-sn1 default keeping"),
        row("ended", known().lapsed(Duration.ZERO), "FORBIDDEN certificate: expired at "),
        row("ended, in the grace", known().lapsed(GRACE), "issue acme-sn1 default keeping"),
        row(
            "ended, past the grace",
            known().lapsed(Duration.ofMinutes(59)),
            "FORBIDDEN certificate: expired at "),
        row(
            "renewed already, answer lost, both ended, in the grace",
            renewed(false).lapsed(GRACE),
            "issue acme-sn1 default keeping"),
        row(
            "renewed already, successor used, both ended, in the grace",
            renewed(true).lapsed(GRACE),
            "defer true"),
        row(
            "renewed already, successor used and taken back, both ended, in the grace",
            renewed(true)
                .with(w -> w.certificates.set(1, revoked(w.certificates.get(1))))
                .lapsed(GRACE),
            "issue acme-sn1 default keeping"),
        row(
            "a newer one that an operator let in, both ended, in the grace",
            known().with(w -> w.certificates.add(another(null, LATER, null))).lapsed(GRACE),
            "defer true"),
        row(
            "barred",
            known().with(w -> w.terms = new RenewalTerms(Duration.ZERO, true)),
            "FORBIDDEN device: an operator has barred the renewals"),
        row(
            "barred, in the grace",
            known().lapsed(GRACE).with(w -> w.terms = new RenewalTerms(GRACE, true)),
            "FORBIDDEN device: an operator has barred the renewals"));
  }

  /** From the presented certificate, with a new key. */
  private static World renewed(boolean used) {
    return known().with(w -> w.certificates.add(successor(PRESENTED, NOW, used ? NOW : null)));
  }

  private static CertificateRecord successor(
      CertificateRecord of, Instant issuedAt, @Nullable Instant usedAt) {
    return another(of.serial(), issuedAt, usedAt);
  }

  /** With a key of its own. */
  private static CertificateRecord another(
      @Nullable String replaces, Instant issuedAt, @Nullable Instant usedAt) {
    return record(replaces, issuedAt, usedAt, TestPki.newKey());
  }

  private static CertificateRecord withOldKey(CertificateRecord of, Instant usedAt) {
    return record(
        of.serial(), NOW, usedAt, new KeyPair(OLD.certificate().getPublicKey(), OLD.key()));
  }

  private static CertificateRecord record(
      @Nullable String replaces, Instant issuedAt, @Nullable Instant usedAt, KeyPair key) {
    IssuedCertificate stored = IssuedCertificate.of(
        CA.issue("CN=acme-sn1,O=default,OU=device").key(key).uri(URN).build().certificate());
    return new CertificateRecord(
        "device",
        "device",
        null,
        ID,
        replaces,
        0,
        issuedAt,
        CertificateStatus.ACTIVE,
        null,
        null,
        usedAt,
        stored);
  }

  private static CertificateRecord revoked(CertificateRecord of) {
    return new CertificateRecord(
        of.issuer(),
        of.role(),
        of.profile(),
        of.device(),
        of.replaces(),
        of.shard(),
        of.issuedAt(),
        CertificateStatus.REVOKED,
        RevocationReason.CESSATION_OF_OPERATION,
        NOW,
        of.usedAt(),
        of.stored());
  }

  private static World known() {
    return new World().certificate(CertificateStatus.ACTIVE, null);
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("renewals")
  void renewal(String name, World world, String expected) {
    EnrollmentRequest request = world.renewal(CertificateStatus.ACTIVE);
    check(registrar.decide(request, world.facts(), world.now), expected);
  }

  @Test
  void renewal_keepsTheProfile_unlessTheLabelNamesAnother() {
    World world = known().with(w -> w.profile = "short");
    assertThat(PROFILES.of(world.renewal(CertificateStatus.ACTIVE))).isEqualTo(SHORT);
    world.label = new Label(null, OTHER_KEYS);
    assertThat(PROFILES.of(world.renewal(CertificateStatus.ACTIVE))).isEqualTo(OTHER_KEYS);
    world.label = new Label(FLEET, null);
    assertThat(PROFILES.of(world.renewal(CertificateStatus.ACTIVE))).isEqualTo(SHORT);
    world.profile = "gone from the settings";
    assertThat(PROFILES.of(world.renewal(CertificateStatus.ACTIVE))).isEqualTo(PROFILES.base());
  }

  @Test
  void renewal_labelOfAProfileOfAnotherFleet_isForbidden() {
    World world = known().with(w -> w.label = new Label(null, FOREIGN));
    assertThat(show(registrar.decide(world.renewal(CertificateStatus.ACTIVE), world.facts(), NOW)))
        .startsWith("FORBIDDEN label");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cacerts", "simpleenroll", "csrattrs", "fullcmc", "Short", "", "a/b"})
  void est_label_profileNamedLikeAnOperation_isRefused(String name) {
    assertThatThrownBy(
            () -> new DeviceProfile(name, Duration.ofDays(1), List.of(KeyKind.P256), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("profile: ");
  }

  @Test
  void est_label_fleetNamedLikeAnOperationOrAProfile_isRefused() {
    assertThatThrownBy(() -> new AdmissionConfig(new FleetName("cacerts"), false, List.of()))
        .hasMessageStartingWith("fleet: ");
    assertThatThrownBy(() -> new AdmissionConfig(new FleetName("short"), false, List.of(SHORT)))
        .hasMessageStartingWith("profile: ");
  }

  @Test
  void renewal_keyReuseAllowed_issues_andRepeatsALostAnswer() {
    Registrar lenient = registrar(true);
    CertificateRecord presented = record(ID, CertificateStatus.ACTIVE, null);
    World world = known().with(w -> w.csr = withOldKey());
    world.sameKey = Optional.of(presented);
    assertThat(show(lenient.decide(world.renewal(CertificateStatus.ACTIVE), world.facts(), NOW)))
        .isEqualTo("issue acme-sn1 default keeping");
    IssuedCertificate next = IssuedCertificate.of(
        CA.issue("CN=acme-sn1,O=default,OU=device").uri(URN).build().certificate());
    world.sameKey = Optional.of(
        CertificateRecord.issued("device", "device", ID, presented.serial(), NOW, next));
    assertThat(show(lenient.decide(world.renewal(CertificateStatus.ACTIVE), world.facts(), NOW)))
        .isEqualTo("repeat");
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.EnumSource(
      value = CertificateStatus.class,
      names = {"HELD", "REVOKED"})
  void renewal_withACertificateTakenBack_isForbidden(CertificateStatus status) {
    World world = known();
    assertThat(show(registrar.decide(world.renewal(status), world.facts(), NOW)))
        .startsWith("FORBIDDEN certificate");
  }

  @Test
  void renewal_withASupersededCertificate_raisesAnAlarm_ifTheDeviceHasAnotherKey() {
    EnrollmentRequest request = new EnrollmentRequest.Renewal(
        record(ID, CertificateStatus.REVOKED, RevocationReason.SUPERSEDED), CSR, Label.NONE);
    World without = new World().certificate(CertificateStatus.REVOKED, RevocationReason.SUPERSEDED);
    assertThat(refusal(registrar.decide(request, without.facts(), NOW)).cloneAlarm())
        .isEmpty();
    World with = without.with(w -> w.certificates.add(another(null, NOW, null)));
    assertThat(refusal(registrar.decide(request, with.facts(), NOW)).cloneAlarm())
        .contains("a certificate that was superseded by one with another key");
    World lapsed = with.lapsed(GRACE);
    assertThat(refusal(registrar.decide(request, lapsed.facts(), lapsed.now)).cloneAlarm())
        .as("which may be renewed still")
        .isPresent();
    World over = with.lapsed(Duration.ZERO);
    assertThat(refusal(registrar.decide(request, over.facts(), over.now)).cloneAlarm())
        .isEmpty();
  }

  private static EnrollmentDecision.Refuse refusal(EnrollmentDecision decision) {
    return (EnrollmentDecision.Refuse) decision;
  }

  @Test
  void defer_asksForMorePatienceTheLongerItTakes_withinLimits() {
    assertThat(retryAfter(Duration.ZERO)).isEqualTo(Duration.ofSeconds(5));
    assertThat(retryAfter(Duration.ofMinutes(4))).isEqualTo(Duration.ofMinutes(1));
    assertThat(retryAfter(Duration.ofDays(4))).isEqualTo(Duration.ofMinutes(15));
  }

  private Duration retryAfter(Duration age) {
    World world = known().pending(PendingEnrollment.State.WAITING, age);
    return ((EnrollmentDecision.Defer) registrar.decide(world.first(), world.facts(), NOW))
        .retryAfter();
  }

  private static String show(EnrollmentDecision decision) {
    if (decision instanceof EnrollmentDecision.Issue issue) {
      return "issue " + issue.subject().device() + " " + issue.subject().fleet()
          + switch (issue.supersede()) {
            case NONE -> "";
            case ALL_BUT_PRESENTED -> " keeping";
            case ALL -> " superseding";
          };
    }
    if (decision instanceof EnrollmentDecision.Repeat) {
      return "repeat";
    }
    if (decision instanceof EnrollmentDecision.Defer defer) {
      return "defer " + defer.cloneAlarm()
          + defer.holder().map(holder -> " beside " + holder).orElse("");
    }
    EnrollmentDecision.Refuse refuse = (EnrollmentDecision.Refuse) decision;
    return refuse.reason()
        + refuse.cloneAlarm().map(alarm -> " alarm").orElse("")
        + refuse.holder().map(holder -> " beside " + holder).orElse("")
        + " "
        + refuse.detail();
  }
}
