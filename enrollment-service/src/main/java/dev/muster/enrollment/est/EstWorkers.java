/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import java.util.concurrent.Executor;

/**
 * Who does the work that would block an event loop. Each refuses when it has too much of it.
 *
 * @param enrollments for first requests, and for all that comes from nobody
 * @param renewals for those who renew a certificate of ours, and must not wait behind anybody else
 */
public record EstWorkers(Executor enrollments, Executor renewals) {}
