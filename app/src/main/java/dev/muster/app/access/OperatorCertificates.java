/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who vouches for certificates by which operators show who they are. */
@FunctionalInterface
public interface OperatorCertificates {
  /** Nobody does. */
  OperatorCertificates NONE = chain -> Optional.empty();

  /**
   * For whom a certificate speaks; empty unless it is one for operators, and good now. Blocks.
   *
   * @param chain as it came over TLS, which has proven possession of the key and nothing more; the
   *     own certificate first
   */
  Optional<Name> find(List<X509Certificate> chain);

  /** As this one; and, where it knows nothing, as another. */
  default OperatorCertificates or(OperatorCertificates other) {
    return chain -> find(chain).or(() -> other.find(chain));
  }

  /**
   * What a certificate says.
   *
   * @param operator the name of his account
   * @param since when it was first issued: not to who had the account's name before. Null if its CA
   *     sees to it that no name is given twice
   */
  record Name(String operator, @Nullable Instant since) {}
}
