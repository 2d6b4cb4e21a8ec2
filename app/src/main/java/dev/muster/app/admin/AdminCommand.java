/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import picocli.CommandLine.Command;

/** The operator's command line. */
@Command(
    name = "admin",
    description = "Look at and change a running muster over its operator API.",
    subcommands = {
      ManufacturerCommands.class,
      ManifestCommands.class,
      DeviceCommands.class,
      BulkCommands.class,
      CertificateCommands.class,
      AuthorityCommands.class,
      AlarmCommands.class,
      ClaimCommands.class,
      AuditCommands.class,
      TelemetryCommands.class,
      DeadLetterCommands.class,
      TwinCommands.class,
      OrderCommands.class,
      SessionCommands.class,
      OperatorCommands.class,
      StateCommands.Health.class,
      StateCommands.Summary.class,
      StateCommands.WhoAmI.class,
      StateCommands.Policy.class
    })
public final class AdminCommand {}
