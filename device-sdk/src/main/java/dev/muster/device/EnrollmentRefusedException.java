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
  private final boolean requestRefused;

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
    this(message, certificateUnknown, false, cause);
  }

  private EnrollmentRefusedException(
      String message,
      boolean certificateUnknown,
      boolean requestRefused,
      @Nullable Throwable cause) {
    super(message, cause);
    this.certificateUnknown = certificateUnknown;
    this.requestRefused = requestRefused;
  }

  /**
   * The server does not take the request as it is, whoever sends it.
   *
   * @param message what the server said, cleaned for display
   */
  public static EnrollmentRefusedException ofRequest(String message) {
    return new EnrollmentRefusedException(message, false, true, null);
  }

  /**
   * Whether the certificate shown proves nothing to the server, as one of a CA that it no longer
   * trusts; then another may do.
   */
  public boolean isCertificateUnknown() {
    return certificateUnknown;
  }

  /** Whether something is wrong with the request itself, as with its key; then another may do. */
  public boolean isRequestRefused() {
    return requestRefused;
  }
}
