/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.ScriptedTransport;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.est.EstOperation;
import dev.muster.testing.MovableClock;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices that a claim token lets in. */
class ClaimTokenTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String TOKEN = "00112233445566778899aabbccddeeff";

  @TempDir
  Path folder;

  private final ScriptedTransport transport = new ScriptedTransport();
  private final MovableClock clock = MovableClock.running();
  private final List<FleetDevice> devices = new ArrayList<>();
  private TestFleet fleet;
  private EstDouble est;

  @BeforeEach
  void startServer() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    est.registrar(request -> est.issueFor(TOKEN, request));
  }

  @AfterEach
  void stopAll() {
    devices.forEach(FleetDevice::close);
    est.close();
  }

  private FleetDevice.Builder builder() {
    return FleetDevice.builder()
        .enrollment(est.uri())
        .broker(URI.create("mqtts://localhost:8883"))
        .trust(fleet.trust())
        .stateDirectory(folder.resolve("state"))
        .timing(TestTiming.FAST)
        .transport(transport)
        .clock(clock);
  }

  private FleetDevice started(FleetDevice.Builder builder) {
    FleetDevice device = builder.build();
    devices.add(device);
    device.start();
    return device;
  }

  private void awaitLink(int number) {
    await().atMost(LIMIT).until(() -> transport.links().size() >= number);
  }

  private static void awaitReason(FleetDevice device, String part) {
    await().atMost(LIMIT).until(() -> device.reason().contains(part));
  }

  private Path file(String content) throws IOException {
    return Files.writeString(folder.resolve("claim-token"), content);
  }

  @Test
  void enroll_tokenAlone_isShownOnce_andFoundNowhereAfterwards() throws Exception {
    FleetDevice device = started(builder().claimToken(TOKEN));
    awaitLink(1);
    transport.links().get(0).connected(10);
    est.issuing(Clock.systemUTC(), Duration.ofDays(365));
    clock.advance(Duration.ofDays(26));
    await().atMost(LIMIT).until(() -> device.statistics().enrollments() == 2);

    assertThat(est.requests().get(0).client()).isNull();
    assertThat(est.requests().get(1).client()).as("renewed by its certificate").isNotNull();
    assertThat(est.shownClaims()).hasSize(1);
    assertThat(device.log().lines()).isNotEmpty().noneMatch(line -> line.contains(TOKEN));
    device.close();
    try (Stream<Path> files = Files.walk(folder.resolve("state"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain(TOKEN);
      }
    }
  }

  @Test
  void enroll_tokenBesidesTheIdevid_showsBoth() {
    started(builder().claimToken(TOKEN).factoryIdentity(fleet.factoryKey(), fleet.factoryChain()));
    awaitLink(1);

    assertThat(est.requests().get(0).client()).isNotNull();
    assertThat(est.requests().get(0).claim()).isEqualTo(TOKEN);
  }

  @Test
  void enroll_tokenRefused_isToldAndNotRetriedSoon() {
    FleetDevice device =
        started(builder().claimToken("another").timing(TestTiming.refusedFor(Duration.ofHours(2))));

    awaitReason(device, "401: claim token: not valid; next attempt in ");

    assertThat(device.state()).isEqualTo(DeviceState.BOOTSTRAPPING);
    String seconds = device.reason().replaceAll(".* in ([0-9]+) s", "$1");
    assertThat(Integer.parseInt(seconds)).isBetween(3_600, 3 * 3_600);
    assertThat(device.reason()).doesNotContain("another");
    assertThat(est.requests()).hasSize(1);
  }

  @Test
  void enroll_answerLost_asksAgainWithTheSameKeyAndToken() {
    est.registrar(request -> est.requests().size() == 1
        ? EstDouble.Answer.text(503, "busy")
        : est.issueFor(TOKEN, request));
    started(builder().claimToken(TOKEN));
    awaitLink(1);

    assertThat(est.shownClaims()).hasSize(2);
    assertThat(est.requests().get(1).key()).isEqualTo(est.requests().get(0).key());
  }

  @Test
  void enroll_fileWithAnotherToken_isReadAgain() throws Exception {
    Path file = file("wrong\n");
    FleetDevice device = started(builder().claimToken(file));
    awaitReason(device, "not valid");

    file(TOKEN + "\n");

    awaitLink(1);
  }

  @Test
  void enroll_fileWithoutAToken_isNamedAndNotShown() throws Exception {
    Path file = file("two words");
    FleetDevice device = started(builder().claimToken(file));
    awaitReason(device, file + ": claim token: 9 characters");
    assertThat(device.reason()).doesNotContain("two words");

    Files.delete(file);
    awaitReason(device, "no IDevID, and no claim token");
    Files.createDirectory(file);
    awaitReason(device, file + ": cannot be it");

    assertThat(est.requests()).isEmpty();
  }

  @Test
  void start_enrolledAndFileGone_usesTheCertificateItHas() throws Exception {
    Path file = file(TOKEN);
    FleetDevice device = started(builder().claimToken(file));
    awaitLink(1);
    device.close();
    Files.delete(file);

    started(builder().claimToken(file));

    awaitLink(2);
    assertThat(est.requests()).hasSize(1);
  }

  /** The token of a device that comes back after a year in a drawer is worth nothing any more. */
  @Test
  void expired_tokenUsedBefore_isNotShownAgain() throws Exception {
    Path file = file(TOKEN);
    FleetDevice first = started(builder().claimToken(file));
    awaitLink(1);
    first.close();
    clock.advance(Duration.ofDays(31));
    FleetDevice device = started(builder().claimToken(file));
    awaitReason(device, "no IDevID, and no claim token that was not used before");
    assertThat(est.requests()).hasSize(1);

    est.registrar(request -> est.issueFor("a-new-one", request))
        .issuing(Clock.systemUTC(), Duration.ofDays(365));
    file("a-new-one");

    awaitLink(2);
    assertThat(est.shownClaims()).hasSize(2);
  }

  @Test
  void expired_aTokenInMemoryIsForgotten() {
    FleetDevice device =
        started(builder().claimToken(TOKEN).timing(TestTiming.refusedFor(Duration.ofHours(2))));
    awaitLink(1);
    est.registrar(request -> EstDouble.Answer.text(403, "certificate: expired"));
    transport.links().get(0).ended(LinkEnd.Kind.EXPIRED, "certificate_expired");

    awaitReason(device, "no IDevID, and no claim token");
    assertThat(est.shownClaims()).hasSize(1);
  }

  @Test
  void build_noTrustAnchors_isRefused() {
    assertThatThrownBy(() -> FleetDevice.builder()
            .enrollment(est.uri())
            .broker(URI.create("mqtts://localhost:8883"))
            .stateDirectory(folder.resolve("state"))
            .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("trust: not set");
    assertThat(est.asked(EstOperation.CA_CERTS)).isZero();
  }

  @Test
  void build_neitherIdevidNorToken_orATokenThatCannotBeSent_isRefused() {
    assertThatThrownBy(() -> builder().build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("factoryIdentity, or claimToken: not set");
    assertThatThrownBy(() -> builder().claimToken("two words"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("two words");
  }
}
