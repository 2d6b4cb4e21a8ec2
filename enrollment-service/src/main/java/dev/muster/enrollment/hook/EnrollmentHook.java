/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.hook;

import dev.muster.enrollment.registrar.HookVerdict;

/** Somebody who has a say in who enrolls: a port. */
public interface EnrollmentHook {
  /**
   * Asks. Blocks, for no longer than a set time; never call it on an event loop, nor within a
   * transaction.
   *
   * @throws HookUnavailableException if there is no answer, or one that cannot be understood
   */
  HookVerdict ask(HookQuestion question);
}
