/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.settings;

/** Settings that cannot be used; the message is fit for the person who wrote them. */
public final class InvalidSettingsException extends RuntimeException {
  InvalidSettingsException(String message) {
    super(message);
  }
}
