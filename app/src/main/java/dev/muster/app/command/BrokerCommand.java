/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.backend.Backend.Role;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;

/** The broker alone. */
@Command(name = "broker", description = "Run the broker alone.")
public final class BrokerCommand extends RunCommand {
  @Override
  Set<Role> roles() {
    return EnumSet.of(Role.BROKER);
  }
}
