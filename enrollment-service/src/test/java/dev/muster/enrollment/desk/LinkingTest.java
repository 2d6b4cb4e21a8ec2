/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.LinkClaim;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.testing.TestPki;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinkingTest {
  private static final byte[] UNIQUE = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  private static final byte[] EXPORTED = new byte[32];
  private static final String RIGHT = Base64.getEncoder().encodeToString(UNIQUE);

  private final ChannelBinding binding = ChannelBinding.of(List.of(UNIQUE, EXPORTED));

  private static CsrCheck csr(LinkClaim... claims) {
    return new CsrCheck.Accepted(new VerifiedCsr(
        TestPki.newKey().getPublic(),
        new X500Principal(""),
        List.of(),
        List.of(),
        Arrays.asList(claims)));
  }

  private static LinkClaim challenge(String value) {
    return new LinkClaim("challengePassword", value);
  }

  private static LinkClaim linking(String value) {
    return new LinkClaim("estIdentityLinking", value);
  }

  private static void refused(CsrCheck check, String... words) {
    assertThat(check).isInstanceOf(CsrCheck.Refused.class);
    assertThat(((CsrCheck.Refused) check).message()).contains(words);
  }

  @Test
  void est_link_valueOfTheConnection_isAccepted() {
    assertThat(new Linking(true).check(csr(challenge(RIGHT)), binding))
        .isInstanceOf(CsrCheck.Accepted.class);
    assertThat(binding.isSpent()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "AQIDBAUGBwgJCgsN", // another's
        "AQIDBAUGBwgJCgs=", // shorter
        "AQIDBAUGBwgJCgsMDQ==", // longer
        " AQIDBAUGBwgJCgsM",
        "AQIDBAUGBwgJCgsM\n",
        "AQID BAUGBwgJCgsM",
        "aqidbaugbwgjcgsm",
        "secret",
        "\u0141QIDBAUGBwgJCgsM"
      })
  void est_link_otherValue_isRefusedAndSpendsNothing(String value) {
    refused(
        new Linking(false).check(csr(challenge(value)), binding),
        "challengePassword",
        "linking of identity and proof-of-possession");
    assertThat(binding.isSpent()).isFalse();
  }

  @Test
  void est_link_eachAttribute_isJudgedForItself() {
    refused(
        new Linking(false).check(csr(challenge(RIGHT), linking("AAAA")), binding),
        "estIdentityLinking");
    refused(
        new Linking(false).check(csr(linking(RIGHT), challenge("AAAA")), binding),
        "challengePassword");
    assertThat(new Linking(false).check(csr(challenge(RIGHT), linking(RIGHT)), binding))
        .isInstanceOf(CsrCheck.Accepted.class);
  }

  @Test
  void est_link_secondRequestOfOneConnection_isRefused() {
    new Linking(false).check(csr(linking(RIGHT)), binding);
    refused(new Linking(false).check(csr(linking(RIGHT)), binding), "new connection");
  }

  @Test
  void est_link_absent_isRefusedOnlyWhereRequired() {
    assertThat(new Linking(false).check(csr(), binding)).isInstanceOf(CsrCheck.Accepted.class);
    refused(new Linking(true).check(csr(), binding), "challengePassword: absent", "is required");
  }

  @Test
  void est_link_transportThatCannotTell_isRefusedNotIgnored() {
    refused(
        new Linking(false).check(csr(challenge(RIGHT)), ChannelBinding.unknown()),
        "cannot be checked");
  }
}
