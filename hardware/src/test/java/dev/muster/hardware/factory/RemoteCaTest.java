/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.muster.protocol.file.PemFile;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.Swtpm;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A station with a TPM, and a CA of openssl's that is elsewhere. */
final class RemoteCaTest {
  @TempDir
  static Path folder;

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static Swtpm tpm;
  private static Path ca;
  private static int devices;

  private final String serial = String.format("SN-%04d", ++devices);
  private final URI key = tpm.uri("?file=" + folder.resolve(serial + ".tss"));
  private final Path device = folder.resolve(serial);
  private final Factory factory = open("ask.sh");

  @BeforeAll
  static void startTpmAndMakeCa() throws IOException {
    tpm = Swtpm.start(folder);
    ca = Files.createDirectories(folder.resolve("ca/issued")).getParent();
    Files.createFile(ca.resolve("index.txt"));
    Files.writeString(ca.resolve("ca.cnf"), ofThePage("ca.cnf"));
    script("sign.sh", ofThePage("sign.sh"));
    script("ask.sh", """
        #!/bin/sh
        echo "$FACTORY_REQUEST ${FACTORY_SERIAL-} ${FACTORY_MODEL-}" >> "$(dirname "$0")/asked"
        exec "$(dirname "$0")/sign.sh"
        """);
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem"
            + " -days 3650 -subj /O=Acme/CN=CA -addext keyUsage=critical,keyCertSign");
    Factory.station(folder.resolve("station"), ca.resolve("ca.pem"), Clock.systemUTC());
  }

  @AfterAll
  static void stopTpm() {
    if (tpm != null) {
      tpm.close();
    }
  }

  /** The CA of docs/hardware.md. */
  private static String ofThePage(String file) throws IOException {
    Path page = Path.of(System.getProperty("muster.root"), "docs/hardware.md");
    Matcher found = Pattern.compile("(?ms)^cat > " + file + " <<'END'\n(.*?)^END$")
        .matcher(Files.readString(page));
    assertThat(found.find()).as(file).isTrue();
    return found.group(1);
  }

  private static String openssl(String arguments) {
    return PeerProgram.require("openssl")
        .run(ca, arguments.split(" "))
        .expectSuccess()
        .output();
  }

  private static void script(String name, String text) throws IOException {
    Files.writeString(ca.resolve(name), text);
    Files.setPosixFilePermissions(ca.resolve(name), PosixFilePermissions.fromString("rwx------"));
  }

  private static Factory open(String program) {
    return open(program, LIMIT);
  }

  private static Factory open(String program, Duration limit) {
    CaCommand command = new CaCommand(ca.resolve(program).toString(), limit);
    return Factory.open(folder.resolve("station"), command, Clock.systemUTC());
  }

  private Path issue(Factory station) {
    return station.issue(new IdevidOrder(serial, "Pump 7", key, List.of()), device);
  }

  private ThrowableAssertAlternative<FactoryException> assertRefused(Factory station) {
    return assertThatExceptionOfType(FactoryException.class).isThrownBy(() -> issue(station));
  }

  /** @return how often the CA was asked for a certificate of this device */
  private long asked() throws IOException {
    try (Stream<String> lines = Files.lines(ca.resolve("asked"))) {
      return lines.filter(line -> line.equals("idevid " + serial + " Pump 7")).count();
    }
  }

  /** @return how many certificates of this device the CA has in its books */
  private long issued() throws IOException {
    try (Stream<String> lines = Files.lines(ca.resolve("index.txt"))) {
      return lines.filter(line -> line.endsWith("serialNumber=" + serial)).count();
    }
  }

  private void assertNothingMade() throws IOException {
    assertThat(device).doesNotExist();
    try (Stream<Path> files = Files.walk(folder.resolve("station"))) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith(serial)))
          .isEmpty();
    }
    Path ledger = folder.resolve("station").resolve(Factory.LEDGER);
    assertThat(Files.exists(ledger) ? Files.readString(ledger) : "").doesNotContain(serial + " ");
  }

  @Test
  void issue_keyInTheTpm_isCertifiedByOpenssl_uponARequestThatTheTpmSigned() throws Exception {
    script("verify.sh", """
        #!/bin/sh
        set -eu
        cd "$(dirname "$0")"
        cat > request.pem
        openssl req -in request.pem -verify -noout -subject -nameopt oneline > shown 2>&1
        exec ./ask.sh < request.pem
        """);
    issue(open("verify.sh"));

    assertThat(ca.resolve("shown"))
        .content()
        .contains("verify OK", "subject=O = Acme, serialNumber = " + serial);
    assertThat(openssl("verify -x509_strict -purpose sslclient -CAfile ca.pem "
            + device.resolve("device.pem")))
        .contains("OK");
    List<X509Certificate> chain = PemFile.certificates(device.resolve("chain.pem"));
    assertThat(chain).hasSize(2);
    assertThat(chain.get(1))
        .isEqualTo(PemFile.certificates(ca.resolve("ca.pem")).get(0));
    assertThat(IdevidRules.ends(chain.get(0))).isFalse();
    assertThat(device.resolve("device.uri")).hasContent(key.toString());
    assertThat(device.resolve("label.svg")).content().contains(serial, "Pump 7");
    assertThat(asked()).isOne();
  }

  @Test
  void issue_doneBefore_asksNobody_alsoWhereTheDirectoryIsLost() throws Exception {
    String first = Files.readString(issue(factory).resolve("chain.pem"));

    issue(factory);
    assertThat(device.resolve("chain.pem")).hasContent(first);

    // As after a kill between the CA's answer and the device's directory.
    Files.move(device, folder.resolve(serial + "-lost"));
    issue(factory);
    assertThat(device.resolve("chain.pem")).hasContent(first);
    assertThat(asked()).isOne();
  }

  /** As after a kill of the station before it has read what the CA has issued. */
  @Test
  void issue_answerWasLost_asksAgainWithTheSameKey_andGetsTheSame() throws Exception {
    script("lost.sh", """
        #!/bin/sh
        "$(dirname "$0")/ask.sh" > /dev/null 2>&1 && echo "connection reset" >&2 && exit 1
        """);
    assertRefused(open("lost.sh")).withMessageContaining("connection reset");
    assertNothingMade();
    assertThat(issued()).isOne();

    issue(factory);
    assertThat(asked()).isEqualTo(2);
    assertThat(issued()).isOne();
  }

  @Test
  void issue_chipOfTheDeviceBefore_isRefused_beforeTheCaIsAsked() throws Exception {
    issue(factory);
    IdevidOrder next = new IdevidOrder(serial + "-next", "Pump 7", key, List.of());
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> factory.issue(next, folder.resolve("next")))
        .withMessageContaining("its key is that of " + serial + " already");
    assertThat(ca.resolve("asked")).content().doesNotContain(serial + "-next");
  }

  @ParameterizedTest
  @CsvSource(delimiterString = "=>", textBlock = """
      echo "$FACTORY_SERIAL: no" >&2; exit 3 => refused (exit code 3): "SERIAL: no"
      exit 1 => refused (exit code 1): it gave no reason
      echo Hello => its standard output has no certificate
      exec cat => its standard output has no certificate
      exec head -c 3000000 /dev/zero => its standard output has no certificate
      echo -----BEGIN CERTIFICATE----- => its standard output has BEGIN CERTIFICATE without its END
      exec cat ca.pem => the CA's certificate for IDevID of SERIAL: of another key
      echo basicConstraints=CA:FALSE > e; openssl x509 -req -CA ca.pem -CAkey ca.key -set_serial 7 -extfile e => no key usage
      """, quoteCharacter = '`')
  void issue_answerThatIsNone_isRefused(String commands, String reason) throws Exception {
    script("answer.sh", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n" + commands + "\n");
    assertRefused(open("answer.sh")).withMessageContaining(reason.replace("SERIAL", serial));
    assertNothingMade();
  }

  @Test
  void issue_commandThatDoesNotEnd_isEnded_withWhatItHasStarted() throws Exception {
    script("hang.sh", """
        #!/bin/sh
        sleep 600 &
        echo $! > "$0.new" && mv "$0.new" "$0.pid"
        wait
        touch "$0.on"
        """);
    Path pid = ca.resolve("hang.sh.pid");
    // Longer each time, until it has come so far: the machine may be busy.
    for (int seconds = 1; !Files.exists(pid); seconds *= 2) {
      assertRefused(open("hang.sh", Duration.ofSeconds(seconds)))
          .withMessageContaining("hang.sh: no answer within " + seconds + ".0 s")
          .withMessageContaining("a longer limit");
    }
    long started = Long.parseLong(Files.readString(pid).strip());
    await()
        .atMost(LIMIT)
        .until(() -> ProcessHandle.of(started).filter(ProcessHandle::isAlive).isEmpty());
    assertThat(ca.resolve("hang.sh.on")).as("it was ended first").doesNotExist();
    assertNothingMade();
  }

  /** As an ssh does that others are to share. */
  @Test
  void issue_commandThatLeavesSomethingBehind_isNotWaitedForLonger() throws Exception {
    script("leave.sh", """
        #!/bin/sh
        sleep 600 < /dev/null > /dev/null &
        echo $! > "$0.pid"
        exec "$(dirname "$0")/ask.sh"
        """);
    try {
      issue(open("leave.sh"));
      assertThat(asked()).isOne();
    } finally {
      ProcessHandle.of(
              Long.parseLong(Files.readString(ca.resolve("leave.sh.pid")).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void issue_commandThatIsNotThere_isNamed() throws Exception {
    assertRefused(open("none.sh"))
        .withMessageContaining("none.sh: cannot be started")
        .withMessageContaining("its arguments, if any, in a script");
    assertNothingMade();
  }

  @Test
  void issue_modelLikeACommand_isNoCommand() throws Exception {
    String model = "$(touch pwned); `touch pwned`";
    factory.issue(new IdevidOrder(serial, model, key, List.of()), device);
    assertThat(ca.resolve("asked")).content().contains("idevid " + serial + " " + model);
    assertThat(ca.resolve("pwned")).doesNotExist();
  }

  @Test
  void issue_keyInAFile_isRefused() throws Exception {
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> factory.issue(serial, device))
        .withMessageContaining("expected: a key in hardware, --key tpm:...");
    assertNothingMade();
  }

  @Test
  void open_withoutACommand_saysSo() {
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.open(folder.resolve("station"), Clock.systemUTC()))
        .withMessageContaining("ca.key: is missing")
        .withMessageContaining("--ca-command");
  }

  @Test
  void manifestAndProof_areCertifiedByTheSameCommand() throws Exception {
    issue(factory);
    assertThat(factory.manifest(null, ca.resolve("m.p7m"))).isPositive();
    openssl("cms -verify -binary -inform DER -in m.p7m -CAfile ca.pem -out m.csv");
    assertThat(ca.resolve("m.csv")).content().startsWith("serial,key\n").contains(serial + ",");

    X509Certificate proof = factory.prove("proof-1");
    assertThat(proof.getSubjectX500Principal().getName()).isEqualTo("CN=proof-1");
    proof.verify(factory.certificate().getPublicKey());
  }

  @Test
  void station_ofWhatIsNoCa_isRefused() throws Exception {
    Path chain = issue(factory).resolve("chain.pem");
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() -> Factory.station(folder.resolve("s"), chain, Clock.systemUTC()))
        .withMessageContaining("chain.pem: 2 certificates (expected: one");
    assertThatExceptionOfType(FactoryException.class)
        .isThrownBy(() ->
            Factory.station(folder.resolve("s"), device.resolve("device.pem"), Clock.systemUTC()))
        .withMessageContaining("is not the certificate of a CA");
  }
}
