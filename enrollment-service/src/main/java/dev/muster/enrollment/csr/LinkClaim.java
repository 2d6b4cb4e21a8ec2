/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

/**
 * What a request says to be the name of the connection that it was made for (RFC 7030, 3.5).
 *
 * @param attribute {@code challengePassword} or {@code estIdentityLinking}
 * @param value as it stands there, unchecked
 */
public record LinkClaim(String attribute, String value) {}
