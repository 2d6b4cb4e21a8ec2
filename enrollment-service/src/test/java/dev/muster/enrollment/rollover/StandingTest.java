/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.inventory.AuthorityStates.Recorded;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.testing.TestPki;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StandingTest {
  private static final X509Certificate ONE = certificate("CN=one");
  private static final X509Certificate OTHER = certificate("CN=other");

  private static X509Certificate certificate(String name) {
    return TestPki.selfSigned(name).ca().build().certificate();
  }

  /** What is here, and what the registry says; {@code !} is another certificate, {@code ?} none. */
  @ParameterizedTest(name = "{0} | {1}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "root active, device active | -                                | | | true",
        "root active, device active | root active, device active       | | | true",
        "root active, device active | root active?, device active?     | | | true",
        "device retiring, device-2 active | device active              | | | true",
        "device active | device active, device-2 prepared | device-2 is prepared (here: unknown) | | true",
        "device active | device retiring, device-2 active | device is retiring (here: active), device-2 is active (here: unknown) | | false",
        "device active | device compromised, device-2 active | device is compromised (here: active), device-2 is active (here: unknown) | device | false",
        "device retiring, device-2 active | device compromised, device-2 active | device is compromised (here: retiring) | device | true",
        "device retiring, device-2 active | device ended, device-2 active | device is ended (here: retiring) | | true",
        "device retiring, device-2 active | device retiring, device-2 active! | device-2 has another certificate than here | device-2 | false",
        "device compromised, device-2 active | device active | | | true",
        "root active, device active | root active!, device active | root has another certificate than here | | false",
        "root active, device active | root retiring, root-2 active, device active | root is retiring (here: active), root-2 is active (here: unknown) | | false",
      })
  void standing(
      String here,
      @Nullable String there,
      @Nullable String differences,
      @Nullable String lost,
      boolean mayIssue) {
    Standing standing = Standing.of(history(here), recorded(there));
    assertThat(String.join(", ", standing.differences()))
        .isEqualTo(differences == null ? "" : differences);
    assertThat(String.join(" ", standing.lost())).isEqualTo(lost == null ? "" : lost);
    assertThat(standing.mayIssue()).isEqualTo(mayIssue);
    assertThat(standing.problem().isPresent()).isEqualTo(differences != null);
  }

  private static AuthorityHistory history(String text) {
    List<Authority> all = Arrays.stream(text.split(", "))
        .map(one -> one.split(" "))
        .map(one -> new Authority(one[0], State.of(one[1]), Instant.EPOCH, "root", ONE, null))
        .toList();
    return new AuthorityHistory(1, all);
  }

  private static Map<String, Recorded> recorded(@Nullable String text) {
    return text == null
        ? Map.of()
        : Arrays.stream(text.split(", "))
            .map(one -> one.split(" "))
            .collect(Collectors.toMap(
                one -> one[0], one -> recordedAs(one[1]), (a, b) -> b, TreeMap::new));
  }

  private static Recorded recordedAs(String state) {
    String label = state.replaceAll("[!?]", "");
    if (state.endsWith("?")) {
      return new Recorded(label, null);
    }
    return new Recorded(label, Fingerprint.of(state.endsWith("!") ? OTHER : ONE).hex());
  }
}
