/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.bench;

import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.key.KeyVault;
import dev.muster.hardware.FactoryVault;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.Swtpm;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a signature costs beyond the TPM's own work: through our provider, and through tpm2-pkcs11
 * with the JDK's. The TPM's own work is its command as raw bytes over a socket of our own. Rounds
 * are interleaved; figures are of single signatures: the median, and, for a machine that others use
 * too, the end of the fastest tenth.
 */
class TpmBenchmark {
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 20);
  private static final int SIGNATURES = Integer.getInteger("bench.signatures", 200);
  private static final int WARM_UP = 10;

  /** TPM2_Sign with the key at 0x81020000, an empty password and 32 bytes of digest. */
  private static final byte[] SIGN = HexFormat.of()
      .parseHex("8002" + "00000049" + "0000015d" + "81020000" + "00000009" + "40000009" + "0000"
          + "00" + "0000" + "0020" + "5a".repeat(32) + "0018" + "000b" + "8024" + "40000007"
          + "0000");

  private final List<Long> raw = new ArrayList<>();
  private final List<Long> ours = new ArrayList<>();
  private final List<Long> oursOfAFile = new ArrayList<>();
  private final List<Long> theirs = new ArrayList<>();

  @TempDir
  Path folder;

  @Test
  void signatures() throws Exception {
    try (Swtpm tpm = Swtpm.start(folder);
        Swtpm other = Swtpm.start(folder);
        Child child = new Child(other)) {
      makeKey(tpm);
      Path home = Files.createDirectory(folder.resolve("0001"));
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        boolean counts = round >= 0;
        note(counts, raw, rawSignatures(tpm));
        note(counts, ours, ours(tpm, "?handle=0x81020000", null));
        note(counts, oursOfAFile, ours(tpm, "", home));
        note(counts, theirs, child.signatures());
      }
    }
    report();
  }

  private static void makeKey(Swtpm tpm) {
    try (FactoryVault vault = FactoryVault.open(tpm.uri("?handle=0x81020000"))) {
      vault.namedOrNew();
    }
  }

  private static void note(boolean counts, List<Long> figures, List<Long> more) {
    if (counts) {
      figures.addAll(more);
    }
  }

  private static List<Long> rawSignatures(Swtpm tpm) throws IOException {
    List<Long> nanos = new ArrayList<>();
    try (Socket socket = new Socket("127.0.0.1", tpm.port())) {
      socket.setTcpNoDelay(true);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (int i = 0; i < SIGNATURES; i++) {
        long begun = System.nanoTime();
        socket.getOutputStream().write(SIGN);
        byte[] header = in.readNBytes(10);
        in.readNBytes(ByteBuffer.wrap(header).getInt(2) - header.length);
        nanos.add(System.nanoTime() - begun);
        if (ByteBuffer.wrap(header).getInt(6) != 0) {
          throw new IllegalStateException("refused: " + HexFormat.of().formatHex(header));
        }
      }
    }
    return nanos;
  }

  private static List<Long> ours(Swtpm tpm, String query, Path home) throws Exception {
    try (KeyVault vault = KeyPlaces.open(tpm.uri(query))) {
      KeyPair keys = home == null
          ? vault.named()
          : Files.exists(home.resolve("key.tss")) ? vault.load(home) : vault.create(home);
      sign(keys.getPrivate(), 1); // Opens the link.
      return sign(keys.getPrivate(), SIGNATURES);
    }
  }

  static List<Long> sign(PrivateKey key, int count) throws GeneralSecurityException {
    byte[] data = "x".repeat(130).getBytes(StandardCharsets.US_ASCII);
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long begun = System.nanoTime();
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(key);
      signature.update(data);
      signature.sign();
      nanos.add(System.nanoTime() - begun);
    }
    return nanos;
  }

  /**
   * tpm2-pkcs11 is told by environment variables where its TPM is, so it needs a JVM of its own.
   */
  private final class Child implements AutoCloseable {
    private static final String MODULE = "/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so";

    private final Process process;
    private final BufferedReader out;
    private final PrintWriter in;

    Child(Swtpm tpm) throws IOException {
      wake(tpm);
      Path pin = Files.writeString(folder.resolve("pin"), "1234");
      Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-------"));
      tool(tpm, "--slot-index", "0", "--init-token", "--label", "dev", "--so-pin", "5678");
      tool(
          tpm,
          "--token-label",
          "dev",
          "--init-pin",
          "--so-pin",
          "5678",
          "--login",
          "--pin",
          "1234");
      ProcessBuilder java = new ProcessBuilder(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-XX:+UseSerialGC",
          "-cp",
          System.getProperty("java.class.path"),
          Pkcs11Signer.class.getName(),
          "pkcs11:token=dev?module-path=" + MODULE + "&pin-source=" + pin,
          Files.createDirectory(folder.resolve("0002")).toString(),
          String.valueOf(SIGNATURES));
      process = start(tpm, java);
      out = new BufferedReader(
          new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
      in = new PrintWriter(process.getOutputStream(), true, StandardCharsets.US_ASCII);
    }

    /** The library expects a TPM that somebody has started. */
    private void wake(Swtpm tpm) {
      try (FactoryVault vault =
          FactoryVault.open(tpm.uri("?file=" + folder.resolve("waking.tss")))) {
        vault.namedOrNew();
      }
    }

    private Process start(Swtpm tpm, ProcessBuilder program) throws IOException {
      program.environment().put("TPM2_PKCS11_TCTI", "swtpm:host=127.0.0.1,port=" + tpm.port());
      program.environment().put("TPM2_PKCS11_STORE", folder.toString());
      return program.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private void tool(Swtpm tpm, String... arguments) throws IOException {
      List<String> command = new ArrayList<>(
          List.of(PeerProgram.require("pkcs11-tool").executable().toString(), "--module", MODULE));
      command.addAll(List.of(arguments));
      Process tool = start(tpm, new ProcessBuilder(command));
      tool.getInputStream().readAllBytes();
    }

    List<Long> signatures() throws IOException {
      in.println("sign");
      String answer = out.readLine();
      List<Long> nanos = new ArrayList<>();
      for (String one : String.valueOf(answer).split(" ")) {
        nanos.add(Long.valueOf(one));
      }
      return nanos;
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private static double micros(List<Long> nanos, int percent) {
    List<Long> sorted = new ArrayList<>(nanos);
    Collections.sort(sorted);
    return sorted.get(sorted.size() * percent / 100) / 1000.0;
  }

  private void report() {
    System.out.printf("%d signatures each, in microseconds%n", raw.size());
    report("TPM2_Sign alone", raw);
    report("tpm: at a handle", ours);
    report("tpm: in a file", oursOfAFile);
    report("tpm2-pkcs11 with SunPKCS11", theirs);
    System.out.printf(
        "overhead of ours by theirs: median %.3f, fastest tenth %.3f%n", ratio(50), ratio(10));
  }

  private void report(String name, List<Long> nanos) {
    System.out.printf(
        "%-28s median %6.0f (overhead %5.0f), fastest tenth %6.0f (overhead %5.0f)%n",
        name,
        micros(nanos, 50),
        micros(nanos, 50) - micros(raw, 50),
        micros(nanos, 10),
        micros(nanos, 10) - micros(raw, 10));
  }

  private double ratio(int percent) {
    double own = micros(raw, percent);
    return (micros(ours, percent) - own) / (micros(theirs, percent) - own);
  }
}
