/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import com.sun.jna.Library;
import com.sun.jna.Native;
import dev.muster.hardware.KeyVaultContract;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.Swtpm;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * Keys in a TPM by tpm2-pkcs11. It loads keys and keeps them, and a TPM has room for three: so
 * there is tpm2-abrmd between, as it is where this library is used, on a bus of its own.
 */
class Tpm2Pkcs11Test extends KeyVaultContract {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  static Path shared;

  private static final Deque<Process> services = new ArrayDeque<>();
  private static Swtpm tpm;
  private static Path library;
  private static Path pin;

  /** This library is told by the environment alone where all is, and Java cannot change its own. */
  private interface LibC extends Library {
    LibC C = Native.load("c", LibC.class);

    int setenv(String name, String value, int overwrite);
  }

  @BeforeAll
  static void makeToken() throws IOException {
    library = PeerProgram.requirePkcs11("libtpm2_pkcs11.so");
    PeerProgram resourceManager = PeerProgram.require("tpm2-abrmd");
    PeerProgram bus = PeerProgram.require("dbus-daemon");
    PeerProgram tool = PeerProgram.require("pkcs11-tool");
    tpm = Swtpm.start(shared);
    Path socket = shared.resolve("bus");
    set("DBUS_SESSION_BUS_ADDRESS", "unix:path=" + socket);
    set("TPM2_PKCS11_TCTI", "tabrmd:bus_type=session");
    set("TPM2_PKCS11_STORE", shared.toString());
    Path said =
        start(bus, "--session", "--nofork", "--print-address", "--address=unix:path=" + socket);
    Awaitility.await().atMost(LIMIT).until(() -> Files.size(said) > 0);
    start(
        resourceManager,
        "--session",
        "--allow-root",
        "--max-transients=100",
        "--tcti=swtpm:host=127.0.0.1,port=" + tpm.port());
    Awaitility.await()
        .atMost(LIMIT)
        .until(() ->
            run(tool, "--slot-index", "0", "--init-token", "--label", "dev", "--so-pin", "5678")
                    .exitCode()
                == 0);
    run(tool, "--token-label", "dev", "--init-pin", "--so-pin", "5678", "--login", "--pin", "1234")
        .expectSuccess();
    pin = Files.writeString(shared.resolve("pin"), "1234");
    Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-------"));
  }

  private static void set(String name, String value) {
    LibC.C.setenv(name, value, 1);
  }

  /** Programs see what Java takes for the environment, which is how it was in the beginning. */
  private static String[] environment(String... program) {
    String[] words = new String[program.length + 3];
    words[0] = "DBUS_SESSION_BUS_ADDRESS=unix:path=" + shared.resolve("bus");
    words[1] = "TPM2_PKCS11_TCTI=tabrmd:bus_type=session";
    words[2] = "TPM2_PKCS11_STORE=" + shared;
    System.arraycopy(program, 0, words, 3, program.length);
    return words;
  }

  /** Returns where its words go. */
  private static Path start(PeerProgram program, String... arguments) throws IOException {
    Path said = Files.createTempFile(shared, "service", ".out");
    String[] words = new String[arguments.length + 1];
    words[0] = program.executable().toString();
    System.arraycopy(arguments, 0, words, 1, arguments.length);
    services.push(PeerProgram.require("env")
        .start(shared, said, Files.createTempFile(shared, "service", ".err"), environment(words)));
    return said;
  }

  private static PeerProgram.Result run(PeerProgram tool, String... arguments) {
    String[] words = new String[arguments.length + 3];
    words[0] = tool.executable().toString();
    words[1] = "--module";
    words[2] = library.toString();
    System.arraycopy(arguments, 0, words, 3, arguments.length);
    return PeerProgram.require("env").run(shared, environment(words));
  }

  @AfterAll
  static void stopServices() {
    services.forEach(Process::destroy);
    if (tpm != null) {
      tpm.close();
    }
  }

  @Override
  protected URI place() {
    return URI.create("pkcs11:token=dev?module-path=" + library + "&pin-source=" + pin);
  }

  @Override
  protected boolean keepsItsKeys() {
    return true;
  }
}
