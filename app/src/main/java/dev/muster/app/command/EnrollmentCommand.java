/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.backend.Backend.Role;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;

/** The enrollment service alone. */
@Command(name = "enrollment", description = "Run the enrollment service alone.")
public final class EnrollmentCommand extends RunCommand {
  @Override
  Set<Role> roles() {
    return EnumSet.of(Role.ENROLLMENT);
  }
}
