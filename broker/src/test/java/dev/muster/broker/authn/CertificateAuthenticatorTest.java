/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authn.CertificateAuthenticator.Connect;
import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CertificateAuthenticatorTest {
  private static final PolicyFile POLICY = PolicyFile.parse("default", DefaultPolicy.yaml());
  private static final Credential ROOT = TestPki.root("CN=Root");
  private static final Credential DEVICE_CA = ROOT.issue("CN=Device CA").ca().build();
  private static final Credential SERVICE_CA = ROOT.issue("CN=Service CA").ca().build();
  private static final IssuingAuthorities ISSUERS = IssuingAuthorities.of(
      Map.of("device", DEVICE_CA.certificate(), "service", SERVICE_CA.certificate()));

  private RevocationView view;

  @BeforeEach
  void makeView() {
    view = new RevocationView(ISSUERS, Duration.ofHours(1), Clock.systemUTC());
    assertThat(offer(1)).isInstanceOf(RevocationView.Offer.Applied.class);
    view.offer("service", TestPki.crl(SERVICE_CA, 1, Duration.ofDays(1), List.of()));
  }

  private RevocationView.Offer offer(long number, BigInteger... serials) {
    return view.offer(
        "device", TestPki.crl(DEVICE_CA, number, Duration.ofDays(1), List.of(serials)));
  }

  private String connect(Credential credential, String clientId) {
    return connect(
        credential, new Connect(credential.chain(), clientId, false, 60), Clock.systemUTC());
  }

  private String connect(Credential credential, Connect connect, Clock clock) {
    CertificateAuthenticator authenticator =
        new CertificateAuthenticator(view, () -> POLICY, 1_200, clock);
    Outcome outcome = authenticator.authenticate(connect);
    return outcome instanceof Outcome.Refused refused
        ? refused.refusal() + " " + refused.detail()
        : ((Outcome.Admitted) outcome).policy().roles().toString();
  }

  private static Credential device() {
    return DEVICE_CA.issue("CN=d1,O=f1,OU=device").build();
  }

  @Test
  void device_andConsumer_areAdmitted() {
    assertThat(connect(device(), "d1")).isEqualTo("[device]");
    assertThat(connect(SERVICE_CA.issue("CN=c,OU=consumer").build(), "c:1"))
        .isEqualTo("[consumer]");
  }

  @Test
  void issuer_decidesBeforeTheSubject() {
    Credential twin = TestPki.root("CN=Root").issue("CN=Device CA").ca().build();
    assertThat(connect(twin.issue("CN=d1,O=f1,OU=device").build(), "d1"))
        .startsWith("NOT_AUTHORIZED certificate of an unknown CA");
    assertThat(connect(SERVICE_CA.issue("CN=d1,O=f1,OU=device").build(), "d1"))
        .startsWith("NOT_AUTHORIZED no role");
    assertThat(connect(DEVICE_CA.issue("CN=c,OU=consumer").build(), "c"))
        .startsWith("NOT_AUTHORIZED subject:");
    assertThat(connect(device().issue("CN=d2,O=f1,OU=device").build(), "d2"))
        .startsWith("NOT_AUTHORIZED certificate of an unknown CA");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CN=d1,OU=device",
        "CN=d1,O=f1,OU=Device",
        "CN=D1,O=f1,OU=device",
        "CN=d1,CN=d2,O=f1,OU=device",
        "CN=d1+serialNumber=7,O=f1,OU=device",
        "CN=d1,O=f1,OU=device,L=x",
        "CN=d1\\/x,O=f1,OU=device",
        "CN=\\+,O=f1,OU=device"
      })
  void subject_thatIsNotExactlyADevice_isRefused(String subject) {
    assertThat(connect(DEVICE_CA.issue(subject).build(), "d1")).startsWith("NOT_AUTHORIZED");
  }

  @Test
  void useAndValidity_areChecked() {
    assertThat(connect(DEVICE_CA.issue("CN=d1,O=f1,OU=device").server().build(), "d1"))
        .contains("not made for TLS clients");
    assertThat(connect(DEVICE_CA.issue("CN=d1,O=f1,OU=device").ca().build(), "d1"))
        .contains("not made for TLS clients");
    Credential device = device();
    Connect connect = new Connect(device.chain(), "d1", false, 60);
    assertThat(connect(device, connect, at(Duration.ofHours(25)))).contains("expired at");
    assertThat(connect(device, connect, at(Duration.ofHours(-1)))).contains("not valid before");
  }

  private static Clock at(Duration offset) {
    return Clock.fixed(Instant.now().plus(offset), ZoneOffset.UTC);
  }

  @Test
  void revoked_isRefused_andGoodAgainIsNot() {
    Credential device = device();
    BigInteger serial = device.certificate().getSerialNumber();
    assertThat(offer(2, serial)).isInstanceOf(RevocationView.Offer.Applied.class);
    assertThat(connect(device, "d1")).isEqualTo("NOT_AUTHORIZED certificate revoked");
    assertThat(offer(1)).isInstanceOf(RevocationView.Offer.NotNewer.class);
    assertThat(connect(device, "d1")).isEqualTo("NOT_AUTHORIZED certificate revoked");
    assertThat(offer(3)).isInstanceOf(RevocationView.Offer.Applied.class);
    assertThat(connect(device, "d1")).isEqualTo("[device]");
  }

  @Test
  void withoutUsableCrl_isUnavailable_notUnauthorized() {
    view = new RevocationView(ISSUERS, Duration.ofHours(1), Clock.systemUTC());
    assertThat(connect(device(), "d1")).startsWith("UNAVAILABLE");
    view = new RevocationView(ISSUERS, Duration.ofHours(1), at(Duration.ofHours(26)));
    offer(1);
    assertThat(view.problem().orElseThrow()).contains("CRL of the device CA is too old");
    assertThat(connect(device(), "d1")).startsWith("UNAVAILABLE");
  }

  @Test
  void crl_ofAnotherCaOrBroken_isRefused() {
    byte[] foreign = TestPki.crl(SERVICE_CA, 9, Duration.ofDays(1), List.of());
    assertThat(view.offer("device", foreign)).isInstanceOf(RevocationView.Offer.Refused.class);
    assertThat(view.offer("device", new byte[0])).isInstanceOf(RevocationView.Offer.Refused.class);
    assertThat(view.offer("other", foreign)).isInstanceOf(RevocationView.Offer.Refused.class);
    assertThat(view.epoch()).isEqualTo(2);
  }

  @Test
  void device_ofTheNextCa_isTheSamePrincipal_andOfADroppedOneNobody() {
    Credential next = ROOT.issue("CN=Device CA 2").ca().build();
    Credential renewed = next.issue("CN=d1,O=f1,OU=device").build();
    assertThat(connect(renewed, "d1")).contains("unknown CA");
    view.follow(IssuingAuthorities.of(Map.of(
        "device",
        DEVICE_CA.certificate(),
        "device-2",
        next.certificate(),
        "service",
        SERVICE_CA.certificate())));
    assertThat(connect(device(), "d1"))
        .as("CRLs of those that stay are kept")
        .isEqualTo("[device]");
    assertThat(connect(renewed, "d1")).startsWith("UNAVAILABLE no valid CRL of the device-2 CA");
    byte[] foreign = TestPki.crl(DEVICE_CA, 9, Duration.ofDays(1), List.of());
    assertThat(view.offer("device-2", foreign)).isInstanceOf(RevocationView.Offer.Refused.class);
    view.offer("device-2", TestPki.crl(next, 1, Duration.ofDays(1), List.of()));
    assertThat(connect(renewed, "d1")).isEqualTo("[device]");
    view.follow(IssuingAuthorities.of(
        Map.of("device-2", next.certificate(), "service", SERVICE_CA.certificate())));
    assertThat(connect(device(), "d1")).startsWith("NOT_AUTHORIZED certificate of an unknown CA");
    assertThat(connect(renewed, "d1")).isEqualTo("[device]");
  }

  @Test
  void keepAliveZero_isRefusedBeforeMqtt5() {
    Credential device = device();
    assertThat(connect(device, new Connect(device.chain(), "d1", false, 0), Clock.systemUTC()))
        .contains("keep-alive");
    assertThat(connect(device, new Connect(device.chain(), "d1", true, 0), Clock.systemUTC()))
        .isEqualTo("[device]");
    assertThat(connect(device, new Connect(List.of(), "d1", true, 60), Clock.systemUTC()))
        .contains("no client certificate");
    assertThat(connect(device, "")).startsWith("CLIENT_ID_NOT_VALID");
  }
}
