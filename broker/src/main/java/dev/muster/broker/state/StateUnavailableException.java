/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

/** Something was not kept, or it is not known whether it was; whoever asked is to ask again. */
public final class StateUnavailableException extends Exception {
  StateUnavailableException(String message) {
    super(message, null, false, false);
  }
}
