/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.topic.CrlNotice;
import io.vertx.core.buffer.Buffer;
import java.math.BigInteger;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PushedCrlTest {
  private static PublishedCrl ofSize(int bytes) {
    return new PublishedCrl(
        "device", 0, 17, Instant.EPOCH, Instant.MAX, 50_000, Buffer.buffer(new byte[bytes]));
  }

  @Test
  void crl_thatFitsAPacket_isPushed_aLargerOneAnnounced() {
    PublishedCrl fits = ofSize(2 * 1024 * 1024 - 1024);
    assertThat(RevocationPush.payload(fits)).isSameAs(fits.der());
    Buffer notice = RevocationPush.payload(ofSize(2 * 1024 * 1024));
    assertThat(CrlNotice.parse(notice.getBytes())).contains(new CrlNotice(BigInteger.valueOf(17)));
  }
}
