/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.eclipse.californium.core.coap.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * EST is decided in one place and only carried by two transports: each story is told over both, and
 * has the same answers, alarms and entries in the audit log.
 */
class EstTransportsIT {
  private static final TestPki.Credential SLOW = TestPki.root("O=Slow,CN=Slow CA");
  private static final TestPki.Credential LISTED = TestPki.root("O=Listed,CN=Listed CA");

  @TempDir
  static Path folder;

  private static final DeviceProfile SHORT_LIVED =
      new DeviceProfile("short", Duration.ofHours(72), List.of(KeyKind.P256), List.of());

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(
        folder,
        config -> RunningService.with(
            RunningService.with(
                config, new AdmissionConfig(new FleetName("default"), true, List.of(SHORT_LIVED))),
            CoapsConfig.on("127.0.0.1", 0)));
    service.addManufacturer("acme", service.factory, "auto");
    service.addManufacturer("slow", SLOW, "manual");
    service.addManufacturer("listed", LISTED, "registered");
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private enum Outcome {
    ISSUED,
    LATER,
    REFUSED,
    UNKNOWN
  }

  /**
   * What a device is told.
   *
   * @param again in how many seconds to ask again; 0 if nothing is said of that
   * @param text why not
   */
  private record Told(
      Outcome outcome, long again, String text, @Nullable X509Certificate certificate) {
    Told expect(Outcome expected, String words) {
      assertThat(outcome).as(text).isEqualTo(expected);
      assertThat(text).contains(words);
      assertThat(again > 0).as("again in %d s", again).isEqualTo(expected == Outcome.LATER);
      return this;
    }
  }

  enum Transport {
    HTTPS {
      @Override
      Told ask(TestPki.Credential identity, String csr, String label, boolean renews) {
        TestPki.write(folder, "identity", identity);
        RunningService.Http answer =
            service.enroll(label + (renews ? "simplereenroll" : "simpleenroll"), "identity", csr);
        Outcome outcome = switch (answer.status()) {
          case 200 -> Outcome.ISSUED;
          case 202 -> Outcome.LATER;
          case 403 -> Outcome.REFUSED;
          case 401 -> Outcome.UNKNOWN;
          default -> throw new AssertionError(answer);
        };
        return new Told(
            outcome,
            answer.header("Retry-After").map(Long::parseLong).orElse(0L),
            outcome == Outcome.ISSUED ? "" : answer.body(),
            outcome == Outcome.ISSUED
                ? certificate(Base64.getMimeDecoder().decode(answer.body()))
                : null);
      }
    },
    COAP {
      @Override
      Told ask(TestPki.Credential identity, String csr, String label, boolean renews) {
        try (CoapDevice client = new CoapDevice(service, identity)) {
          String root = label.isEmpty() ? "/est/" : "/.well-known/est/";
          Response answer =
              client.post(root + label + (renews ? "sren" : "sen"), service.read(csr + ".der"));
          Outcome outcome = switch (answer.getCode()) {
            case CHANGED -> Outcome.ISSUED;
            case SERVICE_UNAVAILABLE -> Outcome.LATER;
            case FORBIDDEN -> Outcome.REFUSED;
            case UNAUTHORIZED -> Outcome.UNKNOWN;
            default -> throw new AssertionError(answer);
          };
          return new Told(
              outcome,
              outcome == Outcome.LATER ? answer.getOptions().getMaxAge() : 0,
              outcome == Outcome.ISSUED ? "" : answer.getPayloadString(),
              outcome == Outcome.ISSUED ? certificate(answer.getPayload()) : null);
        }
      }
    };

    /**
     * @param csr the name of its files
     * @param label with a slash behind it; empty for none
     * @param renews or else it is a first key
     */
    abstract Told ask(TestPki.Credential identity, String csr, String label, boolean renews);

    Told enroll(TestPki.Credential identity, String csr) {
      return ask(identity, csr, "", false);
    }

    Told renew(TestPki.Credential identity, String csr) {
      return ask(identity, csr, "", true);
    }

    /** That nobody has over the other one. */
    String name(String stem) {
      return (stem + "-" + name()).toLowerCase(Locale.ROOT);
    }
  }

  private static X509Certificate certificate(byte[] certsOnly) {
    try {
      return (X509Certificate) CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(certsOnly))
          .iterator()
          .next();
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TestPki.Credential idevid(TestPki.Credential maker, String serial) {
    return maker.issue("CN=Widget,SERIALNUMBER=" + serial).build();
  }

  private static int waiting(String device) {
    return service.get("/devices/" + device).body().getJsonArray("pending").size();
  }

  private static String statusOf(@Nullable X509Certificate certificate) {
    return service
        .get("/certificates/" + RunningService.serialOf(certificate))
        .body()
        .getString("status");
  }

  @ParameterizedTest
  @EnumSource
  void firstKey_ofAMakerWhoseDevicesWait_isIssuedOnceApproved(Transport over) {
    String serial = over.name("waits");
    TestPki.Credential idevid = idevid(SLOW, serial);
    service.csr(serial, "/");
    over.enroll(idevid, serial).expect(Outcome.LATER, "");
    over.enroll(idevid, serial).expect(Outcome.LATER, "");
    assertThat(waiting("slow-" + serial)).isEqualTo(1);
    service.post("/devices/slow-" + serial + "/approve", new JsonObject());
    Told issued = over.enroll(idevid, serial).expect(Outcome.ISSUED, "");
    assertThat(over.enroll(idevid, serial).certificate()).isEqualTo(issued.certificate());
    assertThat(service.trace("slow-" + serial))
        .containsExactly(
            "enrollment.deferred by idevid: its manufacturer's devices need an approval",
            "device.approved by operator",
            "certificate.issued by idevid",
            "certificate.repeated by idevid");
  }

  @ParameterizedTest
  @EnumSource
  void firstKey_thatAnOperatorRefuses_isToldSo(Transport over) {
    String serial = over.name("unwanted");
    TestPki.Credential idevid = idevid(SLOW, serial);
    service.csr(serial, "/");
    over.enroll(idevid, serial).expect(Outcome.LATER, "");
    service.post(
        "/devices/slow-" + serial + "/refuse", new JsonObject().put("reason", "déjà sold"));
    over.enroll(idevid, serial).expect(Outcome.REFUSED, "refused by an operator: déjà sold");
    assertThat(service.trace("slow-" + serial))
        .containsExactly(
            "enrollment.deferred by idevid: its manufacturer's devices need an approval",
            "device.refused by operator: déjà sold",
            "enrollment.refused by idevid: device: refused by an operator: déjà sold");
  }

  @ParameterizedTest
  @EnumSource
  void secondKey_ofADeviceThatHasOne_waitsForAnOperator_andRaisesTheAlarm(Transport over) {
    String serial = over.name("clone");
    String device = "acme-" + serial;
    TestPki.Credential idevid = idevid(service.factory, serial);
    service.csr(serial, "/");
    Told first = over.enroll(idevid, serial).expect(Outcome.ISSUED, "");
    double alarms = service.count("muster.clone.alarms");
    String second = serial + "-second";
    service.csr(second, "/");
    over.enroll(idevid, second).expect(Outcome.LATER, "");
    over.enroll(idevid, second).expect(Outcome.LATER, "");
    assertThat(service.count("muster.clone.alarms")).isEqualTo(alarms + 1);
    assertThat(waiting(device)).isEqualTo(1);
    assertThat(statusOf(first.certificate())).isEqualTo("active");

    service.post("/devices/" + device + "/refuse", new JsonObject().put("reason", "a copy"));
    over.enroll(idevid, second).expect(Outcome.REFUSED, "refused by an operator: a copy");
    service.post("/devices/" + device + "/release", new JsonObject());
    Told released = over.enroll(idevid, second).expect(Outcome.ISSUED, "");
    assertThat(statusOf(first.certificate())).isEqualTo("revoked");
    assertThat(statusOf(released.certificate())).isEqualTo("active");
    assertThat(service.trace(device))
        .containsExactly(
            "certificate.issued by idevid",
            "enrollment.deferred by idevid: a second key for a device that has a certificate",
            "device.refused by operator: a copy",
            "enrollment.refused by idevid: publicKey: refused by an operator: a copy",
            "device.released by operator",
            "certificate.revoked by idevid: superseded",
            "certificate.issued by idevid");
  }

  @ParameterizedTest
  @EnumSource
  void device_thatWasNotAnnounced_isRefused_untilItIs(Transport over) {
    String serial = over.name("listed");
    TestPki.Credential idevid = idevid(LISTED, serial);
    service.csr(serial, "/");
    over.enroll(idevid, serial).expect(Outcome.REFUSED, "was not announced");
    service.postCsv("/manufacturers/listed/manifest", "serial,fleet\n" + serial + ",default\n");
    over.enroll(idevid, serial).expect(Outcome.ISSUED, "");
    assertThat(service.trace("listed-" + serial)).contains("certificate.issued by idevid");
  }

  /** RFC 7030, 3.2.2; RFC 9148, 4.1. */
  @ParameterizedTest
  @EnumSource
  void label_choosesTheProfile(Transport over) {
    String serial = over.name("short");
    service.csr(serial, "/");
    X509Certificate issued = over.ask(idevid(service.factory, serial), serial, "short/", false)
        .expect(Outcome.ISSUED, "")
        .certificate();
    assertThat(Duration.between(
            issued.getNotBefore().toInstant(), issued.getNotAfter().toInstant()))
        .isBetween(Duration.ofHours(72), Duration.ofHours(73));
  }

  @ParameterizedTest
  @EnumSource
  void device_ofNobodyWeKnow_isUnknown(Transport over) {
    String serial = over.name("stranger");
    service.csr(serial, "/");
    over.enroll(idevid(TestPki.root("O=Else,CN=Else CA"), serial), serial)
        .expect(Outcome.UNKNOWN, "client certificate: ");
    assertThat(service.get("/audit?limit=1000").body().encode()).contains(serial);
  }

  @ParameterizedTest
  @EnumSource
  void certificate_thatWasRevoked_isNotRenewed(Transport over) throws Exception {
    String serial = over.name("revoked");
    service.csr(serial, "/");
    X509Certificate issued =
        over.enroll(idevid(service.factory, serial), serial).certificate();
    TestPki.Credential ldevid =
        new TestPki.Credential(service.privateKey(serial), issued, List.of());
    service.csr(serial + "-next", "/");
    over.renew(ldevid, serial + "-next").expect(Outcome.ISSUED, "");
    service.post(
        "/certificates/" + RunningService.serialOf(issued) + "/revoke",
        new JsonObject().put("reason", "keyCompromise"));
    over.renew(ldevid, serial + "-next").expect(Outcome.REFUSED, "revoked");
    assertThat(service.trace("acme-" + serial))
        .containsExactly(
            "certificate.issued by idevid",
            "certificate.issued by device",
            "certificate.revoked by operator: keyCompromise",
            "enrollment.refused by device: certificate: revoked");
  }

  @Test
  void request_thatWaitsOverOneTransport_isFoundOverTheOther() {
    TestPki.Credential idevid = idevid(SLOW, "both");
    service.csr("both", "/");
    Transport.COAP.enroll(idevid, "both").expect(Outcome.LATER, "");
    Transport.HTTPS.enroll(idevid, "both").expect(Outcome.LATER, "");
    assertThat(waiting("slow-both")).isEqualTo(1);
    service.post("/devices/slow-both/approve", new JsonObject());
    Told issued = Transport.HTTPS.enroll(idevid, "both").expect(Outcome.ISSUED, "");
    assertThat(Transport.COAP.enroll(idevid, "both").certificate()).isEqualTo(issued.certificate());
  }
}
