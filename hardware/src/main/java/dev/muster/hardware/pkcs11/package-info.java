/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Keys in PKCS#11 tokens, with the JDK's own provider. */
@NullMarked
package dev.muster.hardware.pkcs11;

import org.jspecify.annotations.NullMarked;
