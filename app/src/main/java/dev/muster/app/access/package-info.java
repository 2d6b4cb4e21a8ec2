/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Who may ask the operator API for what: operators, their sessions and tokens, and the roles of
 * routes.
 */
@NullMarked
package dev.muster.app.access;

import org.jspecify.annotations.NullMarked;
