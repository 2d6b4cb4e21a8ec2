/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import com.microsoft.playwright.options.RequestOptions;
import com.microsoft.playwright.options.SameSiteAttribute;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.CommandResult;
import dev.muster.device.FleetDevice;
import dev.muster.testing.FaultProxy;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What operators do with the dashboard, in a real browser, against one muster with real devices.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DashboardIT extends DashboardBrowser {
  private static final String IMAGES = "dashboard.images";

  private static @Nullable PublishingFleet fleet;

  @BeforeAll
  static void startFleet() {
    fleet = PublishingFleet.start(folder, 3, Duration.ofMillis(500));
  }

  @AfterAll
  static void stopFleet() {
    if (fleet != null) {
      fleet.close();
    }
  }

  @Test
  @Order(1)
  void setUpLink_chosenAPassword_signsInOnceAndNeverAgain() {
    page.navigate(setUpLink);
    page.getByLabel("Name").fill("ada");
    page.getByLabel("Password", new Page.GetByLabelOptions().setExact(true)).fill(PASSWORD);
    page.getByLabel("Once more").fill(PASSWORD);
    accessible();
    page.getByRole(AriaRole.BUTTON).click();
    heading("Fleet");
    assertThat(page.locator(".tile", withText("online")).locator(".value")).hasText("3");
    page.getByText("within 30 days").click();
    heading("Certificates");
    assertThat(page.locator("tbody tr")).hasCount(3);
    page.navigate(setUpLink);
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("used, replaced or too old");
  }

  @Test
  @Order(2)
  void signIn_withAWrongPassword_isRefusedInTheSameWordsForAll() {
    open("/devices?q=acme");
    for (String name : List.of("ada", "nobody")) {
      page.getByLabel("Name").fill(name);
      page.getByLabel("Password").fill("wrong horse battery");
      page.keyboard().press("Enter");
      assertThat(page.getByRole(AriaRole.ALERT)).containsText("name or password: not right");
    }
    accessible();
    page.getByLabel("Name").fill("ada");
    page.getByLabel("Password").fill(PASSWORD);
    page.keyboard().press("Enter");
    heading("Devices");
    assertThat(page).hasURL(origin + "/devices?q=acme");
    assertThat(context.cookies()).allSatisfy(cookie -> {
      assertThat(cookie.httpOnly).isTrue();
      assertThat(cookie.secure).isTrue();
      assertThat(cookie.sameSite).isEqualTo(SameSiteAttribute.STRICT);
    });
  }

  @Test
  @Order(3)
  void devices_byKeyboardAlone_areFoundAndOpened() {
    signIn();
    page.keyboard().press("?");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("search");
    page.keyboard().press("Escape");
    page.keyboard().press("g");
    page.keyboard().press("d");
    heading("Devices");
    assertThat(page.locator("tbody tr")).hasCount(3);
    page.keyboard().press("/");
    page.keyboard().type("status:active acme-sn-1");
    page.keyboard().press("Enter");
    assertThat(page.locator("tbody tr")).hasCount(1);
    page.keyboard().press("Escape");
    page.keyboard().press("j");
    page.keyboard().press("Enter");
    heading("acme-sn-1");
    assertThat(row("load/n")).containsText("now");
    page.goBack();
    assertThat(page.locator("tbody tr")).hasCount(1);
  }

  @Test
  @Order(4)
  void kindsOfScreens_inLightAndDark_areAccessible() {
    signIn();
    for (String path : List.of(
        "/",
        "/devices/acme-sn-0",
        "/devices/acme-sn-0?tab=audit",
        "/policy?client=acme-sn-0&act=publish&topic=x",
        "/certificates?list=cas",
        "/access?tab=operators")) {
      open(path);
      page.getByRole(AriaRole.HEADING).first().waitFor();
      assertThat(page.locator(".skeleton")).hasCount(0);
      accessible();
      assertThat(page.getByRole(AriaRole.ALERT)).hasCount(0);
    }
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
    page.setViewportSize(390, 844);
    open("/devices");
    assertThat(page.locator("tbody tr").first()).isVisible();
    accessible();
  }

  @Test
  @Order(5)
  void device_thatWaits_isApproved_andComesOnline() {
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    operator.post("manufacturers/acme/policy", json("{\"admission\": \"manual\"}"));
    fleet.startAnother("SN-9");
    signIn();
    open("/enrollment");
    button("Approve acme-sn-9").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("acme-sn-9 is let in");
    assertThat(page.locator(".empty")).containsText("Nobody waits");
    open("/audit?object=device:acme-sn-9");
    assertThat(row("device.approved")).containsText("operator:ada");
  }

  @Test
  @Order(6)
  void whatDevicesSay_isTextAndNothingElse() {
    String hostile = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>${alert(3)}";
    FleetDevice device = fleet.startAnother("SN-8");
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    await()
        .until(() -> operator
            .find("devices/acme-sn-8")
            .map(one -> one.path("status").asText().equals("pending"))
            .orElse(false));
    operator.post("devices/acme-sn-8/approve", json("{}"));
    device.onCommand("say", (command, run) -> CommandResult.failed(hostile));
    device.telemetry("load").send(Map.of("door", hostile));
    page.onDialog(dialog -> {
      complaints.add("a dialog: " + dialog.message());
      dialog.dismiss();
    });
    signIn();
    open("/devices/acme-sn-8");
    assertThat(row("door")).containsText(hostile);
    operator.put("devices/acme-sn-8/twin", json("{}").put("<script>alert(4)</script>", hostile));
    open("/devices/acme-sn-8?tab=twin");
    assertThat(page.locator("pre").first()).containsText("<script>alert(4)</script>");
    open("/devices/acme-sn-8?tab=commands");
    button("Send a command…").click();
    page.getByLabel("Name").fill("say");
    button("Send").click();
    assertThat(row("failed")).containsText(hostile);
    open("/telemetry?device=acme-sn-8&series=load/door&view=table");
    assertThat(page.locator("tbody tr").first()).containsText(hostile);
    for (String path : List.of(
        "/telemetry?device=",
        "/telemetry?device=acme-sn-8&series=load/",
        "/devices?q=",
        "/devices?q=fleet:",
        "/policy?act=publish&client=x&topic=",
        "/audit?object=",
        "/dead-letters?device=",
        "/devices/",
        "/devices/acme-sn-8?metrics=",
        "/certificates?list=")) {
      open(path + URLEncoder.encode(hostile, StandardCharsets.UTF_8).replace("+", "%20"));
      page.getByRole(AriaRole.HEADING).first().waitFor();
    }
    assertThat(page.locator("img, #app script")).hasCount(0);
  }

  @Test
  @Order(7)
  void certificate_revokedWithTypedConfirmation_cutsTheSession() {
    signIn();
    open("/devices/acme-sn-2?tab=certificates");
    String serial = page.locator("tbody code").first().textContent();
    button("Revoke " + serial).click();
    button("Revoke").click();
    assertThat(page.getByRole(AriaRole.ALERT))
        .containsText("Type " + serial.substring(serial.length() - 6));
    accessible();
    page.getByLabel("Type").fill(serial.substring(serial.length() - 6));
    button("Revoke").click();
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("1 sessions cut, 0 remaining");
    button("Close").click();
    assertThat(row(serial)).containsText("revoked");
    assertThat(page.locator(".heading")).containsText("offline");
  }

  @Test
  @Order(8)
  void twin_changedBySomebodyElseMeanwhile_isNotOverwritten() {
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    // A browser's numbers end at 2^53: it shows another one, and must not write it.
    operator.put("devices/acme-sn-0/twin", json("{\"interval\": 10, \"key\": 9007199254740993}"));
    signIn();
    open("/devices/acme-sn-0?tab=twin");
    button("Change…").click();
    Locator text = page.getByLabel("Desired, JSON");
    assertThat(text).hasValue("{\n  \"interval\": 10,\n  \"key\": 9007199254740992\n}");
    text.fill("{\"interval\": ");
    assertThat(page.locator(".notice.bad")).containsText("Not a JSON object");
    text.fill("{\"interval\": 60, \"key\": 9007199254740992}");
    button("Show the changes").click();
    assertThat(page.locator(".diff .taken")).containsText("\"interval\": 10");
    assertThat(page.locator(".diff .given")).containsText("\"interval\": 60");
    accessible();
    operator.patch("devices/acme-sn-0/twin", json("{\"interval\": 20}"));
    button("Save").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("saved version");
    assertThat(text).hasValue("{\"interval\": 60, \"key\": 9007199254740992}");
    assertThat(page.locator(".diff .taken")).containsText("\"interval\": 20");
    button("Save").click();
    assertThat(page.locator("pre").first()).containsText("\"interval\": 60");
    assertThat(page.locator("textarea")).hasCount(0);
    assertThat(
            operator.get("devices/acme-sn-0/twin").path("desired").path("key").asLong())
        .isEqualTo(9007199254740993L);
  }

  @Test
  @Order(9)
  void session_endedInTheMiddle_leadsBackToWhereOneWas() {
    signIn();
    open("/access?tab=operators");
    button("New operator…").click();
    page.getByLabel("Name").fill("eve");
    // It is to learn of it by what is done: what it looks at again meanwhile is not answered.
    String api = "**/api/**";
    page.route(api, look -> {});
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    operator
        .get("access/sessions")
        .path("sessions")
        .forEach(one -> operator.delete("access/sessions/" + one.path("id").asText()));
    page.unroute(api);
    button("Make").click();
    heading("Sign in");
    assertThat(operator.get("access/operators").path("operators")).hasSize(1);
    page.getByLabel("Name").fill("ada");
    page.getByLabel("Password").fill(PASSWORD);
    page.keyboard().press("Enter");
    heading("Access");
    assertThat(page).hasURL(origin + "/access?tab=operators");
  }

  @Test
  @Order(10)
  void viewer_whoWasInvited_looksAndChangesNothing() {
    signIn();
    open("/access?tab=operators");
    button("New operator…").click();
    page.getByLabel("Name").fill("vic");
    button("Make").click();
    String link = page.getByRole(AriaRole.DIALOG).locator("code").textContent();
    context.clearCookies();
    page.navigate("about:blank");
    page.navigate(link);
    page.getByLabel("Password", new Page.GetByLabelOptions().setExact(true)).fill(PASSWORD);
    page.getByLabel("Once more").fill(PASSWORD);
    button("Begin").click();
    heading("Fleet");
    open("/devices/acme-sn-0?tab=commands");
    assertThat(page.locator(".empty")).isVisible();
    assertThat(button("Send a command…")).hasCount(0);
    open("/access?tab=operators");
    heading("Access");
    assertThat(button("New operator…")).hasCount(0);
  }

  @Test
  @Order(11)
  void connection_thatIsGone_isToldWithTheAgeOfWhatIsShown() {
    signIn();
    context.setOffline(true);
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("No connection");
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("s ago");
    context.setOffline(false);
    assertThat(page.getByRole(AriaRole.ALERT)).hasCount(0);
  }

  @Test
  @Order(12)
  void telemetry_ofSeveralDevices_isComparedExportedAndLinked() throws IOException {
    signIn();
    page.keyboard().press("g");
    page.keyboard().press("t");
    heading("Telemetry");
    button("Show acme-sn-0, acme-sn-1, acme-sn-2").press("Enter");
    assertThat(row("load/n")).hasCount(3);
    button("Leave out acme-sn-2").press("Enter");
    assertThat(row("load/n")).hasCount(2);
    assertThat(page.locator("canvas[width]")).isVisible();
    accessible();
    button("Zoom in").press("Enter");
    button("Zoom out").press("Enter");
    page.getByText("Table", new Page.GetByTextOptions().setExact(true)).press("Enter");
    assertThat(page.locator(".chart tbody tr").first()).containsText("acme-sn-");
    assertThat(page.locator(".chart .badge").first()).hasText("raw");
    // Of what was measured in that time, the last may still be on its way at the first look.
    await().pollInSameThread().untilAsserted(() -> {
      String first = page.locator(".chart tbody tr").first().textContent();
      open(page.url().substring(origin.length()));
      assertThat(page.locator(".chart tbody tr").first())
          .hasText(first, new LocatorAssertions.HasTextOptions().setTimeout(5_000));
    });
    Download csv = page.waitForDownload(() -> page.getByText("CSV").last().click());
    List<String> lines = Files.readAllLines(csv.path());
    assertThat(lines.get(0)).startsWith("device,stream,metric,unit,time,value");
    assertThat(lines).anySatisfy(line -> assertThat(line).startsWith("acme-sn-1,load,n,"));
    assertThat(lines).noneMatch(line -> line.startsWith("acme-sn-2"));
  }

  @Test
  @Order(13)
  void manifest_withRowsInError_tellsThem_andClaimTokensAreShownOnce() throws IOException {
    signIn();
    open("/enrollment?tab=manifests");
    String csv = "serial,fleet\nSN-50,south\nSN-51,<img src=x onerror=alert(1)>\n";
    page.getByLabel("Manifest")
        .setInputFiles(
            new FilePayload("<b>.csv", "text/csv", csv.getBytes(StandardCharsets.UTF_8)));
    button("Take in").click();
    assertThat(page.locator(".badge", withText("1 added"))).isVisible();
    assertThat(row("<img src=x")).containsText("fleet");
    assertThat(row("acme")).hasCount(1);
    accessible();
    page.getByLabel("Manifest").setInputFiles(tooLarge());
    button("Take in").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("Refused: large.csv has 33 MiB");
    page.getByText("Claim tokens").click();
    button("New tokens…").click();
    page.getByLabel("How many").fill("2");
    button("Make").click();
    String tokens = page.getByRole(AriaRole.DIALOG).locator("code").textContent();
    assertThat(tokens.lines())
        .hasSize(2)
        .allSatisfy(token -> assertThat(token).hasSizeGreaterThan(12));
    button("Close").click();
    assertThat(row("open")).hasCount(2);
    row("open").first().getByRole(AriaRole.BUTTON).click();
    assertThat(row("revoked")).hasCount(1);
    assertThat(page.locator("body"))
        .not()
        .containsText(tokens.lines().findFirst().orElseThrow());
    accessible();
  }

  private static Path tooLarge() throws IOException {
    Path file = folder.resolve("large.csv");
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength((32 << 20) + 1);
    }
    return file;
  }

  @Test
  @Order(14)
  void devices_areCountedByWhatTheyAre_andAViewIsKept() {
    String name = "<img src=x onerror=alert(1)>";
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    operator.post("devices/acme-sn-1/tags", json("{\"set\": {\"site\": \"hall 3\"}}"));
    signIn();
    open("/devices?q=acme-sn-1%20manufacturer:acme");
    page.locator(".facetlists a", withText("active")).press("Enter");
    assertThat(row("acme-sn-1")).hasCount(1);
    // The lists are drawn anew for each answer: what is pressed before is gone.
    assertThat(page.locator(".facetlists [aria-current]"))
        .containsText(new String[] {"active", "acme"});
    page.getByText("site=hall 3").press("Enter");
    assertThat(page.locator(".facetlists [aria-current]", withText("site=hall 3")))
        .hasCount(1);
    assertThat(page.locator("tbody tr")).hasCount(1);
    assertThat(page.locator(".facetlists")).containsText("active 1");
    button("Save this view…").press("Enter");
    page.getByLabel("Name").fill(name);
    page.keyboard().press("Enter");
    accessible();
    open("/devices?q=acme-sn-2");
    page.getByText(name).waitFor();
    button("Save this view…").click();
    page.getByLabel("Name").fill(name);
    button("Save").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("There is a view called " + name);
    open("/devices");
    page.getByText(name).press("Enter");
    assertThat(page).hasURL(Pattern.compile(".*manufacturer.*site.*"));
    assertThat(row("acme-sn-1")).hasCount(1);
    button("Forget " + name).press("Enter");
    assertThat(page.getByText(name, new Page.GetByTextOptions().setExact(true))).hasCount(0);
  }

  @Test
  @Order(15)
  void policy_thatTakesSomething_saysFromWhom_andChangesNothing() {
    signIn();
    open("/policy?tab=file");
    Locator text = page.getByRole(AriaRole.TEXTBOX, named("Policy"));
    String inForce = text.inputValue();
    text.fill(inForce.replaceFirst("telemetry/\\+", "telemetry/<img src=x onerror=alert(1)>"));
    button("Check and preview").click();
    assertThat(row("/telemetry/+").first()).containsText("only a part of it");
    assertThat(row("/telemetry/+").first()).containsText("acme-sn-");
    accessible();
    text.fill("roles: <img src=x onerror=alert(1)>");
    button("Check and preview").click();
    assertThat(page.locator("main li").first()).isVisible();
    open("/policy?tab=file");
    assertThat(text).hasValue(inForce);
  }

  @Test
  @Order(16)
  void bulkJob_lookedAtAndConfirmed_isToldDeviceByDevice_andOutlivesTheSession() {
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    signIn();
    open("/devices?q=acme-sn-");
    assertThat(row("acme-sn-1")).hasCount(1);
    page.keyboard().press("j");
    page.keyboard().press("x");
    page.getByLabel("Select acme-sn-1").check();
    assertThat(page.locator(".bulk")).containsText("2 selected");
    accessible();
    button("Tags…").press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("acme-sn-0, acme-sn-1");
    page.getByLabel("Tags to set").fill("site=berlin");
    page.getByLabel("Type").fill("3");
    button("Change tags").press("Enter");
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("Type 2");
    accessible();
    page.getByLabel("Type").fill("2");
    button("Change tags").press("Enter");
    heading("Bulk job");
    assertThat(row("acme-sn-0")).containsText("done");
    assertThat(row("acme-sn-1")).containsText("done");
    accessible();
    endSessions(operator);
    String job = page.url().replaceAll(".*/", "");
    await().until(() -> operator.get("bulk/" + job).hasNonNull("endedAt"));
    assertThat(operator.get("devices/acme-sn-1/history").toString()).contains(job);

    // Nothing is ordered by whose session has ended before.
    signIn();
    open("/devices?q=acme-sn-9");
    page.getByLabel("Select acme-sn-9").check();
    button("Decommission…").press("Enter");
    page.getByLabel("Type").fill("1");
    endSessions(operator);
    button("Decommission").press("Enter");
    heading("Sign in");
    assertThat(operator.get("bulk").path("jobs")).hasSize(1);
  }

  private static void endSessions(OperatorClient operator) {
    operator
        .get("access/sessions")
        .path("sessions")
        .forEach(one -> operator.delete("access/sessions/" + one.path("id").asText()));
  }

  @Test
  @Order(17)
  void columns_areChosen_andStandInTheUrl() {
    signIn();
    open("/devices");
    page.getByText("Columns", new Page.GetByTextOptions().setExact(true)).press("Enter");
    page.getByRole(AriaRole.CHECKBOX, named("Enrolled")).check();
    page.getByRole(AriaRole.CHECKBOX, named("Fleet")).uncheck();
    accessible();
    open(page.url().substring(origin.length()));
    assertThat(page.locator("thead")).containsText("Enrolled");
    assertThat(page.locator("thead")).not().containsText("Fleet");
    assertThat(row("acme-sn-1")).containsText("ago");
    page.locator(".facetlists a", withText("active")).press("Enter");
    assertThat(page.locator("thead")).containsText("Enrolled");
  }

  @Test
  @Order(18)
  void liveTail_showsWhatComes_andStandsStill() {
    signIn();
    open("/devices/acme-sn-1?tab=live");
    row("load").first().waitFor(new Locator.WaitForOptions().setTimeout(60_000));
    accessible();
    button("Pause").press("Enter");
    // What has come until then is drawn together with the word.
    assertThat(page.locator("main .bulk .badge")).hasText("paused");
    int rows = page.locator("tbody tr").count();
    assertThat(page.locator("main .bulk")).containsText(Pattern.compile("[1-9]\\d* values since"));
    assertThat(page.locator("tbody tr")).hasCount(rows);
    button("Go on").press("Enter");
    assertThat(page.locator(".badge.good").last()).hasText("live");
  }

  @Test
  @Order(19)
  void liveTail_whoseStreamIsGone_saysSo_andGoesOn() {
    Locator badge = page.locator("main .bulk .badge");
    String stream = "**/telemetry/live?*";
    try (FaultProxy line = FaultProxy.to(URI.create(origin).getPort())) {
      String far = "https://localhost:" + line.port();
      signIn(far);
      page.route(stream, route -> route.abort());
      page.navigate(far + "/devices/acme-sn-1?tab=live");
      assertThat(badge).hasText("reconnecting…");
      accessible();
      page.unroute(stream);
      assertThat(badge).hasText("live");
      row("load").first().waitFor();
      // A browser asks again by itself, but not after such an answer.
      page.route(stream, route -> route.fulfill(new Route.FulfillOptions().setStatus(503)));
      Response refused = page.waitForResponse(one -> one.status() == 503, line::reset);
      assertThat(refused.url()).contains("device=acme-sn-1");
      assertThat(badge).hasText("reconnecting…");
      assertThat(row("load").first()).isVisible();
      page.unroute(stream);
      assertThat(badge).hasText("live");
      line.refuse();
      assertThat(badge).hasText("reconnecting…");
      line.heal();
      assertThat(badge).hasText("live");
    }
    open("/devices/acme-sn-1?tab=live");
    assertThat(badge).hasText("live");
    // Nothing says that the stream is gone, but nothing else comes either.
    context.setOffline(true);
    assertThat(badge).hasText("reconnecting…");
  }

  @Test
  @Order(20)
  void health_saysWhatIsNotWell_andHowOldCrlsAre() {
    signIn();
    page.keyboard().press("g");
    page.keyboard().press("h");
    heading("Health");
    assertThat(row("device").first()).containsText("ago");
    assertThat(page.locator(".notice").first()).isVisible();
    accessible();
  }

  @Test
  @Order(21)
  void operator_limitedToAFleet_seesThatFleetAndNoOther() {
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    operator.post(
        "manufacturers/acme/policy", json("{\"admission\": \"auto\", \"fleet\": \"south\"}"));
    fleet.startAnother("SN-7");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> operator.find("devices/acme-sn-7/presence").isPresent());
    String link = operator
        .post(
            "access/operators",
            json("{\"name\": \"sue\", \"role\": \"officer\", \"fleets\": [\"south\"]}"))
        .path("path")
        .asText();
    open(link);
    page.getByLabel("Password", new Page.GetByLabelOptions().setExact(true)).fill(PASSWORD);
    page.getByLabel("Once more").fill(PASSWORD);
    button("Begin").click();
    heading("Fleet");
    assertThat(page.locator(".who")).containsText("sue officer of south");
    Locator online = page.locator(".tile", withText("online"));
    assertThat(online.locator(".value")).hasText("1");
    assertThat(online).containsText("of 1 known");
    accessible();

    online.click();
    heading("Devices");
    assertThat(row("acme-sn-7")).hasCount(1);
    assertThat(page.locator("tbody tr")).hasCount(1);
    open("/devices");
    assertThat(row("acme-sn-7")).hasCount(1);
    assertThat(page.locator("tbody tr")).hasCount(1);
    assertThat(page.locator(".facetlists")).containsText("south 1");
    assertThat(page.locator(".facetlists")).not().containsText("default");
    page.getByRole(AriaRole.SEARCHBOX).fill("acme-sn-0");
    page.keyboard().press("Enter");
    assertThat(page.locator(".empty")).containsText("No device is like that");
    for (String others : List.of("fleet:default", "tag:site=berlin", "is:offline")) {
      open("/devices?q=" + others);
      assertThat(page.locator(".empty")).containsText("No device is like that");
    }

    open("/devices/acme-sn-7?tab=live");
    row("load").first().waitFor();
    assertThat(page.locator("main .bulk .badge")).hasText("live");

    for (String tab : List.of("", "?tab=live", "?tab=twin", "?tab=audit")) {
      open("/devices/acme-sn-0" + tab);
      heading("acme-sn-0");
      assertThat(page.locator(".empty")).containsText("There is no device of that name");
      assertThat(page.getByRole(AriaRole.ALERT)).hasCount(0);
    }
    accessible();
    open("/telemetry?device=acme-sn-0&series=load/n");
    heading("Telemetry");
    assertThat(page.getByRole(AriaRole.ALERT).first()).containsText("not all are known");
    for (String path : List.of(
        "/", "/enrollment", "/certificates", "/dead-letters", "/bulk", "/health", "/access")) {
      open(path);
      page.getByRole(AriaRole.HEADING).first().waitFor();
      assertThat(page.locator(".skeleton")).hasCount(0);
      assertThat(page.locator("body")).not().containsText(Pattern.compile("acme-sn-[0-689]"));
      assertThat(page.getByRole(AriaRole.ALERT).filter(refusal())).hasCount(0);
    }
    for (String path : List.of("/policy?tab=file", "/audit")) {
      open(path);
      assertThat(page.getByRole(AriaRole.ALERT).first()).containsText("limited to [south]");
      assertThat(page.getByRole(AriaRole.LINK, named("Policy"))).hasCount(0);
    }
  }

  private static Locator.FilterOptions refusal() {
    return new Locator.FilterOptions().setHasText("Refused");
  }

  /** The pictures of docs/dashboard.md: made anew with -Ddashboard.images=docs/images. */
  @Test
  @Order(22)
  void rows_thatMove_takeNobodyToAnotherOnesButton() {
    signIn();
    List<String> waiting = new CopyOnWriteArrayList<>(List.of("acme-sn-b", "acme-sn-c"));
    List<String> approved = new CopyOnWriteArrayList<>();
    page.route(
        "**/api/v1/waiting?*",
        route -> route.fulfill(body(waiting.stream()
            .map(DashboardIT::whoWaits)
            .collect(Collectors.joining(",", "{\"waiting\": [", "]}")))));
    page.route("**/api/v1/devices/*/approve", route -> {
      approved.add(route.request().url().replaceAll(".*/devices/(.*)/approve", "$1"));
      waiting.remove(approved.get(approved.size() - 1));
      route.fulfill(body("{}"));
    });
    open("/enrollment");
    button("Approve acme-sn-b").focus();
    waiting.add(0, "acme-sn-a");
    button("Approve acme-sn-a").waitFor();
    assertThat(button("Approve acme-sn-b")).isFocused();
    // The other moves up under the second click.
    Locator first = button("Approve acme-sn-a");
    BoundingBox box = first.boundingBox();
    page.mouse().move(box.x + box.width / 2, box.y + box.height / 2);
    page.mouse().down(new Mouse.DownOptions().setClickCount(1));
    page.mouse().up(new Mouse.UpOptions().setClickCount(1));
    assertThat(first).hasCount(0);
    page.mouse().down(new Mouse.DownOptions().setClickCount(2));
    page.mouse().up(new Mouse.UpOptions().setClickCount(2));
    button("Approve acme-sn-c").click();
    assertThat(button("Approve acme-sn-c")).hasCount(0);
    assertThat(approved).containsExactly("acme-sn-a", "acme-sn-c");
  }

  private static String whoWaits(String device) {
    return "{\"device\": \"" + device + "\", \"manufacturer\": \"acme\", \"serial\": \"" + device
        + "\", \"key\": \"00112233445566778899\", \"reason\": \"manual\", \"since\":"
        + " \"2026-01-01T00:00:00Z\", \"lastSeen\": \"2026-01-01T00:00:00Z\"}";
  }

  private static Route.FulfillOptions body(String json) {
    return new Route.FulfillOptions().setContentType("application/json").setBody(json);
  }

  @Test
  @Order(23)
  void whoSignsInAnew_inAnotherTab_goesOnInThisOne() {
    signIn();
    open("/access?tab=tokens");
    APIResponse anew = context
        .request()
        .post(
            origin + "/api/v1/access/session",
            RequestOptions.create().setData(Map.of("name", "ada", "password", PASSWORD)));
    assertThat(anew.status()).isEqualTo(200);
    button("New token…").click();
    page.getByLabel("Name").fill("anew");
    page.keyboard().press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG).locator("code")).isVisible();
  }

  @Test
  @Order(24)
  void listThatWasReadOn_readsEachPageOnce_andAnotherSearchBeginsAnew() {
    signIn();
    AtomicBoolean away = new AtomicBoolean();
    List<Route> held = new CopyOnWriteArrayList<>();
    page.route("**/api/v1/devices?*", route -> {
      String url = route.request().url();
      if (url.contains("after=")) {
        held.add(route);
      } else if (away.get()) {
        route.abort();
      } else {
        route.fulfill(body("{\"devices\": [{\"id\": \"one\"}], \"next\": \"one\"}"));
      }
    });
    open("/devices");
    button("Show more").click();
    button("Show more").click();
    page.waitForCondition(() -> !held.isEmpty());
    held.forEach(route -> route.fulfill(body("{\"devices\": [{\"id\": \"two\"}]}")));
    row("two").first().waitFor();
    assertThat(page.locator("tbody tr")).hasCount(2);
    away.set(true);
    page.getByLabel("Search devices").fill("o");
    page.keyboard().press("Enter");
    assertThat(page.getByRole(AriaRole.ALERT).last()).containsText("No answer");
    away.set(false);
    assertThat(page.locator("tbody tr")).hasCount(1);
  }

  @Test
  @Order(25)
  void explanation_isOfNow() {
    signIn();
    AtomicBoolean allowed = new AtomicBoolean();
    page.route(
        "**/explain?*",
        route -> route.fulfill(body("{\"allowed\": " + allowed.get()
            + ", \"rule\": \"r\", \"detail\": \"d\", \"subject\": \"s\", \"issuer\": \"i\","
            + " \"roles\": []}")));
    open("/policy?client=acme-sn-0&act=publish&topic=x");
    Locator verdict = page.locator("section.panel h2");
    assertThat(verdict).containsText("refused");
    allowed.set(true);
    button("Explain").click();
    assertThat(verdict).containsText("allowed");
  }

  @Test
  @Order(26)
  void connectionThatWasGone_whereNothingIsAskedFor_isFoundAgain() {
    signIn();
    open("/policy");
    String api = "**/api/v1/**";
    page.route(api, route -> route.abort());
    page.evaluate("dispatchEvent(new Event('offline'))");
    Locator banner = page.getByRole(AriaRole.ALERT);
    assertThat(banner).containsText("No connection");
    page.unroute(api);
    assertThat(banner).hasCount(0);
  }

  @Test
  @Order(27)
  void policyThatIsWritten_isNotOverwritten_whenTheFileChanges() {
    signIn();
    page.clock().install();
    AtomicReference<String> file = new AtomicReference<>("first");
    page.route(
        "**/api/v1/policy",
        route -> route.fulfill(
            body("{\"file\": \"policy.conf\", \"roles\": [], \"text\": \"" + file + "\"}")));
    open("/policy?tab=file");
    Locator text = page.locator("textarea[name=policy]");
    text.fill("mine");
    file.set("second");
    page.clock().runFor(20_000);
    assertThat(page.getByText("The file has changed since you began")).isVisible();
    assertThat(text).hasValue("mine");
    button("Back to what is in force").click();
    assertThat(text).hasValue("second");
  }

  @Test
  @Order(99)
  @EnabledIfSystemProperty(named = IMAGES, matches = ".+")
  void pictures_areMadeAnew() {
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    String sent = "devices/sim-dev-0001/messages?limit=1000";
    String explored = "/telemetry?device=sim-dev-0001&device=sim-dev-0002&device=sim-dev-0003"
        + "&series=env/temperature&series=env/humidity";
    String policyAsked = "/policy?client=sim-dev-0001&act=publish"
        + "&topic=fleets/simulated/devices/sim-dev-0002/telemetry/env";
    for (String name : List.of("bea", "carl", "dora")) {
      operator.post(
          "access/operators",
          json("{}").put("name", name).put("role", name.equals("bea") ? "officer" : "viewer"));
    }
    operator.post(
        "manufacturers/acme/policy", json("{\"admission\": \"auto\", \"fleet\": \"default\"}"));
    FleetDevice talkative = fleet.startAnother("SN-40");
    talkative.telemetry("load").send(Map.of("text", "x".repeat(20_000)));
    talkative.telemetry("door").send(Map.of("text", "x".repeat(20_000)));
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> operator.get("dead-letters").path("deadLetters").size() >= 2);
    operator.post("manufacturers/acme/policy", json("{\"admission\": \"manual\"}"));
    for (String serial : List.of("SN-41", "SN-42", "SN-43")) {
      fleet.startAnother(serial);
    }
    try (MusterProcess load =
        MusterProcess.start(folder, "simulate", "--devices", "12", "--rate", "1", "--for", "5m")) {
      await()
          .atMost(Duration.ofMinutes(3))
          .until(() ->
              operator.find(sent).map(page -> page.path("messages").size()).orElse(0) > 60);
      Instant now = Instant.now();
      explored += "&from=" + now.minusSeconds(90) + "&to=" + now;
      signIn();
      for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
        // The rate of messages is known with the second answer.
        picture("overview", "/", scheme, ".tile:has-text('a second') .value:text-matches('[0-9]')");
        picture("devices", "/devices", scheme, "tbody tr");
        picture("device", "/devices/sim-dev-0001", scheme, ".chart canvas[width]");
        picture("health", "/health", scheme, "tbody tr");
        picture("live", "/devices/sim-dev-0001?tab=live", scheme, "tbody tr");
        picture("bulk", "/bulk", scheme, "main h1");
        picture("telemetry", explored, scheme, ".chart canvas[width]");
        picture("enrollment", "/enrollment", scheme, "tbody tr");
        picture("certificates", "/certificates?days=30", scheme, "tbody tr");
        picture("dead-letters", "/dead-letters", scheme, "tbody tr");
        picture("policy", policyAsked, scheme, "section.panel");
        picture("audit", "/audit", scheme, "tbody tr");
        picture("access", "/access?tab=operators", scheme, "tbody tr");
      }
      load.interrupt();
    }
  }

  private void picture(String name, String path, ColorScheme scheme, String awaited) {
    open(path);
    for (int width : new int[] {1280, 390}) {
      page.setViewportSize(width, width == 390 ? 780 : 860);
      page.locator(awaited).first().waitFor();
      page.screenshot(new Page.ScreenshotOptions()
          .setPath(Path.of(System.getProperty(IMAGES))
              .resolve(
                  name + "-" + scheme.name().toLowerCase(Locale.ROOT) + "-" + width + ".png")));
    }
  }
}
