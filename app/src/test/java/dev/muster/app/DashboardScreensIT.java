/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ClientCertificate;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.SameSiteAttribute;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.CertificateRequest;
import dev.muster.app.operator.OperatorClient;
import dev.muster.app.operator.TrustedRoots;
import dev.muster.device.CommandResult;
import dev.muster.device.FleetDevice;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.PemFile;
import dev.muster.testing.PeerProgram;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What there is to do on each screen, by mouse, and what all screens have in common. In this order:
 * first a server that nobody has come to, then one with a fleet that things happen to, and last
 * what only looks.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DashboardScreensIT extends DashboardBrowser {
  /** What browsers have run that was meant to be read. */
  private static final List<String> HOSTILE = List.of(
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(2)>",
      "\"><svg onload=alert(3)>",
      "'-alert(4)-'",
      "javascript:alert(5)",
      "</title><iframe srcdoc=\"<script>alert(6)</script>\">",
      "${alert(7)}{{alert(7)}}",
      "<a href=javascript:alert(8)>x</a>",
      "\u202e<b onmouseover=alert(9)>",
      "<!--><math><mtext></p><style><img title=\"</style><img src onerror=alert(10)>\">");

  /** Certificates by their end are counted once a minute. */
  private static final Duration COUNTED_WITHIN = Duration.ofSeconds(90);

  private static final String DEVICES_OF_API = "**/api/v1/devices?*";

  /** When the first of the latest values was measured, whenever another one is shown. */
  private static final String NOTE_TIMES = """
      () => {
        globalThis.times = [];
        const first = () => document.querySelector('td[data-head=Age] time');
        new MutationObserver(() => times.push(Date.parse(first().dateTime)))
          .observe(document, { subtree: true, attributes: true, attributeFilter: ['datetime'] });
      }
      """;

  private boolean phonesAreDark;

  private static @Nullable PublishingFleet fleet;
  private static OperatorClient operator;
  private static Path session;

  /** Signs in once: each password takes a while to be looked at. */
  @BeforeAll
  static void begin() {
    operator = OperatorClient.local(folder.resolve("muster-data"));
    session = folder.resolve("session.json");
    try (BrowserContext context =
        browser.newContext(new Browser.NewContextOptions().setIgnoreHTTPSErrors(true))) {
      Page page = context.newPage();
      page.navigate(setUpLink);
      page.getByLabel("Name").fill("ada");
      page.getByLabel("Password", new Page.GetByLabelOptions().setExact(true)).fill(PASSWORD);
      page.getByLabel("Once more").fill(PASSWORD);
      page.getByRole(AriaRole.BUTTON, named("Begin")).click();
      page.getByRole(AriaRole.HEADING, named("Fleet")).waitFor();
      context.storageState(new BrowserContext.StorageStateOptions().setPath(session));
    }
  }

  @AfterAll
  static void stopFleet() {
    if (fleet != null) {
      fleet.close();
    }
  }

  @Override
  Browser.NewContextOptions options() {
    return super.options()
        .setStorageStatePath(session)
        .setLocale("en-US")
        .setPermissions(List.of("clipboard-read", "clipboard-write"));
  }

  /** Three devices that send, from when the first test needs them. */
  private static PublishingFleet fleet() {
    if (fleet == null) {
      fleet = PublishingFleet.start(folder, 3, Duration.ofMillis(500));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> operator.get("summary/traffic").path("online").asInt() == 3);
    }
    return fleet;
  }

  private static FleetDevice startAnother(String serial) {
    FleetDevice device = fleet().startAnother(serial);
    String id = "devices/acme-" + serial.toLowerCase(Locale.ROOT);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> operator.find(id + "/presence").isPresent());
    return device;
  }

  private static void admission(String how) {
    operator.post("manufacturers/acme/policy", json("{}").put("admission", how));
  }

  @Test
  @Order(1)
  void serverThatNobodyHasComeTo_saysTheNextStepOnEachScreen() {
    open("/");
    Locator command = page.locator(".command").first();
    command.getByRole(AriaRole.BUTTON).click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).hasText("Copied");
    assertThat(clipboard()).isEqualTo(command.locator("code").textContent());
    for (String path : List.of(
        "/devices",
        "/devices?q=nobody",
        "/devices/nobody",
        "/telemetry",
        "/enrollment",
        "/enrollment?tab=approved",
        "/enrollment?tab=refused",
        "/enrollment?tab=manufacturers",
        "/enrollment?tab=manifests",
        "/enrollment?tab=claims",
        "/enrollment?tab=alarms",
        "/certificates?list=revoked",
        "/certificates?list=overdue",
        "/dead-letters",
        "/dead-letters?device=nobody",
        "/bulk",
        "/policy",
        "/audit?object=device:nobody",
        "/access?tab=tokens")) {
      open(path);
      assertThat(page.locator(".empty").first().locator("a, button").first()).isVisible();
    }
    page.setViewportSize(390, 844);
    open("/enrollment");
    assertThat(button("Copy").boundingBox().height)
        .as("on a phone, in one line")
        .isLessThan(40);
  }

  private String clipboard() {
    return String.valueOf(page.evaluate("navigator.clipboard.readText()"));
  }

  @Test
  @Order(2)
  void serverThatHangs_isToldLikeOneThatIsGone() {
    page.clock().install();
    open("/devices");
    page.locator(".empty").waitFor();
    page.route("**/api/v1/**", route -> {});
    Locator banner = page.locator(".banner");
    assertThat(banner).hasCount(0);
    passTimeUntil(() -> banner.count() > 0);
    assertThat(banner).containsText("the server does not answer");
    assertThat(page.locator(".empty")).isVisible();
    page.unroute("**/api/v1/**");
    passTimeUntil(() -> banner.count() == 0);
    assertThat(banner).hasCount(0);
  }

  /** Not all at once: what is due is asked for between two of its seconds. */
  private void passTimeUntil(BooleanSupplier condition) {
    for (int i = 0; i < 60 && !condition.getAsBoolean(); i++) {
      page.clock().runFor(1_000);
    }
  }

  @Test
  @Order(2)
  void serverThatSaysNo_whileOldDataIsShown_isToldWithTheAgeOfTheData() {
    page.clock().install();
    Locator banner = page.locator(".banner");
    for (Map.Entry<String, String> one :
        Map.of("/devices", DEVICES_OF_API, "/", "**/api/v1/summary/identities").entrySet()) {
      open(one.getKey());
      page.locator(".empty").first().waitFor();
      assertThat(banner).hasCount(0);
      page.route(
          one.getValue(),
          route -> route.fulfill(
              new Route.FulfillOptions().setStatus(500).setBody("{\"detail\": \"out of order\"}")));
      passTimeUntil(() -> banner.count() > 0);
      assertThat(banner)
          .containsText(Pattern.compile("out of order. What you see is from \\d+ s ago"));
      assertThat(page.locator(".empty").first()).isVisible();
      page.unroute(one.getValue());
      passTimeUntil(() -> banner.count() == 0);
      assertThat(banner).hasCount(0);
    }
  }

  @Test
  @Order(3)
  void whatIsAwaited_isSketchedSoon() {
    page.route(DEVICES_OF_API, route -> {});
    open("/devices");
    Locator sketch = page.locator(".skeleton").first();
    assertThat(sketch).hasCSS("opacity", "1");
    assertThat(sketch).hasCSS("animation-delay", "0.2s");
    assertThat(sketch).hasCSS("animation-duration", "0s");
    page.unroute(DEVICES_OF_API);
    fleet();
    String series = "**/api/v1/devices/*/telemetry?*";
    page.route(series, route -> {});
    open("/devices/acme-sn-0");
    assertThat(page.locator(".canvas .skeleton")).hasCSS("opacity", "1");
  }

  @Test
  @Order(4)
  void liveStream_onWhichNobodySpeaks_isAskedForAgain() {
    fleet();
    page.clock().install();
    List<String> asked = new ArrayList<>();
    page.route("**/telemetry/live?*", route -> asked.add(route.request().url()));
    open("/devices/acme-sn-0?tab=live");
    assertThat(page.locator("main .bulk .badge")).hasText("connecting…");
    passTimeUntil(() -> asked.size() > 1);
    assertThat(page.locator("main .bulk .badge")).hasText("reconnecting…");
    assertThat(asked).hasSizeGreaterThan(1);
  }

  /** What is stored may be behind what came, and is asked for again and again. */
  @Test
  @Order(4)
  void valueThatCame_isNotTakenBack_byADatabaseThatIsBehind() {
    fleet();
    String latest = "devices/acme-sn-0/telemetry/latest";
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> operator.get(latest).path("values").size() > 0);
    String stored = operator.get(latest).toString();
    List<String> asked = new ArrayList<>();
    page.route("**/" + latest, route -> {
      asked.add(route.request().url());
      route.fulfill(new Route.FulfillOptions().setBody(stored));
    });
    page.clock().install();
    open("/devices/acme-sn-0");
    page.locator("td[data-head=Age] time").first().waitFor();
    page.evaluate(NOTE_TIMES);
    page.waitForFunction("() => times.length > 0");
    passTimeUntil(() -> asked.size() > 1);
    assertThat(asked).hasSizeGreaterThan(1);
    page.waitForFunction("seen => times.length > seen + 2", page.evaluate("times.length"));
    assertThat(page.evaluate("times.every((one, i) => i === 0 || times[i - 1] <= one)"))
        .as(() -> "each as new as the one before: " + page.evaluate("times"))
        .isEqualTo(true);
  }

  @Test
  @Order(4)
  void paths_thatLeadOutOfTheFolder_areNotFound() throws Exception {
    HttpClient http = trusting();
    for (String path : List.of(
        "/assets/%2e%2e/%2e%2e/muster-data/admin-token",
        "/assets/..%2f..%2fmuster-data%2fadmin-token",
        "/assets/%252e%252e/admin-token",
        "/assets/..%5c..%5cadmin-token",
        "/assets/../../../../../../etc/passwd",
        "/assets//etc/passwd",
        "/assets/x/app/main.js%00.css")) {
      HttpResponse<String> answer = ask(http, path);
      assertThat(answer.statusCode()).as(path).isIn(400, 404);
      assertThat(answer.body()).as(path).doesNotContain("root:", "muster");
    }
  }

  @Test
  @Order(4)
  void answers_whateverTheyAre_tellTheBrowserWhatItMayNotDo() throws Exception {
    HttpClient http = trusting();
    String page = ask(http, "/").body();
    Matcher asset = Pattern.compile("/assets/[^\"]+\\.js").matcher(page);
    assertThat(asset.find()).as(page).isTrue();
    for (String path : List.of("/", asset.group(), "/api/v1/devices", "/nothing")) {
      assertThat(ask(http, path).headers().map())
          .as(path)
          .containsEntry(
              "content-security-policy",
              List.of("default-src 'self'; base-uri 'none'; form-action 'self';"
                  + " frame-ancestors 'none'; object-src 'none';"
                  + " require-trusted-types-for 'script'; trusted-types lit-html"))
          .containsEntry("strict-transport-security", List.of("max-age=31536000"))
          .containsEntry("x-content-type-options", List.of("nosniff"))
          .containsEntry("referrer-policy", List.of("no-referrer"))
          .containsEntry("cross-origin-opener-policy", List.of("same-origin"))
          .containsEntry("cross-origin-resource-policy", List.of("same-origin"));
    }
    assertThat(ask(http, "/api/v1/devices").headers().map())
        .containsEntry("cache-control", List.of("no-store"));
  }

  private static HttpClient trusting() throws Exception {
    return HttpClient.newBuilder()
        .sslContext(TrustedRoots.tls(
            PemFile.certificates(folder.resolve("muster-data/trust/root.pem")), null))
        .build();
  }

  private static HttpResponse<String> ask(HttpClient http, String path) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(origin + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  @Order(5)
  void device_onEachOfItsTabs_tellsWhatItIs() throws Exception {
    FleetDevice device = startAnother("SN-5");
    for (int i = 0; i < 20; i++) {
      device.telemetry("env").send(Map.of("temperature", 20 + i, "humidity", 40 + i));
    }
    overreach("SN-5");
    open("/devices");
    link("acme-sn-5").click();
    heading("acme-sn-5");
    row("env/temperature").first().waitFor();

    tab("Connections");
    assertThat(row("online")).containsText("TLSv1.3");
    tab("Certificates");
    String serial = page.locator("tbody code").first().textContent();
    page.setViewportSize(390, 600);
    button(serial).click();
    Locator dialog = page.getByRole(AriaRole.DIALOG);
    assertThat(dialog.locator("li")).hasCount(3);
    assertThat(dialog.getByRole(AriaRole.HEADING)).isInViewport();
    assertThat(dialog.getByText("Close")).isInViewport();
    page.setViewportSize(1280, 720);
    List<? extends Certificate> chain = List.copyOf(CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(
            dialog.locator(".command code").textContent().getBytes(StandardCharsets.US_ASCII))));
    assertThat(chain).hasSize(3);
    chain.get(0).verify(chain.get(1).getPublicKey());
    chain.get(1).verify(chain.get(2).getPublicKey());
    assertThat(chain.get(2))
        .isEqualTo(
            PemFile.certificates(folder.resolve("muster-data/trust/root.pem")).get(0));
    accessible();
    button("Close").click();

    tab("Audit");
    assertThat(row("certificate.issued")).containsText("device:acme-sn-5");
    assertThat(row("certificate.issued")).containsText("serial=");

    tab("Rights");
    assertThat(row("/acme-sn-5/twin/desired")).containsText("allowed");
    assertThat(row("/acme-sn-5/twin/desired")).containsText("roles.device.subscribe");
    assertThat(page.getByRole(AriaRole.TABLE, named("Refusals"))
            .locator("tbody tr")
            .first())
        .containsText("fleets/others");
    link("May it do something else?").click();
    assertThat(page.getByLabel("Client id")).hasValue("acme-sn-5");
  }

  /** A device publishes to where it may not. */
  private static void overreach(String serial) {
    String identity = serial + "-state/identity/0001/";
    PeerProgram.require("mosquitto_pub")
        .run(
            folder,
            "-h",
            "localhost",
            "-p",
            String.valueOf(
                Endpoints.read(folder.resolve("muster-data")).mqttUrl().getPort()),
            "--cafile",
            "muster-data/trust/root.pem",
            "--cert",
            identity + "chain.pem",
            "--key",
            identity + "key.pem",
            "-i",
            "acme-" + serial.toLowerCase(Locale.ROOT),
            "-V",
            "5",
            "-q",
            "1",
            "-t",
            "fleets/others",
            "-m",
            "1");
  }

  private void tab(String name) {
    page.locator(".tabs")
        .getByText(name, new Locator.GetByTextOptions().setExact(true))
        .click();
  }

  private Locator link(String name) {
    return page.locator("main")
        .getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName(name).setExact(true));
  }

  @Test
  @Order(6)
  void deviceChart_showsWhatIsChosen_andLooksCloserByMouse() {
    fleet();
    open("/devices/acme-sn-5");
    Locator canvas = page.locator(".chart canvas");
    assertThat(canvas).hasAttribute("aria-label", Pattern.compile(".* over 15 minutes.*"));
    button("6 hours").click();
    assertThat(button("6 hours")).hasAttribute("aria-pressed", "true");
    assertThat(canvas).hasAttribute("aria-label", Pattern.compile(".* over 6 hours.*"));
    String humidity = "env/humidity";
    String before = button(humidity).getAttribute("aria-pressed");
    button(humidity).click();
    assertThat(button(humidity))
        .hasAttribute("aria-pressed", before.equals("true") ? "false" : "true");
    assertThat(page).hasURL(Pattern.compile(".*span=6h.*metrics=.*"));
    button("15 minutes").click();
    assertThat(button("15 minutes")).hasAttribute("aria-pressed", "true");
    drawOver(canvas);
    heading("Telemetry");
    assertThat(page).hasURL(Pattern.compile(".*/telemetry\\?device=acme-sn-5.*from=.*to=.*"));
  }

  /** From a quarter of the width to the half: by that much of its time. */
  private void drawOver(Locator canvas) {
    assertThat(page.locator(".skeleton")).hasCount(0);
    page.locator(".chart canvas[width]").waitFor();
    canvas.scrollIntoViewIfNeeded();
    BoundingBox box = canvas.boundingBox();
    double y = box.y + box.height / 2;
    page.mouse().move(box.x + box.width * 0.25, y);
    page.mouse().down();
    page.mouse().move(box.x + box.width * 0.5, y);
    page.mouse().up();
  }

  @Test
  @Order(7)
  void explorer_byMouse_choosesExportsAndLinksWhatItShows() throws IOException {
    fleet();
    open("/telemetry?device=acme-sn-0&series=load/n");
    page.getByLabel("Resolution").selectOption("coarse");
    assertThat(page).hasURL(Pattern.compile(".*points=100.*"));
    page.getByLabel("Export").selectOption("minutes");
    assertThat(page).hasURL(Pattern.compile(".*tier=1m.*"));
    page.getByLabel("Export").selectOption("values as they came");
    Download lines = page.waitForDownload(() -> link("NDJSON").click());
    assertThat(Files.readAllLines(lines.path()))
        .isNotEmpty()
        .allSatisfy(line -> assertThat(json(line).path("device").asText()).isEqualTo("acme-sn-0"));
    page.getByLabel("Export").selectOption("minutes");

    button("Copy link").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("Copied");
    String copied = clipboard();
    page.navigate(copied);
    heading("Telemetry");
    assertThat(page.getByLabel("Export")).hasValue("1m");
    assertThat(page.getByLabel("Resolution")).hasValue("100");
    button("Copy link").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("Copied");
    assertThat(clipboard()).isEqualTo(copied);

    page.getByText("Other times").click();
    page.getByLabel("From, local time").fill("2026-01-01T00:00:01");
    page.getByLabel("to", new Page.GetByLabelOptions().setExact(true)).fill("2026-01-02T00:00:01");
    button("Look").click();
    assertThat(page).hasURL(Pattern.compile(".*from=202[56].*"));
    button("The last 30 days").click();
    assertThat(page).hasURL(Pattern.compile(".*span=30d.*"));
    button("15 minutes").click();
    assertThat(button("15 minutes")).hasAttribute("aria-pressed", "true");
    drawOver(page.locator(".chart canvas"));
    assertThat(page).hasURL(Pattern.compile(".*from=.*to=.*"));
    button("Zoom out").waitFor();
  }

  @Test
  @Order(8)
  void enrollment_byMouse_letsInAndRefuses_andAnAlarmIsAcknowledged() {
    fleet();
    admission("manual");
    fleet().startAnother("SN-20");
    fleet().startAnother("SN-21");
    try (FleetDevice clone = cloneOf("SN-0")) {
      clone.start();
      open("/enrollment");
      button("Approve acme-sn-20").click();
      assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("acme-sn-20 is let in");
      button("Refuse acme-sn-21").click();
      assertThat(page.getByRole(AriaRole.DIALOG)).containsText("serial SN-21 of acme");
      page.getByLabel("Reason").fill(HOSTILE.get(0));
      button("Refuse").click();
      assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("acme-sn-21 is refused");
      assertThat(row("acme-sn-21")).hasCount(0);
      assertThat(row("acme-sn-0")).containsText("has a certificate");
    }
    tab("Approved");
    assertThat(row("acme-sn-20")).containsText("operator:ada");
    tab("Refused");
    assertThat(row("acme-sn-21").first()).containsText(HOSTILE.get(0));
    harmless();
    admission("registered");
    Factory.open(folder.resolve("acme"), Clock.systemUTC()).issue("SN-31", folder.resolve("SN-31"));
    try (FleetDevice nobodys =
        device("SN-31", "-state", Endpoints.read(folder.resolve("muster-data")).mqttUrl())) {
      nobodys.start();
      assertThat(row("idevid:acme/SN-31").first()).containsText("was not announced");
    }
    admission("manual");
    Locator key = page.locator("main .notice");
    link("acme-sn-21").click();
    assertThat(key).hasText(Pattern.compile("The key \\w+… was refused: .*"));
    assertThat(key).containsText(HOSTILE.get(0));
    harmless();
    open("/devices/acme-sn-0");
    assertThat(key).hasText(Pattern.compile("The key \\w+… waits for a decision: .*"));
    key.getByRole(AriaRole.LINK).click();
    tab("Manufacturers");
    assertThat(row("acme")).containsText("manual");
    assertThat(row("acme")).containsText("enabled");
    page.locator(".tabs").getByText("Alarms").click();
    button("Acknowledge acme-sn-0").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).hasText("Acknowledged");
    assertThat(row("acme-sn-0")).hasCount(0);
    admission("auto");
  }

  /** The same factory identity, in another place. */
  private static FleetDevice cloneOf(String serial) {
    return device(
        serial, "-clone", Endpoints.read(folder.resolve("muster-data")).mqttUrl());
  }

  private static FleetDevice device(String serial, String place, URI broker) {
    return FleetDevice.builder()
        .enrollment(Endpoints.read(folder.resolve("muster-data")).estUrl())
        .broker(broker)
        .trust(fleet().root())
        .factoryIdentity(
            folder.resolve(serial).resolve("device.key"),
            folder.resolve(serial).resolve("chain.pem"))
        .stateDirectory(folder.resolve(serial + place))
        .build();
  }

  @Test
  @Order(9)
  void certificates_byMouse_areRevokedAndRolledOver_andAnOldCrlIsToldSo() {
    startAnother("SN-22");
    open("/devices/acme-sn-22?tab=certificates");
    String serial = page.locator("tbody code").first().textContent();
    open("/certificates");
    button("Revoke " + serial).click();
    page.getByLabel("Reason").selectOption("keyCompromise");
    page.getByLabel("Type").fill(serial.substring(serial.length() - 6));
    button("Revoke").click();
    assertThat(page.getByRole(AriaRole.DIALOG))
        .containsText(Pattern.compile("1 sessions cut, 0 remaining, in \\d+ ms"));
    button("Close").click();
    tab("Revoked");
    assertThat(row(serial)).containsText("keyCompromise");

    tab("CAs");
    Locator rollOver = page.getByRole(
        AriaRole.BUTTON,
        new Page.GetByRoleOptions().setName(Pattern.compile("Roll over device.*")));
    String ca = rollOver.getAttribute("aria-label").replace("Roll over ", "");
    rollOver.click();
    page.getByLabel("Type").fill(ca);
    button("Roll over").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("The next CA is made");
    assertThat(row("prepared")).containsText("device");
    assertThat(rollOver).hasCount(0);

    assertThat(page.locator("tbody .badge", withText("overdue"))).hasCount(0);
    page.route("**/api/v1/authorities", DashboardScreensIT::answerOfYesterday);
    for (String path : List.of("/certificates?list=cas", "/health")) {
      open(path);
      assertThat(row(ca).first()).containsText("overdue");
    }
  }

  /** As if the newest CRL had been to be followed a day ago. */
  private static void answerOfYesterday(Route route) {
    APIResponse response = route.fetch();
    ObjectNode answer = json(response.text());
    answer.path("authorities").forEach(one -> {
      if (one.path("crl") instanceof ObjectNode crl) {
        crl.put("nextUpdate", Instant.now().minus(Duration.ofDays(1)).toString());
      }
    });
    route.fulfill(new Route.FulfillOptions().setResponse(response).setBody(answer.toString()));
  }

  @Test
  @Order(10)
  void renewalsThatAreOverdue_areListed_withTheWayToEachDevice() {
    fleet();
    page.route("**/api/v1/devices?renewal=overdue*", DashboardScreensIT::answerOfTomorrow);
    open("/certificates?list=overdue");
    Locator overdue = row("acme-sn-0");
    assertThat(overdue.locator("[data-head='Was to renew by']")).hasText("1 d ago");
    assertThat(overdue.locator("[data-head='Certificate ends'] time"))
        .hasAttribute("datetime", Pattern.compile("\\d{4}-.*"));
    accessible();
    overdue.getByRole(AriaRole.LINK).click();
    heading("acme-sn-0");
  }

  /** As if a device had been to renew its certificate a day ago: such takes weeks by itself. */
  private static void answerOfTomorrow(Route route) {
    APIResponse response = route.fetch(
        new Route.FetchOptions().setUrl(origin + "/api/v1/devices?q=acme-sn-0&limit=100"));
    ObjectNode answer = json(response.text());
    String yesterday = Instant.now().minus(Duration.ofHours(25)).toString();
    answer.path("devices").forEach(one -> ((ObjectNode) one).put("renewBy", yesterday));
    route.fulfill(new Route.FulfillOptions().setResponse(response).setBody(answer.toString()));
  }

  @Test
  @Order(10)
  void tags_whoseValuesHaveSpaces_stayAsTheyAre_andWhatSomebodyElseChangedIsShownFirst() {
    fleet();
    operator.post("devices/acme-sn-1/tags", json("{\"set\": {\"site\": \"hall 3\"}}"));
    open("/devices/acme-sn-1");
    button("Tags and groups…").click();
    Locator tags = page.getByLabel("Tags, each");
    assertThat(tags).hasValue("site=\"hall 3\"");
    operator.post("devices/acme-sn-1/tags", json("{\"set\": {\"line\": \"7\"}}"));
    tags.fill("site=hall 3");
    button("Change").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("\"3\" is no tag (expected: name=");
    tags.fill("site=\"hall 3\" rack=4");
    page.getByLabel("Groups", new Page.GetByLabelOptions().setExact(true)).fill("canary");
    button("Change").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("Somebody has changed them meanwhile");
    assertThat(tags).hasValue("line=7 site=\"hall 3\" rack=4");
    assertThat(operator.get("devices/acme-sn-1").path("groups")).isEmpty();
    accessible();
    button("Change").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).hasText("Changed");
    assertThat(page.getByRole(AriaRole.DIALOG)).hasCount(0);
    JsonNode changed = operator.get("devices/acme-sn-1");
    assertThat(changed.path("tags"))
        .isEqualTo(json("{\"site\": \"hall 3\", \"line\": \"7\", \"rack\": \"4\"}"));
    assertThat(changed.path("groups")).hasToString("[\"canary\"]");

    open("/devices?q=acme-sn-1");
    page.getByLabel("Select acme-sn-1").click();
    button("Tags…").click();
    page.getByLabel("Tags to set").fill("site=hall 4");
    page.getByLabel("Type").fill("1");
    button("Change tags").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("\"4\" is no tag");
    page.getByLabel("Tags to set").fill("site=\"hall 4\"");
    page.getByLabel("Names of tags to remove").fill("line, rack");
    button("Change tags").click();
    heading("Bulk job");
    assertThat(row("acme-sn-1")).containsText("done");
    assertThat(operator.get("devices/acme-sn-1").path("tags"))
        .isEqualTo(json("{\"site\": \"hall 4\"}"));
  }

  @Test
  @Order(10)
  void manyCertificates_areRevokedByMouse() {
    startAnother("SN-23");
    open("/devices?q=acme-sn-23");
    page.getByLabel("Select acme-sn-23").click();
    button("Revoke certificates…").click();
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("with 1 live certificates");
    page.getByLabel("Reason").selectOption("superseded");
    page.getByLabel("Type").fill("1");
    button("Revoke").click();
    heading("Bulk job");
    assertThat(row("acme-sn-23")).containsText("done");
    link("acme-sn-23").click();
    tab("Certificates");
    assertThat(page.locator("tbody tr").first()).containsText("superseded");
  }

  @Test
  @Order(10)
  void devices_byMouse_areSortedAndExported() throws IOException {
    fleet();
    open("/devices?q=acme-sn-");
    Locator head = page.getByRole(AriaRole.COLUMNHEADER).first();
    assertThat(head).hasAttribute("aria-sort", "ascending");
    assertThat(page.locator("tbody tr").first()).containsText("acme-sn-0");
    link("Device").click();
    assertThat(head).hasAttribute("aria-sort", "descending");
    assertThat(page.locator("tbody tr").last()).containsText("acme-sn-0");
    Download csv = page.waitForDownload(() -> link("CSV").click());
    List<String> lines = Files.readAllLines(csv.path());
    assertThat(lines.get(0)).startsWith("id,fleet,status");
    assertThat(lines.get(lines.size() - 1)).startsWith("acme-sn-0,default,active");
    link("Certificate ends").click();
    assertThat(page).hasURL(origin + "/devices?q=acme-sn-&sort=ends");
    assertThat(page.locator("[aria-sort]")).hasText(Pattern.compile("Certificate ends.*"));
    assertThat(head).not().hasAttribute("aria-sort", Pattern.compile(".*"));
    page.locator(".facetlists a", withText("active")).click();
    assertThat(page).hasURL(Pattern.compile(".*sort=ends.*"));
    page.setViewportSize(390, 844);
    link("Certificate ends").click();
    assertThat(page).hasURL(Pattern.compile(".*sort=-ends.*"));
    link("Device").click();
    assertThat(head).hasAttribute("aria-sort", "ascending");
  }

  @Test
  @Order(10)
  void list_thatWasReadOn_tellsItsAge_untilItIsLookedAtAgain() {
    fleet();
    page.clock().install();
    page.route(
        DEVICES_OF_API,
        route -> route.resume(new Route.ResumeOptions()
            .setUrl(route.request().url().replace("limit=100", "limit=1"))));
    open("/devices?q=acme-sn-");
    assertThat(page.locator("tbody tr")).hasCount(1);
    Locator age = page.locator("main .asof");
    assertThat(age).hasCount(0);
    button("Show more").click();
    assertThat(page.locator("tbody tr")).hasCount(2);
    page.clock().fastForward(200_000);
    assertThat(age).containsText("As of 3 min ago, and not asked for again");
    assertThat(page.locator("tbody tr")).hasCount(2);
    button("Look again").click();
    assertThat(page.locator("tbody tr")).hasCount(1);
    assertThat(age).hasCount(0);
  }

  @Test
  @Order(11)
  void deadLetter_replayedByMouse_saysWhatCameOfIt() {
    FleetDevice device = startAnother("SN-24");
    device.telemetry("load").send(Map.of("text", "x".repeat(20_000)));
    open("/dead-letters?device=acme-sn-24");
    row("acme-sn-24").getByText("Replay").click();
    assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("It stays: ");
    assertThat(row("acme-sn-24")).hasCount(1);
  }

  @Test
  @Order(12)
  void access_byMouse_endsASession_andChangesARole() {
    try (BrowserContext other =
        browser.newContext(super.options().setUserAgent("somebody else's " + HOSTILE.get(1)))) {
      Page elsewhere = other.newPage();
      elsewhere.navigate(origin);
      elsewhere.getByLabel("Name").fill("ada");
      elsewhere.getByLabel("Password").fill(PASSWORD);
      elsewhere.keyboard().press("Enter");
      elsewhere.getByRole(AriaRole.HEADING, named("Fleet")).waitFor();
      open("/access");
      Locator session = row("somebody else's " + HOSTILE.get(1));
      assertThat(session).hasCount(1);
      harmless();
      session.getByRole(AriaRole.BUTTON).click();
      assertThat(page.getByRole(AriaRole.STATUS).last()).hasText("Ended");
      assertThat(session).hasCount(0);
      assertThat(elsewhere.getByRole(AriaRole.HEADING, named("Sign in"))).isVisible();
    }
    operator.post("access/operators", json("{\"name\": \"eve\", \"role\": \"viewer\"}"));
    tab("Operators");
    button("Role of eve").click();
    page.getByRole(AriaRole.DIALOG).getByLabel("Role").selectOption("officer");
    button("Change").click();
    assertThat(row("eve")).containsText("officer");
  }

  private static Page.GetByTextOptions exact() {
    return new Page.GetByTextOptions().setExact(true);
  }

  /** Its page is of another site: to a way back that begins there, no strict cookie is given. */
  @Test
  @Order(12)
  void signIn_byTheProvider_leadsOverItsPage_intoASession() {
    provider().ask();
    try (BrowserContext other = browser.newContext(super.options())) {
      page = newPage(other);
      page.navigate(NAMED + "/devices");
      heading("Sign in");
      assertThat(button("Sign in with a certificate")).isVisible();
      accessible();
      provider().putInto("staff");
      goOverTheProvider();
      assertThat(page.getByRole(AriaRole.ALERT)).containsText("none of your groups may do");
      provider().putInto("staff", "officers");
      goOverTheProvider();
      heading("Fleet");
      assertThat(page).hasURL(NAMED + "/");
      assertThat(page.locator(".who"))
          .containsText(Pattern.compile("anna~[0-9a-f]{12}@localhost:oidc officer"));
      assertThat(other.cookies(NAMED)).hasSize(2).allSatisfy(cookie -> {
        assertThat(cookie.name).startsWith("__Host-muster");
        assertThat(cookie.httpOnly).isTrue();
        assertThat(cookie.secure).isTrue();
        assertThat(cookie.sameSite).isEqualTo(SameSiteAttribute.STRICT);
      });
      page.reload();
      heading("Fleet");
      button("Sign out").click();
      heading("Sign in");
    }
  }

  private void goOverTheProvider() {
    page.getByRole(AriaRole.LINK, named("Sign in with Example Corp")).click();
    button("It is me").click();
  }

  @Test
  @Order(12)
  void signIn_byTheCertificateOfTheBrowser_opensASession_untilItIsHeld() throws IOException {
    operator.post("access/operators", json("{\"name\": \"cora\", \"role\": \"viewer\"}"));
    CertificateRequest request = CertificateRequest.create();
    JsonNode issued = operator.post(
        "certificates",
        json("{\"role\": \"operator\", \"name\": \"cora\"}").put("csr", request.csrPem()));
    Path chain =
        Files.writeString(folder.resolve("cora.pem"), issued.path("chain").asText());
    Path key = Files.writeString(folder.resolve("cora.key"), request.keyPem());
    try (BrowserContext hers = browser.newContext(super.options()
        .setClientCertificates(
            List.of(new ClientCertificate(origin).setCertPath(chain).setKeyPath(key))))) {
      page = newPage(hers);
      open("/certificates");
      button("Sign in with a certificate").click();
      heading("Certificates");
      assertThat(page.locator(".who")).containsText("cora viewer");
      operator.post("certificates/" + issued.path("serial").asText() + "/hold", json("{}"));
      page.reload();
      heading("Sign in");
      button("Sign in with a certificate").click();
      assertThat(page.getByRole(AriaRole.ALERT)).containsText("certificate: opens nothing here");
    }
  }

  @Test
  @Order(13)
  void hostileText_whereverItStands_isText() {
    FleetDevice device = startAnother("SN-25");
    device.onCommand(
        "say",
        (command, run) -> CommandResult.failed(HOSTILE.get(
            Integer.parseInt(String.valueOf(((Map<?, ?>) command.payload()).get("which"))))));
    List<String> commands = new ArrayList<>();
    ObjectNode twin = json("{}");
    for (int i = 0; i < HOSTILE.size(); i++) {
      String text = HOSTILE.get(i);
      device.telemetry("load").send(Map.of("text" + i, text));
      device.telemetry("load").send(Map.of("long", text + "x".repeat(20_000)));
      twin.put("t" + i, text);
      ObjectNode command = json("{\"name\": \"say\", \"validForSeconds\": 60}");
      command.putObject("payload").put("which", i);
      commands.add(
          operator.postOnce("devices/acme-sn-25/commands", command).path("id").asText());
    }
    operator.put("devices/acme-sn-25/twin", twin);
    String key = operator.get("devices/acme-sn-21").at("/pending/0/key").asText();
    for (String text : HOSTILE) {
      operator.post("devices/acme-sn-21/refuse", json("{}").put("key", key).put("reason", text));
    }
    await()
        .until(() -> commands.stream()
            .allMatch(
                id -> operator.get("commands/" + id).path("state").asText().equals("failed")));
    await()
        .until(() ->
            operator.get("dead-letters?device=acme-sn-25").path("deadLetters").size()
                == HOSTILE.size());
    page.onDialog(dialog -> {
      complaints.add("a dialog: " + dialog.message());
      dialog.dismiss();
    });
    shownAsText("/devices/acme-sn-25", text -> text);
    shownAsText("/devices/acme-sn-25?tab=twin", text -> text.replace("\"", "\\\""));
    shownAsText("/devices/acme-sn-25?tab=commands", text -> text);
    shownAsText("/enrollment?tab=refused", text -> text);
    refusedAsText();
    open("/audit?object=device:acme-sn-21");
    assertThat(row("device.refused")).hasCount(HOSTILE.size() + 1);
    harmless();
    open("/dead-letters?device=acme-sn-25");
    for (String text : HOSTILE) {
      int at = HOSTILE.size() - 1 - HOSTILE.indexOf(text);
      row("acme-sn-25").nth(at).getByRole(AriaRole.BUTTON).first().click();
      assertThat(page.getByRole(AriaRole.DIALOG).locator("pre")).containsText("x");
      harmless();
      button("Cancel").click();
    }
  }

  /** @param written how a text is written in that place */
  private void shownAsText(String path, UnaryOperator<String> written) {
    open(path);
    for (String text : HOSTILE) {
      assertThat(page.locator("main")).containsText(written.apply(text));
    }
    harmless();
  }

  /** Tags have no such signs: what is told of that, has. */
  private void refusedAsText() {
    open("/devices/acme-sn-25");
    button("Tags and groups…").click();
    page.getByLabel("Tags, each").fill("t=" + HOSTILE.get(0));
    button("Change").click();
    assertThat(page.getByRole(AriaRole.ALERT)).containsText(HOSTILE.get(0));
    harmless();
    button("Cancel").click();
  }

  private void harmless() {
    assertThat(
            page.locator(
                "#app script, #app img, #app iframe, #app math, main svg:not(.bars svg), [onload], [onerror], [onmouseover], a[href^='javascript']"))
        .hasCount(0);
  }

  @Test
  @Order(14)
  void times_areLocal_andInUtcForWhoHasNoMouse() {
    fleet();
    try (BrowserContext far = browser.newContext(options().setTimezoneId("Asia/Kolkata"))) {
      page = far.newPage();
      open("/audit?object=device:acme-sn-0");
      Locator time = page.locator("tbody time").first();
      time.waitFor();
      String told = time.getAttribute("datetime");
      Instant at = Instant.parse(told);
      assertThat(time).hasAttribute("title", Pattern.compile(".*" + told + " \\(UTC\\)"));
      assertThat(time).containsText(clock("h:mm:ss", "Asia/Kolkata", at));
      page.keyboard().press("z");
      String utc = clock("yyyy-MM-dd HH:mm:ss", "UTC", at) + " UTC";
      assertThat(time).hasText(utc);
      page.reload();
      assertThat(time).hasText(utc);
      button("Times in UTC").click();
      assertThat(time).containsText(clock("h:mm:ss", "Asia/Kolkata", at));
    }
  }

  private static String clock(String pattern, String zone, Instant at) {
    return DateTimeFormatter.ofPattern(pattern, Locale.US)
        .withZone(ZoneId.of(zone))
        .format(at);
  }

  @Test
  @Order(15)
  void colours_areChosenByMouse_andStay() {
    open("/health");
    heading("Health");
    Locator root = page.locator("html");
    Locator body = page.locator("body");
    String light = "rgb(246, 247, 249)";
    button("Colours").click();
    assertThat(root).hasAttribute("data-theme", "light");
    assertThat(body).hasCSS("background-color", light);
    button("Colours").click();
    assertThat(root).hasAttribute("data-theme", "dark");
    assertThat(body).not().hasCSS("background-color", light);
    page.reload();
    assertThat(root).hasAttribute("data-theme", "dark");
    assertThat(body).not().hasCSS("background-color", light);
  }

  @Test
  @Order(14)
  void searchAuditPolicyAndHealth_byMouse_leadOn() {
    fleet();
    open("/devices");
    page.getByLabel("Search devices").fill("acme-sn-0");
    button("Search").click();
    assertThat(page.locator("tbody tr")).hasCount(1);
    place("Audit").click();
    page.getByRole(AriaRole.SEARCHBOX).fill("device:acme-sn-0");
    button("Search").click();
    assertThat(page).hasURL(origin + "/audit?object=device%3Aacme-sn-0");
    link("device:acme-sn-0").first().click();
    heading("acme-sn-0");
    place("Policy").click();
    page.getByLabel("Client id").fill("acme-sn-0");
    page.getByLabel("Topic").fill("fleets/default/devices/acme-sn-0/telemetry/load");
    button("Explain").click();
    assertThat(page.locator("section.panel")).containsText("allowed");
    place("Health").click();
    page.locator("dd a").first().click();
    heading("Devices");
    assertThat(page.getByLabel("Search devices")).hasValue("is:online");
  }

  private Locator place(String name) {
    return page.getByRole(AriaRole.NAVIGATION, named("Main"))
        .getByRole(AriaRole.LINK, new Locator.GetByRoleOptions().setName(name).setExact(true));
  }

  @Test
  @Order(15)
  void policyFileThatIsNone_isTold_untilItIsOneAgain() throws IOException {
    Path file = folder.resolve(operator.get("policy").path("file").asText());
    String policy = Files.readString(file);
    Files.writeString(file, "roles: [");
    await().until(() -> operator.get("health").path("problems").has("broker"));
    open("/health");
    Locator problem = page.locator(".problems li", withText("broker:"));
    assertThat(problem).containsText("not YAML");
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("The policy file is not followed");
    assertThat(page.locator(".heading .badge")).hasText("impaired");
    Files.writeString(file, policy);
    assertThat(problem).hasCount(0);
  }

  @Test
  @Order(15)
  void whatIsNotWell_isTold_withTheCommandToGoOnWith() {
    ObjectNode health = json("{\"status\": \"impaired\", \"version\": \"1\"}");
    health.putObject("problems").put("disk", "3 MiB free").put("broker", HOSTILE.get(1));
    page.route(
        "**/api/v1/health",
        route -> route.fulfill(new Route.FulfillOptions().setBody(health.toString())));
    open("/health");
    Locator problems = page.locator(".problems li");
    assertThat(problems).hasCount(2);
    assertThat(problems.first()).containsText("disk: 3 MiB free");
    assertThat(problems.first().locator("code")).hasText("./muster doctor");
    assertThat(problems.last()).containsText("broker: " + HOSTILE.get(1));
    assertThat(page.locator(".heading .badge")).hasText("impaired");
    accessible();
    harmless();
  }

  @Test
  @Order(16)
  void screens_ofEachWidthAndInBothThemes_areAccessible() {
    fleet();
    for (String path : List.of(
        "/devices",
        "/devices/acme-sn-0",
        "/devices/acme-sn-0?tab=live",
        "/devices/acme-sn-0?tab=connections",
        "/devices/acme-sn-0?tab=certificates",
        "/devices/acme-sn-0?tab=twin",
        "/devices/acme-sn-25?tab=commands",
        "/devices/acme-sn-5?tab=refused",
        "/devices/acme-sn-0?tab=audit",
        "/telemetry?device=acme-sn-0&device=acme-sn-1",
        "/telemetry?device=acme-sn-0&view=table",
        "/enrollment",
        "/enrollment?tab=approved",
        "/enrollment?tab=refused",
        "/enrollment?tab=manufacturers",
        "/enrollment?tab=manifests",
        "/enrollment?tab=claims",
        "/enrollment?tab=alarms",
        "/certificates",
        "/certificates?list=overdue",
        "/certificates?list=cas",
        "/dead-letters",
        "/bulk",
        "/policy?client=acme-sn-0&act=publish&topic=x",
        "/policy?tab=file",
        "/audit",
        "/health",
        "/access",
        "/access?tab=tokens",
        "/access?tab=operators")) {
      open(path);
      accessibleInAllWays();
    }
  }

  /**
   * On a phone tables become cards; what is dark has other colours, and is else the same: so each
   * page is looked at in both, once as on a phone, and the next the other way round.
   */
  private void accessibleInAllWays() {
    phonesAreDark = !phonesAreDark;
    page.getByRole(AriaRole.HEADING).first().waitFor();
    assertThat(page.locator(".skeleton")).hasCount(0);
    for (int width : new int[] {3840, 390, 1280}) {
      page.setViewportSize(width, 900);
      // Charts follow a frame later.
      page.waitForFunction("() => document.documentElement.scrollWidth <= innerWidth");
      if (width == 3840) {
        assertThat(page.locator("main").boundingBox().width).isGreaterThan(2_500);
        continue;
      }
      page.emulateMedia(new Page.EmulateMediaOptions()
          .setColorScheme((width == 390) == phonesAreDark ? ColorScheme.DARK : ColorScheme.LIGHT));
      accessible();
    }
  }

  @Test
  @Order(17)
  void overview_eachNumber_isThatOfTheListBehindIt() throws IOException {
    Factory.open(folder.resolve("acme"), Clock.systemUTC()).issue("SN-30", folder.resolve("SN-30"));
    operator.post("devices/acme-sn-20/retire", json("{}"));
    try (FleetDevice never = device("SN-30", "-state", URI.create("mqtts://localhost:1"))) {
      never.start();
      await()
          .until(() -> operator
              .find("devices/acme-sn-30")
              .map(one -> one.path("status").asText().equals("active"))
              .orElse(false));
      for (String label : List.of(
          "online",
          "offline",
          "never connected",
          "waiting for approval",
          "renewals overdue",
          "refused",
          "retired",
          "dead letters",
          "alarms")) {
        leadsToAsMany(".tile", label);
      }
      for (String label :
          List.of("ended", "within 7 days", "within 30 days", "within 90 days", "later")) {
        leadsToAsMany(".bars a", label);
      }
      open("/");
      page.locator(".tile", withText("messages a second")).click();
      heading("Telemetry");
      open("/");
      accessibleInAllWays();
    }
  }

  /**
   * Numbers are counted every so often, and a device may come or go between a look at the list and
   * the count: in the end both say the same.
   */
  private void leadsToAsMany(String kind, String label) {
    await().pollInSameThread().atMost(COUNTED_WITHIN).untilAsserted(() -> {
      String rows = String.valueOf(rowsBehind(kind, label));
      open("/");
      assertThat(number(kind, label).locator(".value")).hasText(rows);
    });
  }

  private int rowsBehind(String kind, String label) {
    open("/");
    Locator number = number(kind, label);
    number.locator(".value").waitFor();
    String href = number.getAttribute("href");
    number.click();
    assertThat(page).hasURL(origin + href);
    assertThat(page.locator(".skeleton")).hasCount(0);
    page.locator("tbody tr, .empty").first().waitFor();
    return page.locator("tbody tr").count();
  }

  private Locator number(String kind, String label) {
    return page.locator(kind)
        .filter(new Locator.FilterOptions().setHas(page.getByText(label, exact())));
  }
}
