/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Keys in a TPM 2.0, in Java alone: commands over the device file of the kernel, or over a socket,
 * and a JCA provider with which TLS signs. Words and numbers are those of the TPM 2.0 Library
 * specification (part 1 architecture, 2 structures, 3 commands).
 */
@NullMarked
package dev.muster.hardware.tpm;

import org.jspecify.annotations.NullMarked;
