/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.issuance.IssuanceException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorityRollOverTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  @TempDir
  Path folder;

  private Path ca;

  @BeforeEach
  void create() {
    ca = folder.resolve("ca");
    CertificateAuthorities.create(ca, CLOCK);
  }

  private CertificateAuthorities open() {
    return CertificateAuthorities.open(ca);
  }

  private static List<String> states(CertificateAuthorities authorities) {
    return authorities.history().all().stream()
        .map(authority -> authority.id() + " " + authority.state().label())
        .toList();
  }

  @Test
  void eachStep_isThereAfterAReopening() {
    open().prepare("device", null, NOW);
    assertThat(states(open()))
        .containsExactly("root active", "device active", "service active", "device-2 prepared");
    open().activate("device-2", NOW);
    assertThat(states(open())).contains("device retiring", "device-2 active");
    assertThat(open().deviceIssuer().id()).isEqualTo("device-2");
    assertThat(open().issuers()).containsOnlyKeys("device", "device-2", "service");
    assertThat(open().crlSigners()).containsKey("root");
    open().end("device", NOW);
    assertThat(states(open())).contains("device ended");
    assertThat(open().issuers()).containsOnlyKeys("device-2", "service");
    assertThat(open().everKnown()).hasSize(4);
  }

  @Test
  void crash_beforeTheHistoryNamesTheNewCa_leavesTheOldState_andTheNextTryWorks()
      throws IOException {
    open().prepare("device", null, NOW);
    byte[] orphan = Files.readAllBytes(ca.resolve("device-2-ca.p12"));
    Files.delete(ca.resolve(HistoryFile.NAME));
    Files.createDirectory(ca.resolve("making"));
    Files.write(ca.resolve("making/device-2-ca.p12"), orphan);
    assertThat(states(open())).containsExactly("root active", "device active", "service active");
    open().prepare("device", null, NOW);
    assertThat(open().history().prepared("device")).isPresent();
    assertThat(Files.readAllBytes(ca.resolve("device-2-ca.p12"))).isNotEqualTo(orphan);
    assertThat(ca.resolve("making")).doesNotExist();
  }

  @Test
  void steps_thatMakeNoSense_areRefused() {
    CertificateAuthorities authorities = open();
    assertThatThrownBy(() -> authorities.activate("device", NOW))
        .hasMessage("authority device: is active and cannot become active");
    assertThatThrownBy(() -> authorities.end("device", NOW)).hasMessageContaining("cannot become");
    assertThatThrownBy(() -> authorities.activate("device-9", NOW))
        .hasMessage("authority: no \"device-9\"");
    authorities.prepare("device", null, NOW);
    assertThatThrownBy(() -> authorities.prepare("device", null, NOW))
        .hasMessageContaining("device-2 is prepared already");
  }

  @Test
  void compromisedCa_isGone_andItsSuccessorIssues() {
    CertificateAuthorities authorities = open();
    authorities.prepare("device", null, NOW);
    authorities.compromise("device", NOW);
    assertThat(states(open())).contains("device compromised", "device-2 active");
    assertThat(open().issuers()).containsOnlyKeys("device-2", "service");
    assertThat(open().history().published(NOW))
        .doesNotContain(open().history().find("device").orElseThrow().certificate());
  }

  @Test
  void root_rollsOver_withBridges_andTheShelfDevicesBridgeStaysLongest() {
    CertificateAuthorities authorities = open();
    X509Certificate oldRoot = authorities.root();
    ServiceCredential before = authorities.issueServer(List.of("localhost"), CLOCK);
    authorities.prepare("root", null, NOW);
    assertThat(authorities.isOfToday(before, NOW))
        .as("there is more to send now")
        .isFalse();
    ServiceCredential server = authorities.issueServer(List.of("localhost"), CLOCK);
    Authority.Bridge bridge = authorities.history().find("root-2").orElseThrow().bridge();
    assertThat(bridge).isNotNull();
    assertThat(server.chain()).hasSize(3).endsWith(bridge.oldWithNew());
    authorities.activate("root-2", NOW);
    authorities.prepare("service", URI.create("http://localhost/crl/root-2.crl"), NOW);
    authorities.activate("service-2", NOW);
    assertThat(authorities.issueServer(List.of("localhost"), CLOCK).chain())
        .endsWith(bridge.newWithOld());
    assertThat(authorities.history().roots()).hasSize(2);
    authorities.end("root", NOW);
    assertThat(authorities.history().roots()).doesNotContain(oldRoot);
    assertThat(authorities.history().published(NOW))
        .contains(bridge.newWithOld())
        .doesNotContain(bridge.oldWithNew(), oldRoot);
    Instant later = oldRoot.getNotAfter().toInstant().plus(Duration.ofSeconds(1));
    assertThat(authorities.history().published(later)).doesNotContain(bridge.newWithOld());
    assertThat(open().history()).isEqualTo(authorities.history());
    assertThat(authorities.history().find("root-2").orElseThrow().state()).isEqualTo(State.ACTIVE);
  }

  @Test
  void anotherProcess_thatHasGoneOn_isFollowed_whoeverMadeTheKey() {
    CertificateAuthorities here = open();
    CertificateAuthorities there = open();
    there.prepare("device", null, NOW);
    assertThat(states(here)).containsExactly("root active", "device active", "service active");
    here.reread();
    here.activate("device-2", NOW);
    there.reread();
    assertThat(there.history()).isEqualTo(here.history());
    assertThat(there.deviceIssuer().certificate()).isEqualTo(here.deviceIssuer().certificate());
  }

  @Test
  void directory_thatIsHalfCopied_leavesWhatWasKnown() throws IOException {
    CertificateAuthorities here = open();
    open().prepare("device", null, NOW);
    Files.delete(ca.resolve("device-2-ca.p12"));
    assertThatThrownBy(here::reread).isInstanceOf(DamagedFileException.class);
    assertThat(states(here)).containsExactly("root active", "device active", "service active");
    assertThat(here.deviceIssuer().id()).isEqualTo("device");
  }

  @Test
  void limited_issuesNothing_andTrustsNoCaThatIsLost_untilToldOtherwise() {
    CertificateAuthorities authorities = open();
    List<List<String>> heard = new ArrayList<>();
    authorities.onChange(() -> heard.add(states(authorities)));
    authorities.limit(Set.of("device"), "device is lost");
    assertThat(heard).containsExactly(states(authorities));
    assertThat(states(authorities)).contains("device compromised", "service active");
    assertThat(authorities.issuers()).containsOnlyKeys("service");
    assertThat(authorities.kept()).isEqualTo(open().history());
    assertThatThrownBy(authorities::deviceIssuer).hasMessage("device is lost");
    assertThatThrownBy(() -> authorities.issueServer(List.of("localhost"), CLOCK))
        .isInstanceOf(IssuanceException.class)
        .hasMessage("device is lost");
    authorities.limit(Set.of(), null);
    assertThat(authorities.deviceIssuer().id()).isEqualTo("device");
    assertThat(authorities.history()).isEqualTo(authorities.kept());
  }

  @Test
  void history_thatCannotBeRead_isDamage() throws IOException {
    Files.writeString(ca.resolve(HistoryFile.NAME), "{\"version\": 1, \"authorities\": []}");
    assertThatThrownBy(this::open)
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining(HistoryFile.NAME);
  }
}
