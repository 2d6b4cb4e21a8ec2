/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import java.nio.file.Path;

/**
 * Where and how operators reach the API.
 *
 * @param key PKCS#8 PEM
 * @param chain the certificate and those above it, PEM
 * @param token the file of the bearer token; made if absent
 */
record OperatorConfig(String host, int port, Path key, Path chain, Path token) {}
