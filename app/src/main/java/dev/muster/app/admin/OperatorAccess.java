/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import dev.muster.app.UserError;
import dev.muster.app.operator.OperatorClient;
import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where the operator API is and how to be let in: a local data directory, or a server with its CA
 * and a token file or a certificate.
 */
public final class OperatorAccess {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "muster-data",
      description =
          "Data directory of a muster that runs on this machine (default: ${DEFAULT-VALUE}).")
  Path data = Path.of("muster-data");

  @Option(
      names = "--server",
      paramLabel = "URL",
      description =
          "Operator API elsewhere, such as https://muster.example:9443; needs --ca, and --token-file or --operator-identity.")
  @Nullable URI server;

  @Option(
      names = "--server-ca",
      paramLabel = "FILE",
      description =
          "Root certificate to trust (the server's trust/root.pem); --ca for short where that is free.")
  @Nullable Path ca;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "File with the operator's token, mode 0600.")
  @Nullable Path tokenFile;

  @Option(
      names = "--operator-identity",
      paramLabel = "DIR",
      description = "In place of a token: key.pem and chain.pem of an operator's certificate.")
  @Nullable Path identity;

  /** @throws UserError unless the remote options are given together, or none of them */
  public OperatorClient connect() {
    if (server == null && ca == null && tokenFile == null && identity == null) {
      return OperatorClient.local(data);
    }
    if (server == null || ca == null || tokenFile == null == (identity == null)) {
      throw new UserError("--server, --ca, and --token-file or --operator-identity belong together"
          + " (expected: all three, or --data DIR)");
    }
    return identity == null
        ? new OperatorClient(server, ca, tokenFile)
        : OperatorClient.certified(server, ca, identity);
  }

  /** The data directory given, or the default. */
  public Path data() {
    return data;
  }

  /** The operator API elsewhere; null for the local one. */
  public @Nullable URI server() {
    return server;
  }

  /** Sets the root certificate to trust. */
  public void trust(Path root) {
    ca = root;
  }

  /** The root certificate to trust. */
  public Path trustedRoot() {
    return ca != null ? ca : data.resolve("trust/root.pem");
  }
}
