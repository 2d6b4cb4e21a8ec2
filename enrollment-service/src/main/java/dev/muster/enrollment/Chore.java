/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

/**
 * Something to be done from time to time. Runs on a worker and may block; decides itself whether
 * anything is due. A chore that throws is an operator's concern until it has run well again.
 *
 * @param failure what an operator is told if it fails: {@code CRLs cannot be made or recorded}
 */
record Chore(String failure, Runnable work) {}
