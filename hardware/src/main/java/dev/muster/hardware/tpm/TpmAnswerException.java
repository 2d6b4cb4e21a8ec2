/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;

/** An answer that no TPM gives: the link is out of step, or the other end is something else. */
final class TpmAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  TpmAnswerException(String problem) {
    super("the TPM's answer is malformed: " + problem);
  }
}
