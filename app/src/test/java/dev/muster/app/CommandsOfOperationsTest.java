/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.openapi.OpenApi;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the operator API can do, {@code muster admin} can; whoever adds an operation says how. */
class CommandsOfOperationsTest {
  private static final String COMMANDS = """
      createOperator            operators add
      listOperators             operators list
      newLink                   operators link
      changeRole                operators role
      removeOperator            operators remove
      listSessions              operators sessions
      endSession                operators end-session
      listTokens                operators tokens
      revokeToken               operators revoke-token
      whoAmI                    whoami
      readHealth                health
      summarizeIdentities       summary
      summarizeTraffic          summary
      showPolicy                policy
      listManufacturers         manufacturers list
      addManufacturer           manufacturers add
      showManufacturer          manufacturers show
      reviewManufacturer        manufacturers review
      proveCa                   manufacturers prove
      changeTerms               manufacturers policy
      disableManufacturer       manufacturers disable
      enableManufacturer        manufacturers enable
      takeCrl                   manufacturers crl
      removeCa                  manufacturers remove-ca
      takeManifest              manifests import
      listManifests             manifests list
      createClaims              claims create
      listClaims                claims list
      revokeClaim               claims revoke
      listDevices               devices list
      exportDevices             devices export
      countDevices              devices facets
      showDevice                devices show
      showPresence              devices show
      showHistory               devices history
      listConnections           devices connections
      listWaiting               devices waiting
      listDecisions             devices decisions
      approveDevice             devices approve
      refuseDevice              devices refuse
      releaseDevice             devices release
      retireDevice              devices retire
      transferDevice            devices transfer
      tagDevice                 devices tag
      groupDevice               devices group
      listGroups                devices groups
      previewBulk               bulk tag
      tagMany                   bulk tag
      groupMany                 bulk group
      retireMany                bulk retire
      revokeMany                bulk revoke
      listBulkJobs              bulk list
      showBulkJob               bulk show
      listBulkResults           bulk show
      cancelBulkJob             bulk cancel
      listCertificates          certificates list
      showCertificate           certificates show
      issueCertificate          certificates issue
      revokeCertificate         certificates revoke
      holdCertificate           certificates hold
      unholdCertificate         certificates unhold
      orderRenewal              certificates renew-now
      listRenewalOrders         certificates renewal-orders
      listAuthorities           authorities list
      rollOver                  authorities roll-over
      listAudit                 audit list
      listCheckpoints           audit verify
      listAlarms                alarms list
      acknowledgeAlarm          alarms acknowledge
      listSessionAlarms         alarms list
      acknowledgeSessionAlarm   alarms acknowledge
      listClients               sessions list
      explainRight              sessions explain
      listRefusals              sessions refusals
      readLatest                telemetry latest
      readSeries                telemetry query
      readRaw                   telemetry raw
      exportTelemetry           telemetry export
      listMessages              telemetry messages
      listGaps                  telemetry gaps
      readClock                 telemetry clock
      listDeadLetters           dead-letters list
      showDeadLetter            dead-letters show
      replayDeadLetter          dead-letters replay
      discardDeadLetter         dead-letters discard
      showTwin                  twin show
      patchTwin                 twin set
      putTwin                   twin set
      listCommands              commands list
      sendCommand               commands send
      showCommand               commands show
      cancelCommand             commands cancel
      """;

  /** By operation: why there is none. */
  private static final Map<String, String> NONE = Map.ofEntries(
      Map.entry("signIn", "a command shows who it is with each request"),
      Map.entry("signOut", "as signIn"),
      Map.entry("waysToSignIn", "as signIn"),
      Map.entry("setUp", "a password is typed into the dashboard, not into a shell's history"),
      Map.entry("changePassword", "as setUp"),
      Map.entry("createToken", "is made in a session that was opened with a password"),
      Map.entry("listViews", "pages of the dashboard"),
      Map.entry("saveView", "pages of the dashboard"),
      Map.entry("removeView", "pages of the dashboard"),
      Map.entry("describeApi", "for programs"),
      Map.entry("watchTelemetry", "a stream, which any HTTP client reads"),
      Map.entry("previewPolicy", "muster policy preview"),
      Map.entry("listPresence", "muster admin devices list tells it"),
      Map.entry("readSeriesOfDevice", "as readSeries, of one"),
      Map.entry("readLatestOfDevice", "as readLatest, of one"),
      Map.entry("listDeadLettersOfDevice", "as listDeadLetters, of one"));

  @Test
  void everyOperation_hasACommand_orSaysWhyNot() {
    Map<String, String> commands = new LinkedHashMap<>();
    COMMANDS.lines().forEach(line -> {
      String[] words = line.strip().split(" +", 2);
      assertThat(commands.put(words[0], words[1])).as(words[0]).isNull();
    });
    Set<String> accounted = new TreeSet<>(commands.keySet());
    NONE.keySet().forEach(one -> assertThat(accounted.add(one)).as(one).isTrue());
    assertThat(accounted).isEqualTo(operations());
    CommandLine admin = Muster.commandLine().getSubcommands().get("admin");
    commands.values().forEach(words -> {
      CommandLine command = admin;
      for (String word : words.split(" ")) {
        command = command.getSubcommands().get(word);
        assertThat(command).as("admin " + words).isNotNull();
      }
      assertThat(command.getSubcommands()).as("admin " + words).isEmpty();
    });
  }

  private static Set<String> operations() {
    Set<String> ids = new TreeSet<>();
    OpenApi.load()
        .document()
        .getJsonObject("paths")
        .forEach(path -> ((JsonObject) path.getValue())
            .forEach(method -> ids.add(((JsonObject) method.getValue()).getString("operationId"))));
    return ids;
  }
}
