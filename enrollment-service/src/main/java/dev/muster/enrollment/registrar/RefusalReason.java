/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

/** Why a request gets no certificate, and will not get one by asking again. */
public enum RefusalReason {
  /** The sender has not shown who it is. */
  UNAUTHENTICATED,
  /** The request asks for what it may not have, or carries a key it may not. */
  BAD_REQUEST,
  /** The sender may not have a certificate. */
  FORBIDDEN,
  /** Too many keys of one device wait already. */
  TOO_MANY_PENDING
}
