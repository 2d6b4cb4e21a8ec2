/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

/**
 * Gives each new certificate its place among the CRLs. Thread-safe; returns at once, so it may be
 * asked within a transaction.
 */
public interface StatusPlaces {
  /** A place for one certificate, never given twice. One that goes unused does no harm. */
  Place next(String issuer);

  /**
   * Where the status of one certificate will be found.
   *
   * @param shard the part of the issuer's CRLs it belongs to; 0 for the complete CRL alone
   */
  record Place(int shard, StatusUrls urls) {}
}
