/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

/**
 * An event as it stands in the log.
 *
 * @param seq counted from 1, without gaps
 * @param text the entry as one line of JSON; it names the hash of the entry before
 * @param hash the SHA-256 of {@code text} in UTF-8, hexadecimal
 */
public record AuditEntry(long seq, String text, String hash) {}
