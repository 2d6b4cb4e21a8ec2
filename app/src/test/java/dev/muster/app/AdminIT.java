/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.PeerProgram;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator and a manufacturer type, against one muster that runs. */
class AdminIT {
  @TempDir
  static Path folder;

  private static MusterProcess backend;

  @BeforeAll
  static void start() {
    backend = MusterProcess.start(
            folder, "serve", "--ephemeral-ports", "--set", "operators.certificates=true")
        .awaitReady();
    muster("factory init --out DIR/acme --name acme");
    assertThat(muster("admin manufacturers add acme --ca DIR/acme/ca.pem --admission registered"))
        .contains("manufacturer acme: admission registered")
        .doesNotContain("unproven");
  }

  @AfterAll
  static void stop() {
    backend.close();
  }

  private static String muster(String line) {
    return run(line).expect(0).stdout();
  }

  private static String refused(String line) {
    return run(line).expect(1).stderr();
  }

  /**
   * Runs a command, with {@code DIR} for the folder. In this JVM: a new one for each takes seconds.
   */
  private static MusterProcess.Ended run(String line) {
    String whole = line.startsWith("admin ") ? line + " --data DIR/muster-data" : line;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream stdout = System.out;
    PrintStream stderr = System.err;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      int code =
          Muster.commandLine().execute(whole.replace("DIR", folder.toString()).split(" "));
      return new MusterProcess.Ended(
          code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(stdout);
      System.setErr(stderr);
    }
  }

  private static final List<String> ANNA =
      List.of("--cert", "anna/chain.pem", "--key", "anna/key.pem");

  /** Asked with anna's certificate, and nothing else. */
  private static String statusOfDevices(String server, String header) {
    return status(server + "/api/v1/devices", ANNA, "-H", header);
  }

  /** What a browser sends that has asked its user for a certificate, or for none. */
  private static String signIn(String server, List<String> certificate) {
    return status(
        server + "/api/v1/access/session",
        certificate,
        "-c",
        "cookies",
        "-H",
        "Sec-Fetch-Site: same-origin",
        "-H",
        "Content-Type: application/json",
        "-d",
        "{\"certificate\": true}");
  }

  /** Leaves what was answered in {@code answer}. */
  private static String status(String url, List<String> certificate, String... options) {
    List<String> all = new ArrayList<>(List.of(
        "-s", "-o", "answer", "-w", "%{http_code}", "--cacert", "muster-data/trust/root.pem"));
    all.addAll(certificate);
    all.addAll(List.of(options));
    all.add(url);
    return PeerProgram.require("curl").run(folder, all.toArray(String[]::new)).stdout();
  }

  /** What the first group of {@code pattern} stands for in {@code text}. */
  private static String find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as("%s in: %s", pattern, text).isTrue();
    return matcher.group(1);
  }

  @Test
  void doctor_findsNothingBad_andWhatIsMadeBad() throws IOException {
    assertThat(muster("doctor --data DIR/muster-data"))
        .containsPattern("good +mqtt: no certificate +turned away")
        .containsPattern("good +mqtt: foreign certificate +turned away")
        .containsPattern("good +mqtt: our certificate +let in")
        .containsPattern("good +mqtt: revoked certificate +turned away: .*; revoking took \\d+ ms")
        .containsPattern("good +est: no certificate +turned away: status 401")
        .containsPattern("good +operator: wrong token +turned away: status 401")
        .containsPattern("good +mqtt: old versions, weak suites +refused: SSL 3.0")
        .containsPattern("good +CRL: device +\\d+ minutes old")
        .containsPattern("good +CA: device +\\d+ days left, until ")
        .containsPattern("good +mqtt: server certificate +\\d+ days left, until ")
        .containsPattern("good +clock +")
        .containsPattern("(good|doubtful) +disk: flush +[0-9.]+ ms in the median")
        .containsPattern("(good|doubtful) +disk: space +\\d+ MiB free")
        .containsPattern("good +port: metrics +\\d+, for this machine alone")
        .containsPattern(
            "good +port: mqtt +\\d+, (for this machine alone|open to whoever reaches )")
        .containsPattern("good +Java \\(of the server\\) +\\d+.* processors")
        .containsPattern("(good|doubtful) +native TLS \\(of enrollment\\) +\\S*Conscrypt")
        .containsPattern("\\d+ good, \\d+ doubtful, 0 bad, 0 unknown");
    Path key = folder.resolve("muster-data/services/server/key.pem");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    try {
      assertThat(
              run("doctor --read-only --json --data DIR/muster-data").expect(1).stdout())
          .contains("\"good\" : false")
          .contains("open to others: [services/server/key.pem]")
          .contains("not tried (--read-only)");
    } finally {
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    }
    assertThat(run("doctor --data DIR/nothing").expect(3).stderr()).contains("ports.json");
  }

  @Test
  void operator_isLetIn_changed_andRemoved() {
    assertThat(muster("admin operators add bob --role operator"))
        .containsPattern("https://localhost:\\d+/setup#[A-Za-z0-9_-]{43}");
    assertThat(refused("admin operators add bob")).contains("another's already");
    assertThat(refused("admin operators add eve --role root"))
        .contains("viewer, operator, officer");
    assertThat(muster("admin operators role bob officer")).contains("bob: officer");
    assertThat(muster("admin operators list")).containsPattern("bob +officer +all +not yet");
    muster("admin operators role bob officer --fleet plant-a --fleet plant-b");
    assertThat(muster("admin operators list")).containsPattern("bob +officer +plant-a, plant-b ");
    muster("admin operators role bob officer --all-fleets");
    assertThat(muster("admin operators list")).containsPattern("bob +officer +all ");
    assertThat(muster("admin operators link bob")).contains("/setup#");
    assertThat(muster("admin operators remove bob")).contains("removed");
    assertThat(muster("admin operators list")).doesNotContain("bob");
  }

  @Test
  void operator_withACertificate_isLetIn_untilItIsRevoked() throws IOException {
    String server = "https://localhost:"
        + find(
            "\"operator\" ?: ?(\\d+)", Files.readString(folder.resolve("muster-data/ports.json")));
    String anna = " --server " + server
        + " --server-ca DIR/muster-data/trust/root.pem --operator-identity DIR/anna";
    muster("admin operators add anna --role viewer");
    String serial = find(
        "certificate (\\S+)",
        muster("admin certificates issue --role operator --name anna --out DIR/anna"));
    assertThat(muster("admin devices list" + anna)).contains("DEVICE");
    assertThat(refused("admin operators list" + anna)).contains("role viewer");
    assertThat(statusOfDevices(server, "X-None: 1")).isEqualTo("200");
    for (String browser : List.of("Sec-Fetch-Site: cross-site", "Origin: https://evil.example")) {
      assertThat(statusOfDevices(server, browser)).as("another site's page").isEqualTo("401");
    }
    assertThat(signIn(server, List.of())).isEqualTo("403");
    assertThat(folder.resolve("answer")).content().contains("certificate: none was shown");
    assertThat(signIn(server, ANNA)).isEqualTo("200");
    assertThat(folder.resolve("answer")).content().contains("anna", "viewer", "csrf");
    String devices = server + "/api/v1/devices";
    assertThat(status(devices, List.of(), "-b", "cookies")).isEqualTo("200");
    muster("admin certificates hold " + serial);
    assertThat(status(devices, List.of(), "-b", "cookies")).as("the session").isEqualTo("401");
    assertThat(signIn(server, ANNA)).isEqualTo("403");
    assertThat(folder.resolve("answer")).content().contains("certificate: opens nothing here");
    assertThat(refused("admin devices list" + anna)).contains("a session or a bearer token");
    muster("admin certificates unhold " + serial);
    muster("admin devices list" + anna);
    muster("admin operators remove anna");
    muster("admin operators add anna --role admin");
    assertThat(refused("admin devices list" + anna))
        .as("another one of the same name")
        .contains("a session or a bearer token");
    muster("admin certificates issue --role consumer --name carl --out DIR/carl");
    muster("admin operators add carl");
    assertThat(refused("admin devices list" + anna.replace("DIR/anna", "DIR/carl")))
        .contains("a session or a bearer token");
    assertThat(refused("admin devices list" + anna.replace("DIR/anna", "DIR/nobody")))
        .contains("expected: key.pem and chain.pem");
  }

  @Test
  void manufacturer_withoutItsKeyAtHand_isProvenByItsFactory_thenSteered() throws IOException {
    muster("factory init --out DIR/globex --name globex");
    // Handed over alone: no ca.key lies beside it.
    Files.copy(folder.resolve("globex/ca.pem"), folder.resolve("globex.pem"));
    String added = muster("admin manufacturers add globex --ca DIR/globex.pem");
    String challenge = find("--challenge (\\S+)", added);
    assertThat(muster("admin manufacturers list")).containsPattern("globex .* unproven ");

    muster("factory prove --factory DIR/globex --challenge made-up --out DIR/wrong.pem");
    assertThat(refused("admin manufacturers prove globex --certificate DIR/wrong.pem"))
        .contains("(expected: ");
    assertThat(muster(
            "factory prove --factory DIR/globex --challenge " + challenge + " --out DIR/proof.pem"))
        .startsWith("proof: ");
    assertThat(muster("admin manufacturers prove globex --certificate DIR/proof.pem"))
        .containsPattern("(?m)^enabled ")
        .doesNotContain("unproven");

    assertThat(muster("admin manufacturers policy globex --admission manual --fleet north"))
        .contains("admission manual, fleet north");
    assertThat(muster("admin manufacturers disable globex --renewals"))
        .contains("(disabled from ")
        .contains("renewals too");
    assertThat(muster("admin manufacturers enable globex")).doesNotContain("disabled");
    assertThat(muster("admin manufacturers review globex").strip())
        .isEqualTo("DEVICE  CERTIFICATE  ENROLLED  DOUBTS");

    muster("factory init --out DIR/next --name next");
    assertThat(muster("admin manufacturers add globex --ca DIR/next/ca.pem --json"))
        .contains("O=next");
    String second = find("(?m)^enabled +(\\w+) .*next", muster("admin manufacturers show globex"));
    assertThat(muster("admin manufacturers remove-ca globex --anchor " + second))
        .doesNotContain(second);
  }

  @Test
  void claims_areMade_listedWithoutTheirTokens_andTakenBack() {
    String made = muster("admin claims create acme --serial SN-7 --valid-for 1h");
    String id = find("(?m)^(\\S+) +SN-7 ", made);
    String token = find("(?m) SN-7 +\\S+ +(\\S+)$", made);
    assertThat(muster("admin claims list acme"))
        .containsPattern(id + " +SN-7 +open ")
        .doesNotContain(token);
    assertThat(muster("admin claims revoke " + id).strip()).isEqualTo("claim " + id + ": revoked");
    assertThat(muster("admin claims list acme")).containsPattern(id + " +SN-7 +revoked ");
  }

  @Test
  void certificates_areRenewedOnDemand_andRevokedSinceATime() {
    assertThat(muster("admin certificates renew-now --fleet default --spread 10m"))
        .contains("are to be renewed from ");
    String issued =
        muster("admin certificates issue --role consumer --name reader --out DIR/reader");
    String serial = find("^certificate (\\w+) ", issued);
    assertThat(refused("admin certificates revoke " + serial + " --reason superseded --since "
            + Instant.now().minusSeconds(60)))
        .contains("since: ");
    assertThat(muster("admin certificates revoke " + serial + " --reason keyCompromise --since "
            + Instant.now().minusSeconds(60)))
        .contains("certificate " + serial + ": revoked, on CRL number ")
        .contains("0 remaining");
  }

  @Test
  void audit_isListed_exported_andVerified() throws IOException {
    assertThat(muster("admin audit list --about manufacturer:acme"))
        .contains("manufacturer.")
        .contains("manufacturer:acme");
    assertThat(muster("admin audit export --out DIR/audit.log")).contains(" entries and ");
    assertThat(Files.readAllLines(folder.resolve("audit.log")))
        .allMatch(line -> line.matches("[0-9a-f]{64} \\{.*}"))
        .isNotEmpty();
    assertThat(muster("admin audit verify --known DIR/audit.log.checkpoints"))
        .startsWith("verified: ")
        .doesNotContain("not counted");
    assertThat(muster("admin audit verify --compromised 00AB12"))
        .startsWith("verified: ")
        .contains("not counted: 0 signatures under CAs that were compromised (ab12)");
    assertThat(refused("admin audit verify --compromised service"))
        .contains("--compromised: \"service\" (expected: the serial number of a CA");
  }

  @Test
  void authorities_areListed() {
    assertThat(muster("admin authorities list"))
        .startsWith("ID")
        .containsPattern("(?m)^root .*active ")
        .containsPattern("(?m)^device .*active ")
        .containsPattern("(?m)^service .*active ");
  }

  @Test
  void manifest_signedByTheFactory_isImported_andListed() throws IOException {
    muster("factory issue --factory DIR/acme --serial SN-1 --out DIR/sn1");
    muster("factory issue --factory DIR/acme --serial SN-2 --out DIR/sn2");
    assertThat(muster("factory manifest --factory DIR/acme --out DIR/made.p7m --fleet north"))
        .startsWith("2 serial numbers");
    assertThat(muster("admin manifests import acme DIR/made.p7m"))
        .contains("added 2")
        .contains("signed");
    assertThat(muster("admin manifests import acme DIR/made.p7m")).contains("unchanged 2");
    assertThat(muster("admin manifests list")).contains("Manifest station");

    byte[] manifest = Files.readAllBytes(folder.resolve("made.p7m"));
    manifest[manifest.length - 1] ^= 1;
    Files.write(folder.resolve("damaged.p7m"), manifest);
    assertThat(refused("admin manifests import acme DIR/damaged.p7m")).contains("signature:");
  }

  @Test
  void manifest_beyondAMebibyte_isTaken() throws IOException {
    StringBuilder rows = new StringBuilder("serial,tags\n");
    for (int i = 0; i < 3_000; i++) {
      rows.append("L-").append(i);
      for (String tag : List.of(",first", ";second", ";third", ";fourth", ";fifth")) {
        rows.append(tag).append('=').append("x".repeat(64));
      }
      rows.append('\n');
    }
    assertThat(rows.length()).isGreaterThan(1 << 20);
    Files.writeString(folder.resolve("large.csv"), rows);
    assertThat(muster("admin manifests import acme DIR/large.csv")).contains("added 3000");
  }

  @Test
  void bulkOrder_isLookedAtFirst_andTellsWhatBecameOfEachDevice() {
    String confirm = find(
        "nothing is changed; to do so: --confirm (1-[0-9a-f]{12})",
        muster("admin bulk retire --id nobody"));
    assertThat(refused("admin bulk retire --id nobody --confirm 2-000000000000"))
        .contains("1 are chosen by now");
    assertThat(refused("admin bulk retire --id other --confirm " + confirm))
        .contains("other devices are chosen by now");
    assertThat(refused("admin bulk retire")).contains("none chosen");
    String job =
        find("id +(\\S+)", muster("admin bulk tag site=berlin --id nobody --confirm " + confirm));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> muster("admin bulk list").matches("(?s).*" + job + " +tags +ended.*"));
    assertThat(run("admin bulk show " + job).expect(1).stdout()).contains("no such device");
    assertThat(run("admin bulk show --watch " + job).expect(1).stdout())
        .as("it has ended, there is nothing to wait for")
        .containsOnlyOnce("no such device");
    assertThat(refused("admin bulk show --watch=0 " + job)).contains("expected: 1 to 3600");
    assertThat(muster("admin bulk cancel " + job)).contains("ended");
  }

  @Test
  void state_ofTheWhole_isTold() {
    assertThat(run("admin health").stdout()).containsPattern("status +(well|impaired)");
    assertThat(muster("admin summary"))
        .containsPattern("(?m)^waiting +\\d")
        .containsPattern("(?m)^deadLetters +\\d");
    assertThat(muster("admin whoami")).containsPattern("role +admin");
    assertThat(muster("admin policy")).startsWith("# ").contains("roles:");
    assertThat(muster("admin certificates renewal-orders")).startsWith("OPENS");
    assertThat(muster("admin operators sessions")).startsWith("ID");
    assertThat(muster("admin operators tokens")).startsWith("ID");
    assertThat(refused("admin operators end-session none")).contains("expected: ");
    assertThat(refused("admin operators revoke-token none")).contains("expected: ");
    assertThat(refused("admin sessions explain none --publish a/b")).contains("none");
    assertThat(muster("admin telemetry messages acme-none")).startsWith("RECEIVED");
    assertThat(muster("admin telemetry raw acme-none --stream env --metric t")).startsWith("TIME");
  }

  @Test
  void list_thatIsWatched_isAskedForAgain_untilItIsInterrupted() {
    try (MusterProcess watch = MusterProcess.start(
        folder, "admin", "devices", "waiting", "--watch", "1", "--json", "--data", "muster-data")) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> watch.stdout().split("\"waiting\" : ", -1).length > 3);
      watch.interrupt();
      assertThat(watch.awaitEnd(Duration.ofSeconds(30)).stderr()).isEmpty();
    }
  }

  @Test
  void lists_withNothingInThem_areTheirHeaders() throws IOException {
    assertThat(muster("admin devices list --fleet nowhere --status active --tag a=b --group g"))
        .doesNotContain("acme");
    assertThat(muster("admin devices list --sort -seen --query renewal:overdue"))
        .startsWith("DEVICE");
    assertThat(refused("admin devices list --sort age")).contains("sort");
    assertThat(muster("admin devices export --csv --out DIR/devices.csv --fleet nowhere"))
        .contains("bytes written");
    assertThat(Files.readString(folder.resolve("devices.csv")))
        .matches("id,fleet,.*,tags,groups\r\n");
    assertThat(muster("admin devices groups")).startsWith("GROUP");
    assertThat(muster("admin devices facets --manufacturer nobody")).startsWith("FACET");
    assertThat(muster("admin devices decisions --state refused")).startsWith("AT");
    assertThat(muster("admin devices waiting")).startsWith("DEVICE");
    assertThat(muster("admin alarms list --all")).startsWith("RAISED");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "admin devices tag acme-none a=b",
        "admin devices untag acme-none a",
        "admin devices group acme-none g",
        "admin devices ungroup acme-none g",
        "admin devices transfer acme-none --to north",
        "admin devices history acme-none",
        "admin claims revoke none",
        "admin commands show none",
        "admin commands cancel none",
        "admin alarms acknowledge session-7",
        "admin manufacturers review none",
        "admin alarms acknowledge none"
      })
  void acts_onWhatIsNotThere_areRefusedInWords(String line) {
    assertThat(refused(line)).contains("expected: one that is known here");
  }
}
