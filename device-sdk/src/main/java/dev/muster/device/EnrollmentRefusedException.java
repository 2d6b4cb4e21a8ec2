/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import org.jspecify.annotations.Nullable;

/**
 * The server refuses this device: somebody has to act before it makes sense to ask again. The
 * device still asks, rarely.
 */
public final class EnrollmentRefusedException extends EnrollmentException {
  private static final long serialVersionUID = 1L;

  private final boolean certificateUnknown;

  /** @param message what the server said, cleaned for display */
  public EnrollmentRefusedException(String message, @Nullable Throwable cause) {
    this(message, false, cause);
  }

  /**
   * @param message what the server said, cleaned for display
   * @param certificateUnknown as {@link #isCertificateUnknown}
   */
  public EnrollmentRefusedException(
      String message, boolean certificateUnknown, @Nullable Throwable cause) {
    super(message, cause);
    this.certificateUnknown = certificateUnknown;
  }

  /**
   * Whether the certificate shown proves nothing to the server, as one of a CA that it no longer
   * trusts; then another may do.
   */
  public boolean isCertificateUnknown() {
    return certificateUnknown;
  }
}
