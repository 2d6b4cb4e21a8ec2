/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** What anybody may send over plain HTTP. */
class OcspQueryFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void parse_anyBytes_isAQueryOrNothing(byte[] request) {
    OcspQuery.parse(request)
        .ifPresent(query -> assertThat(query.certificates()).isNotEmpty().hasSizeLessThan(17));
  }
}
