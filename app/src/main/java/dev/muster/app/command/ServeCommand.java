/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.backend.Backend.Role;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;

/** Enrollment service and broker in one process. */
@Command(name = "serve", description = "Run the enrollment service and the broker in one process.")
public final class ServeCommand extends RunCommand {
  @Override
  Set<Role> roles() {
    return EnumSet.allOf(Role.class);
  }
}
