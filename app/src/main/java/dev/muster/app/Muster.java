/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import dev.muster.app.admin.AdminCommand;
import dev.muster.app.command.BrokerCommand;
import dev.muster.app.command.DemoCommand;
import dev.muster.app.command.DeviceCommand;
import dev.muster.app.command.DoctorCommand;
import dev.muster.app.command.EnrollmentCommand;
import dev.muster.app.command.FactoryCommand;
import dev.muster.app.command.InitCommand;
import dev.muster.app.command.PolicyCommand;
import dev.muster.app.command.ServeCommand;
import dev.muster.app.command.SimulateCommand;
import dev.muster.broker.FairHandshakes;
import dev.muster.protocol.tls.Renegotiation;
import org.slf4j.LoggerFactory;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParseResult;

/** The {@code muster} command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. */
@Command(
    name = "muster",
    mixinStandardHelpOptions = true,
    version = Muster.VERSION,
    description = "Gives a fleet of IoT devices an identity and takes in what they measure.",
    subcommands = {
      DemoCommand.class,
      ServeCommand.class,
      EnrollmentCommand.class,
      BrokerCommand.class,
      InitCommand.class,
      FactoryCommand.class,
      DeviceCommand.class,
      AdminCommand.class,
      SimulateCommand.class,
      PolicyCommand.class,
      DoctorCommand.class,
      AutoComplete.GenerateCompletion.class,
      CommandLine.HelpCommand.class
    })
public final class Muster {
  /** As {@code --version} and a report say it. */
  public static final String VERSION = "muster 0.1.0";

  private Muster() {}

  public static void main(String[] args) {
    // Before anything speaks TLS, or listens.
    Renegotiation.refuse();
    FairHandshakes.enable();
    System.exit(run(args));
  }

  private static int run(String[] args) {
    try {
      return commandLine().execute(args);
    } catch (Error e) {
      // No memory, or a jar that is missing: threads begun already would keep what is broken up.
      LoggerFactory.getLogger(Muster.class).error("Command failed unexpectedly", e);
      return CommandLine.ExitCode.SOFTWARE;
    }
  }

  /** The command line, for running a command without leaving the JVM. */
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Muster());
    commandLine.setExecutionExceptionHandler(Muster::explain);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    withHelp(commandLine);
    return commandLine;
  }

  private static void withHelp(CommandLine commandLine) {
    for (CommandLine sub : commandLine.getSubcommands().values()) {
      if (!(sub.getCommand() instanceof CommandLine.HelpCommand)
          && !(sub.getCommand() instanceof AutoComplete.GenerateCompletion)) {
        sub.getCommandSpec().mixinStandardHelpOptions(true);
      }
      withHelp(sub);
    }
  }

  private static int explain(Exception e, CommandLine commandLine, ParseResult parsed) {
    if (e instanceof UserError error) {
      System.err.println("muster: " + error.getMessage());
      if (error.hint() != null) {
        System.err.println("hint: " + error.hint());
      }
    } else {
      LoggerFactory.getLogger(Muster.class).error("Command failed unexpectedly", e);
      System.err.println("muster: this should not have happened; please report the lines above");
    }
    return commandLine.getCommandSpec().exitCodeOnExecutionException();
  }
}
