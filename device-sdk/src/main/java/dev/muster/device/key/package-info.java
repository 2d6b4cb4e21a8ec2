/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** The port behind which private keys live: in files, in a TPM, in a token. */
@NullMarked
package dev.muster.device.key;

import org.jspecify.annotations.NullMarked;
