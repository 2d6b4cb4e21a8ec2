/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import dev.muster.enrollment.issuance.Fingerprint;
import java.util.Map;
import java.util.Optional;

/**
 * Keys whose private half stands in a published text. They end up in products with the example code
 * that they came with.
 */
final class PublishedKeys {
  /** By the SHA-256 of the SubjectPublicKeyInfo: where the private key can be read. */
  private static final Map<String, String> PLACES = Map.ofEntries(
      Map.entry(
          "8fb6bad671cfe698393c453357da61b56d757ab8c0f3fb9c87f2849e63131878",
          "RFC 9500, 2.1, testRSA2048"),
      Map.entry(
          "b2b04340cfaee616ec9c2c62d261b208e54bb197498df52e8cadede23ac0ba5e",
          "RFC 9500, 2.3, testECCP256"),
      Map.entry(
          "c4c10105a0be0ed4dd3354428dc38a9bfee64da141ce16e75c94eda272f9dd3a",
          "RFC 9500, 2.3, testECCP384"),
      Map.entry(
          "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4", "RFC 6979, A.2.5"),
      Map.entry(
          "2f95601fa82060b909bfc6b979dbd303d34d34e0afb27ea496beac362f242a4b", "RFC 6979, A.2.6"),
      Map.entry(
          "2bd1bb0c44a897c30a7aa0991cde38d8062fe441de50da0f46825344f602e827", "RFC 7515, A.3.1"),
      Map.entry(
          "51b944cdfa544d4c3273aa6bf350625a7dd53bbb6a71723274f538b19a207760", "RFC 7517, A.2"),
      Map.entry(
          "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9",
          "RFC 8032, 7.1, test 1"),
      Map.entry(
          "deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170",
          "RFC 8032, 7.1, test 2"),
      Map.entry(
          "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f", "RFC 8410, 10.3"));

  private PublishedKeys() {}

  /** Where the private half of a key can be read. */
  static Optional<String> place(Fingerprint key) {
    return Optional.ofNullable(PLACES.get(key.hex()));
  }
}
