/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** An act whose {@code --ca} is the server's; one command needs that name for a manufacturer's. */
abstract class AdminAction extends OperatorAction {
  @Option(names = "--ca", paramLabel = "FILE", description = "Short for --server-ca.")
  void trust(Path ca) {
    access.trust(ca);
  }
}
