/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.UserError;
import dev.muster.app.config.Durations;
import dev.muster.hardware.factory.CaCommand;
import dev.muster.hardware.factory.Factory;
import dev.muster.hardware.factory.FactoryException;
import dev.muster.hardware.factory.IdevidOrder;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.FleetName;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A manufacturer's station: its CA, and factory identities for its devices. */
@Command(
    name = "factory",
    description = {
      "A manufacturer's station: gives devices their factory identity (IDevID, IEEE 802.1AR).",
      "",
      "The manufacturer's CA is at the station (init --name), or elsewhere (init --ca), and asked by"
          + " a program of yours (--ca-command). See docs/hardware.md.",
      ""
    },
    subcommands = {
      FactoryCommand.Init.class,
      FactoryCommand.Issue.class,
      FactoryCommand.Prove.class,
      FactoryCommand.Manifest.class
    })
public final class FactoryCommand {
  @Command(
      name = "init",
      description = "Make a station, with a CA of its own or for one elsewhere.")
  static final class Init implements Callable<Integer> {
    @Option(
        names = "--out",
        required = true,
        paramLabel = "DIR",
        description =
            "The station's directory: ca.pem, ca.key if the CA is here, and what it issues.")
    Path out = Path.of(".");

    @ArgGroup(multiplicity = "1")
    Authority authority = new Authority();

    /** Whose CA. */
    static final class Authority {
      @Option(
          names = "--name",
          required = true,
          paramLabel = "NAME",
          description = "Make a CA for the manufacturer of this name.")
      @Nullable String name;

      @Option(
          names = "--ca",
          required = true,
          paramLabel = "FILE",
          description = "PEM of a CA that is elsewhere: the certificate that operators register."
              + " The other commands then take --ca-command.")
      @Nullable Path certificate;
    }

    @Override
    public Integer call() {
      return explained(() -> {
        if (authority.certificate != null) {
          Factory.station(out, authority.certificate, Clock.systemUTC());
          System.out.println("station: " + out + " (next: factory issue --factory " + out
              + " --ca-command PROGRAM)");
          return;
        }
        String name = String.valueOf(authority.name);
        Factory.init(out, name, Clock.systemUTC());
        System.out.println("manufacturer " + name + ": " + out.resolve("ca.pem")
            + " (hand it to operators), " + out.resolve("ca.key") + " (keep it)");
      });
    }
  }

  @Command(name = "issue", description = "Issue an IDevID (IEEE 802.1AR).")
  static final class Issue implements Callable<Integer> {
    @Mixin
    final Station station = new Station();

    @Option(
        names = "--serial",
        required = true,
        paramLabel = "SN",
        description = "The device's serial number.")
    String serial = "";

    @Option(
        names = "--out",
        required = true,
        paramLabel = "DIR",
        description = "The device's directory, new or empty: device.pem, chain.pem, label.svg, and"
            + " device.key and device.p12, or device.uri if the key is in hardware.")
    Path out = Path.of(".");

    @Option(
        names = "--model",
        paramLabel = "NAME",
        description = "What the device is, for its label.")
    @Nullable String model;

    @Option(
        names = "--key",
        paramLabel = "URI",
        description = "Make the key in hardware, where it stays, and write device.uri in place of"
            + " device.key: tpm:/dev/tpmrm0?handle=0x81020000, or pkcs11:token=...;object=...")
    @Nullable URI key;

    @Option(
        names = "--tpm-makers",
        paramLabel = "FILE",
        description = "PEM with the CAs of TPM makers: the key has to be in one of their TPMs."
            + " Only with --key tpm:...")
    @Nullable Path makers;

    @Override
    public Integer call() {
      return explained(() -> {
        if (key == null && makers != null) {
          throw new UserError("--tpm-makers: only with --key tpm:...");
        }
        List<X509Certificate> trusted = makers == null ? List.of() : PemFile.certificates(makers);
        station.open().issue(new IdevidOrder(serial, model, key, trusted), out);
        String keyFile = key == null ? Factory.DEVICE_KEY : Factory.DEVICE_KEY_URI;
        System.out.println("device " + serial + ": " + out.resolve(keyFile) + ", "
            + out.resolve(Factory.DEVICE_CHAIN) + ", " + out.resolve(Factory.LABEL));
      });
    }
  }

  @Command(
      name = "prove",
      description = "Certify the challenge of a service at which the CA was registered.")
  static final class Prove implements Callable<Integer> {
    @Mixin
    final Station station = new Station();

    @Option(
        names = "--challenge",
        required = true,
        paramLabel = "TEXT",
        description = "What muster admin manufacturers add gave.")
    String challenge = "";

    @Option(
        names = "--out",
        required = true,
        paramLabel = "FILE",
        description = "Where the proof is written, PEM.")
    Path out = Path.of("proof.pem");

    @Override
    public Integer call() {
      return explained(() -> {
        write(out, Pem.of(List.of(station.open().prove(challenge))));
        System.out.println("proof: " + out + " (hand it to the operator: muster admin manufacturers"
            + " prove NAME --certificate " + out + ")");
      });
    }
  }

  @Command(
      name = "manifest",
      description = "Write a signed manifest of all IDevIDs issued, for: admin manifests import.")
  static final class Manifest implements Callable<Integer> {
    @Mixin
    final Station station = new Station();

    @Option(
        names = "--out",
        required = true,
        paramLabel = "FILE.p7m",
        description = "Where it is written: CMS SignedData, DER, around CSV.")
    Path out = Path.of("manifest.p7m");

    @Option(names = "--fleet", paramLabel = "FLEET", description = "The fleet of these devices.")
    @Nullable String fleet;

    @Override
    public Integer call() {
      return explained(() -> {
        FleetName name = fleet == null ? null : new FleetName(fleet);
        int serials = station.open().manifest(name, out);
        System.out.println(serials + " serial numbers: " + out);
      });
    }
  }

  /** The manufacturer's station that a command works at. */
  static final class Station {
    @Option(
        names = "--factory",
        required = true,
        paramLabel = "DIR",
        description = "What factory init made.")
    Path factory = Path.of(".");

    @Option(
        names = "--ca-command",
        paramLabel = "PROGRAM",
        description = "Asks a CA that is elsewhere: gets a request (PKCS#10, PEM) on its standard"
            + " input and FACTORY_REQUEST (idevid, manifest, proof), FACTORY_SERIAL, FACTORY_MODEL"
            + " and FACTORY_KEY in its environment, and writes the certificate (PEM, CAs behind it)"
            + " to its standard output. Any other exit code than 0 refuses.")
    @Nullable String command;

    @Option(
        names = "--ca-timeout",
        paramLabel = "DURATION",
        converter = Durations.class,
        description = "How long that may take: 30s, 5m; 1m unless given.")
    @Nullable Duration timeout;

    Factory open() {
      if (command == null) {
        if (timeout != null) {
          throw new UserError("--ca-timeout: only with --ca-command");
        }
        return Factory.open(factory, Clock.systemUTC());
      }
      CaCommand ca = new CaCommand(command, timeout == null ? CaCommand.LIMIT : timeout);
      return Factory.open(factory, ca, Clock.systemUTC());
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be written (" + e.getClass().getSimpleName() + ")");
    }
  }

  private static int explained(Runnable act) {
    Terminal.quiet();
    try {
      act.run();
      return 0;
    } catch (FactoryException | IllegalArgumentException e) {
      throw new UserError(e.getMessage());
    }
  }
}
