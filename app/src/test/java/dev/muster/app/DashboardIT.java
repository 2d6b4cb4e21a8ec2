/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import dev.muster.testing.PeerProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * What operators do with the dashboard, in a real browser, against one muster with real devices.
 * One server and one browser for all: they take longer to start than the tests to run.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DashboardIT {
  private static final String PASSWORD = "correct horse battery";
  private static final int PATIENCE_MS = 15_000;

  @TempDir
  static Path folder;

  private static @Nullable MusterProcess backend;
  private static @Nullable PublishingFleet fleet;
  private static @Nullable Playwright playwright;
  private static Browser browser;
  private static String origin;
  private static String setUpLink;

  private final List<String> complaints = new ArrayList<>();
  private BrowserContext context;
  private Page page;

  @BeforeAll
  static void start() {
    Path chromium = PeerProgram.require("chromium").executable();
    backend = MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady();
    origin = find("dashboard: (\\S+)");
    setUpLink = find("first operator.*: (https://\\S+)");
    fleet = PublishingFleet.start(folder, 3, Duration.ofMillis(500));
    playwright = Playwright.create(
        new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser = playwright
        .chromium()
        .launch(new BrowserType.LaunchOptions()
            .setExecutablePath(chromium)
            // As root, which CI is, it has no sandbox.
            .setArgs(List.of("--no-sandbox")));
  }

  private static String find(String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(backend.stdout());
    assertThat(matcher.find()).as("%s in: %s", pattern, backend.stdout()).isTrue();
    return matcher.group(1);
  }

  @AfterAll
  static void stop() {
    if (playwright != null) {
      playwright.close();
    }
    if (fleet != null) {
      fleet.close();
    }
    if (backend != null) {
      backend.close();
    }
  }

  @BeforeEach
  void open() {
    context = browser.newContext(new Browser.NewContextOptions().setIgnoreHTTPSErrors(true));
    page = context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.onPageError(complaints::add);
    page.onConsoleMessage(message -> {
      if (message.text().contains("Content Security Policy")) {
        complaints.add(message.text());
      }
    });
  }

  @AfterEach
  void close() {
    context.close();
    assertThat(complaints).as("errors in the page").isEmpty();
  }

  private void signIn() {
    page.navigate(origin);
    page.getByLabel("Name").fill("ada");
    page.getByLabel("Password").fill(PASSWORD);
    page.keyboard().press("Enter");
    heading("Fleet");
  }

  private void heading(String name) {
    assertThat(page.getByRole(
            AriaRole.HEADING, new Page.GetByRoleOptions().setName(name).setExact(true)))
        .isVisible();
  }

  private void accessible() {
    assertThat(new AxeBuilder(page).analyze().getViolations())
        .as("axe at %s", page.url())
        .isEmpty();
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
    assertThat(page.getByRole(AriaRole.LINK)
            .filter(new com.microsoft.playwright.Locator.FilterOptions()
                .setHasText(Pattern.compile("^\\s*3\\s+online"))))
        .isVisible();
    accessible();
    page.navigate(origin + "/setup#x");
    page.navigate(setUpLink);
    assertThat(page.getByRole(AriaRole.ALERT)).containsText("used, replaced or too old");
  }

  @Test
  @Order(2)
  void devices_byKeyboardAlone_areFoundAndOpened() {
    signIn();
    page.keyboard().press("g");
    page.keyboard().press("d");
    heading("Devices");
    assertThat(page.locator("tbody tr")).hasCount(3);
    accessible();
    page.keyboard().press("/");
    page.keyboard().type("acme-sn-1");
    page.keyboard().press("Enter");
    assertThat(page.locator("tbody tr")).hasCount(1);
    page.keyboard().press("Escape");
    page.keyboard().press("j");
    page.keyboard().press("Enter");
    heading("acme-sn-1");
    assertThat(page.getByText("load/n").first()).isVisible();
    accessible();
    page.goBack();
    assertThat(page.locator("tbody tr")).hasCount(1);
  }
}
