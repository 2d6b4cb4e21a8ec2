/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

/**
 * A request that may be sent again, and makes one command.
 *
 * @param keyId tells it from others
 * @param digest of what it says: by one key, always the same
 */
public record CommandRequest(String keyId, String digest) {}
