/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.AriaRole;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.CommandResult;
import dev.muster.device.FleetDevice;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The main journey of each screen without a mouse: what there is to do is reached by keys, the
 * focus is seen at each step (WCAG 2.2, 2.4.7) and within the window (2.4.11), and after all that
 * happens it is somewhere.
 */
class DashboardKeyboardIT extends DashboardBrowser {
  private static final int MOST_TABS = 150;

  /** Of what has the focus: its name, and whether one sees that it has it. */
  private static final String FOCUS = """
      () => {
        const one = document.activeElement;
        const style = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const label = one.labels?.[0]?.textContent ?? one.textContent;
        return {
          lost: one === document.body,
          name: (one.getAttribute('aria-label') ?? label ?? '').trim().replace(/\\s+/g, ' '),
          visible: one.tabIndex < 0 || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
            && box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        };
      }""";

  private static @Nullable PublishingFleet fleet;
  private static OperatorClient operator;

  @BeforeAll
  static void startFleet() {
    fleet = PublishingFleet.start(folder, 3, Duration.ofMillis(500));
    operator = OperatorClient.local(folder.resolve("muster-data"));
  }

  @AfterAll
  static void stopFleet() {
    if (fleet != null) {
      fleet.close();
    }
  }

  private static Arguments journey(String name, Consumer<DashboardKeyboardIT> walk) {
    return Arguments.of(name, walk);
  }

  /** In this order: the first makes the operator who does the others. */
  static List<Arguments> journeys() {
    return List.of(
        journey("set-up", DashboardKeyboardIT::setUp),
        journey("overview", DashboardKeyboardIT::overview),
        journey("devices", DashboardKeyboardIT::devices),
        journey("bulk jobs", DashboardKeyboardIT::bulkJobs),
        journey("device", DashboardKeyboardIT::device),
        journey("telemetry", DashboardKeyboardIT::telemetry),
        journey("enrollment", DashboardKeyboardIT::enrollment),
        journey("certificates", DashboardKeyboardIT::certificates),
        journey("dead letters", DashboardKeyboardIT::deadLetters),
        journey("policy", DashboardKeyboardIT::policy),
        journey("audit", DashboardKeyboardIT::audit),
        journey("health", DashboardKeyboardIT::health),
        journey("keys", DashboardKeyboardIT::keys),
        journey("keys at speed", DashboardKeyboardIT::keysAtSpeed),
        journey("access", DashboardKeyboardIT::access));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("journeys")
  void screen_byKeyboardAlone_doesWhatItIsFor(String name, Consumer<DashboardKeyboardIT> walk) {
    walk.accept(this);
  }

  private void setUp() {
    page.navigate(setUpLink);
    focusedOn("Name");
    type("ada");
    tabTo("Password");
    type(PASSWORD);
    tabTo("Once more");
    type(PASSWORD);
    press("Enter");
    heading("Fleet");
    tabTo("Sign out");
    press("Enter");
    heading("Sign in");
    signInByKeys();
  }

  private void signInByKeys() {
    focusedOn("Name");
    type("ada");
    press("Tab");
    type(PASSWORD);
    press("Enter");
    heading("Fleet");
  }

  /** Signs in, and goes to a place by its key. */
  private void goTo(String key, String heading) {
    page.navigate(origin);
    signInByKeys();
    press("g");
    press(key);
    heading(heading);
  }

  private void overview() {
    goTo("o", "Fleet");
    assertThat(page.locator(".tile", withText("online")).first()).containsText("3");
    tabToWhatBegins("3 online");
    press("Enter");
    heading("Devices");
    assertThat(page.locator("tbody tr")).hasCount(3);
  }

  private void devices() {
    goTo("d", "Devices");
    assertThat(page.locator("tbody tr")).hasCount(3);
    press("/");
    type("seen<1h cert.expires>1d acme-sn-1");
    press("Enter");
    assertThat(page.locator("tbody tr")).hasCount(1);
    tabToWhatBegins("active 1");
    press("Enter");
    assertThat(page.locator("tbody tr")).hasCount(1);
    assertThat(page.getByLabel("Search devices"))
        .hasValue("seen<1h cert.expires>1d acme-sn-1 status:active");
    press("/");
    press("Control+A");
    type("seen<1x");
    press("Enter");
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("seen: \"<1x\" (expected: < or >");
    press("Control+A");
    type("seen>1d");
    press("Enter");
    assertThat(page.locator(".empty")).isVisible();
  }

  private void bulkJobs() {
    goTo("d", "Devices");
    assertThat(page.locator("tbody tr")).hasCount(3);
    press("j");
    press("x");
    tabTo("Tags…");
    press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("acme-sn-0");
    // It begins with what is to be typed for confirmation.
    type("1");
    tabTo("Tags to set");
    type("site=berlin");
    press("Enter");
    heading("Bulk job");
    assertThat(row("acme-sn-0")).containsText("done");
    tabTo("all jobs");
    press("Enter");
    heading("Bulk jobs");
    assertThat(page.locator("tbody tr")).hasCount(1);
    press("j");
    press("Enter");
    assertThat(row("acme-sn-0")).containsText("done");
  }

  private void device() {
    FleetDevice device = fleet.startAnother("SN-7");
    device.onCommand("blink", (command, run) -> CommandResult.done());
    await().until(() -> operator.find("devices/acme-sn-7/presence").isPresent());
    goTo("d", "Devices");
    press("/");
    type("acme-sn-7");
    press("Enter");
    assertThat(page.locator("tbody tr")).hasCount(1);
    press("Escape");
    press("j");
    press("Enter");
    heading("acme-sn-7");
    tabTo("Twin");
    press("Enter");
    tabTo("Change…");
    press("Enter");
    focusedOn("Desired, JSON");
    press("Control+A");
    type("{\"interval\": 5}");
    tabTo("Show the changes");
    press("Enter");
    focusedOn("Save");
    press("Enter");
    assertThat(page.locator("pre").first()).containsText("\"interval\": 5");
    kept();
    tabTo("Commands");
    press("Enter");
    tabTo("Send a command…");
    press("Enter");
    page.getByRole(AriaRole.DIALOG).waitFor();
    type("blink");
    press("Enter");
    assertThat(row("blink")).containsText("done");
    focusedOn("Send a command…");
  }

  private void telemetry() {
    goTo("t", "Telemetry");
    tabToWhatBegins("Show acme-sn-0");
    press("Enter");
    assertThat(row("load/n").first()).isVisible();
    tabTo("Table");
    press("Enter");
    assertThat(page.locator(".chart tbody tr").first()).containsText("acme-sn-");
    tabTo("Zoom out");
    press("Enter");
    assertThat(page.locator(".chart tbody tr").first()).isVisible();
    kept();
  }

  private void enrollment() {
    operator.post("manufacturers/acme/policy", json("{\"admission\": \"manual\"}"));
    fleet.startAnother("SN-9");
    goTo("e", "Enrollment");
    row("acme-sn-9").waitFor();
    tabTo("Approve acme-sn-9");
    press("Enter");
    assertThat(page.getByRole(AriaRole.STATUS).last()).containsText("acme-sn-9 is let in");
    assertThat(page.locator(".empty")).containsText("Nobody waits");
    kept();
  }

  private void certificates() {
    goTo("c", "Certificates");
    tabTo("in 90 days");
    press("Enter");
    row("acme-sn-2").waitFor();
    Locator revoke = row("acme-sn-2").getByRole(AriaRole.BUTTON).last();
    String name = revoke.getAttribute("aria-label");
    tabTo(name);
    press("Enter");
    page.getByRole(AriaRole.DIALOG).waitFor();
    type(name.substring(name.length() - 6));
    press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("sessions cut");
    press("Escape");
    assertThat(page.getByRole(AriaRole.DIALOG)).hasCount(0);
    assertThat(row("acme-sn-2")).hasCount(0);
    kept();
    tabTo("Revoked");
    press("Enter");
    assertThat(row("acme-sn-2")).containsText("revoked");
  }

  private void deadLetters() {
    // Longer than a text may be: taken, and kept aside.
    FleetDevice device = fleet.startAnother("SN-6");
    operator.post("manufacturers/acme/policy", json("{\"admission\": \"auto\"}"));
    device.telemetry("load").send(Map.of("text", "x".repeat(20_000)));
    goTo("l", "Dead letters");
    row("acme-sn-6").waitFor();
    String number = row("acme-sn-6").getByRole(AriaRole.BUTTON).first().textContent();
    tabTo(number);
    press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG)).containsText("Dead letter " + number);
    press("Escape");
    focusedOn(number);
    tabTo("Discard " + number);
    press("Enter");
    tabTo("Discard");
    press("Enter");
    assertThat(page.locator(".empty")).containsText("every message could be read");
    kept();
  }

  private void policy() {
    goTo("p", "Policy");
    tabTo("Client id");
    type("acme-sn-0");
    tabTo("Topic");
    type("fleets/default/devices/acme-sn-0/telemetry/load");
    press("Enter");
    assertThat(page.locator("section.panel")).containsText("allowed");
    kept();
    tabTo("File and preview");
    press("Enter");
    tabTo("Check and preview");
    press("Enter");
    assertThat(page.locator("section.panel")).containsText("takes nothing away");
    kept();
  }

  private void audit() {
    goTo("u", "Audit");
    press("/");
    type("device:acme-sn-1");
    press("Enter");
    assertThat(page.locator("tbody tr").first()).isVisible();
    assertThat(page).hasURL(origin + "/audit?object=device%3Aacme-sn-1");
    kept();
  }

  private void health() {
    goTo("h", "Health");
    page.locator("dd a").first().waitFor();
    tabTo(page.locator("dd a").first().textContent());
    press("Enter");
    heading("Devices");
    assertThat(page.getByLabel("Search devices")).hasValue("is:online");
  }

  /** WCAG 2.1.4: who speaks to the browser is not led away by a letter. */
  private void keys() {
    goTo("h", "Health");
    press("?");
    turnKeys();
    for (String key : List.of("g", "d", "/", "?", "z")) {
      press(key);
    }
    assertThat(page.getByRole(AriaRole.DIALOG)).hasCount(0);
    assertThat(page).hasURL(origin + "/health");
    tabTo("Keys");
    press("Enter");
    turnKeys();
    press("g");
    press("d");
    heading("Devices");
  }

  /** On a busy machine many keys come before the next frame: none of them is lost. */
  private void keysAtSpeed() {
    goTo("h", "Health");
    assertThat(focusAfter("/")).isEqualTo("Search devices");
    open("/health");
    heading("Health");
    assertThat(focusAfter("g", "d", "/")).isEqualTo("Search devices");
  }

  /** @return what has the focus after these keys, between which the page was not drawn */
  private String focusAfter(String... keys) {
    return (String) page.evaluate("""
        async keys => {
          for (const key of keys) {
            document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
            await Promise.resolve();
          }
          return document.activeElement.getAttribute('aria-label');
        }""", List.of(keys));
  }

  private void turnKeys() {
    page.getByRole(AriaRole.DIALOG).waitFor();
    tabTo("These keys work");
    press("Space");
    press("Escape");
    assertThat(page.getByRole(AriaRole.DIALOG)).hasCount(0);
  }

  private void access() {
    goTo("a", "Access");
    tabTo("API tokens");
    press("Enter");
    tabTo("New token…");
    press("Enter");
    page.getByRole(AriaRole.DIALOG).waitFor();
    type("script");
    press("Enter");
    assertThat(page.getByRole(AriaRole.DIALOG).locator("code")).isVisible();
    press("Escape");
    focusedOn("New token…");
    tabTo("Revoke script");
    press("Enter");
    assertThat(page.locator(".empty")).isVisible();
    kept();
  }

  private void press(String key) {
    page.keyboard().press(key);
  }

  private void type(String text) {
    page.keyboard().type(text);
  }

  /** Goes on from one control to the next until it is there. */
  private void tabTo(String name) {
    tab(name, name::equals);
  }

  private void tabToWhatBegins(String name) {
    tab(name + "…", text -> text.startsWith(name));
  }

  private void tab(String wanted, Predicate<String> isIt) {
    StringBuilder passed = new StringBuilder();
    for (int i = 0; i < MOST_TABS; i++) {
      press("Tab");
      Map<?, ?> focus = focus();
      // Behind the last control, the page itself has it, and the first one comes next.
      if (Boolean.TRUE.equals(focus.get("lost"))) {
        continue;
      }
      String name = String.valueOf(focus.get("name"));
      assertThat(focus.get("visible")).as("the focus is seen on %s", name).isEqualTo(true);
      if (isIt.test(name)) {
        return;
      }
      passed.append(name, 0, Math.min(30, name.length())).append(" | ");
    }
    throw new AssertionError("not reached by Tab: " + wanted + "; passed " + passed);
  }

  private Map<?, ?> focus() {
    return (Map<?, ?>) page.evaluate(FOCUS);
  }

  private void focusedOn(String name) {
    await().untilAsserted(() -> assertThat(focus().get("name")).isEqualTo(name));
  }

  /** Whatever has gone from the page, the focus has not. */
  private void kept() {
    await().untilAsserted(() -> assertThat(focus().get("lost")).isEqualTo(false));
  }
}
