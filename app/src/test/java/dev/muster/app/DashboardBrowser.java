/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static com.microsoft.playwright.assertions.PlaywrightAssertions.setDefaultAssertionTimeout;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.args.AxeRuleOptions;
import com.deque.html.axecore.args.AxeRunOptions;
import com.deque.html.axecore.playwright.AxeBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.AriaRole;
import dev.muster.app.access.TestProvider;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A muster and a browser for tests of the dashboard. One of each for all tests of a class: they
 * take longer to start than the tests to run.
 */
abstract class DashboardBrowser {
  static final String PASSWORD = "correct horse battery";
  /** Another site than {@code localhost}, where the provider is; the browser finds it. */
  static final String NAMED = "https://muster.example";

  private static final int PATIENCE_MS = 30_000;

  /** All that axe looks at by itself, and the one rule of WCAG 2.2 that it has (2.5.8). */
  private static final AxeRunOptions RULES = withTargetSize();

  @TempDir
  static Path folder;

  private static @Nullable MusterProcess backend;
  private static @Nullable TestProvider provider;
  private static @Nullable Playwright playwright;
  static Browser browser;
  static String origin;
  static String setUpLink;

  final List<String> complaints = new ArrayList<>();
  BrowserContext context;
  Page page;

  @BeforeAll
  static void start() throws IOException, GeneralSecurityException {
    Path chromium = PeerProgram.require("chromium").executable();
    provider = new TestProvider(folder);
    backend = muster(serveWithEachWayToSignIn()).awaitReady();
    origin = find("dashboard: (\\S+)");
    setUpLink = find("first operator.*: (https://\\S+)");
    setDefaultAssertionTimeout(PATIENCE_MS);
    playwright = Playwright.create(
        new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    browser = playwright
        .chromium()
        .launch(new BrowserType.LaunchOptions()
            .setExecutablePath(chromium)
            // As root, which CI is, it has no sandbox.
            .setArgs(List.of(
                "--no-sandbox",
                "--host-resolver-rules=MAP " + URI.create(NAMED).getHost() + " localhost:"
                    + URI.create(origin).getPort())));
  }

  /**
   * Starts server or fleet. The build's JVMs have the first compiler alone, which suits what lives
   * for a minute; a soak says what a server has ({@code -Dsoak.options=}), and lets the browser,
   * which is on a machine of its own elsewhere, come first ({@code -Dsoak.nice=19}).
   */
  static MusterProcess muster(String... arguments) {
    List<String> command = new ArrayList<>();
    String niceness = System.getProperty("soak.nice");
    if (niceness != null) {
      // Linux shares a processor between sessions first, and the browser has one of its own; so
      // what counts is the niceness of the session (sched(7), "The autogroup feature").
      command.addAll(List.of(
          "setsid",
          "nice",
          "-n",
          niceness,
          "sh",
          "-c",
          "echo " + niceness + " > /proc/self/autogroup; exec \"$@\"",
          "soak"));
    }
    command.add(MusterProcess.ROOT.resolve("muster").toString());
    command.addAll(List.of(arguments));
    String options = System.getProperty("soak.options");
    return MusterProcess.startCommand(
        folder, options == null ? Map.of() : Map.of("MUSTER_JAVA_OPTS", options), command);
  }

  private static String[] serveWithEachWayToSignIn() {
    List<String> command = new ArrayList<>(List.of(
        "serve",
        "--ephemeral-ports",
        "--set",
        "telemetry.journal.bytes=" + Long.getLong("soak.journalBytes", 0)));
    Map.of(
            "certificates", "true",
            "oidc.issuer", provider().issuer(),
            "oidc.clientId", TestProvider.CLIENT,
            "oidc.clientSecretFile", "provider-secret",
            "oidc.ca", "provider-ca.pem",
            "oidc.url", NAMED,
            "oidc.label", "Example Corp",
            "oidc.roles", "officers=officer")
        .forEach(
            (name, value) -> command.addAll(List.of("--set", "operators." + name + "=" + value)));
    return command.toArray(String[]::new);
  }

  static TestProvider provider() {
    return Objects.requireNonNull(provider, "provider");
  }

  private static AxeRunOptions withTargetSize() {
    AxeRuleOptions on = new AxeRuleOptions();
    on.setEnabled(true);
    AxeRunOptions options = new AxeRunOptions();
    options.setRules(Map.of("target-size", on));
    return options;
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
    if (backend != null) {
      backend.close();
    }
    if (provider != null) {
      provider.close();
    }
  }

  @BeforeEach
  void open() {
    context = browser.newContext(options());
    page = newPage(context);
  }

  /** One that is looked at for errors. */
  Page newPage(BrowserContext context) {
    Page page = context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.onPageError(complaints::add);
    page.onConsoleMessage(message -> {
      if (message.text().contains("Content Security Policy")) {
        complaints.add(message.text());
      }
    });
    return page;
  }

  /** What a browser has when a test begins: nothing, and no trust in our certificates. */
  Browser.NewContextOptions options() {
    return new Browser.NewContextOptions().setIgnoreHTTPSErrors(true);
  }

  @AfterEach
  void close() {
    context.close();
    assertThat(complaints).as("errors in the page").isEmpty();
  }

  void signIn() {
    signIn(origin);
  }

  /** @param where the dashboard's address, or that of something before it */
  void signIn(String where) {
    page.navigate(where);
    page.getByLabel("Name").fill("ada");
    page.getByLabel("Password").fill(PASSWORD);
    page.keyboard().press("Enter");
    heading("Fleet");
  }

  /** Of the page: parts of it may be called like another page. */
  void heading(String name) {
    assertThat(page.getByRole(AriaRole.HEADING, named(name).setLevel(1))).isVisible();
  }

  /**
   * Looks at the page in itself: the dashboard has no frames, and to put together what was found in
   * those axe would open a window for each look.
   */
  void accessible() {
    assertThat(page.frames()).as("frames of %s", page.url()).hasSize(1);
    assertThat(new AxeBuilder(page).options(RULES).setLegacyMode(true).analyze().getViolations())
        .as("axe at %s, %d px", page.url(), page.viewportSize().width)
        .isEmpty();
  }

  Locator button(String name) {
    return page.getByRole(AriaRole.BUTTON, named(name));
  }

  static Page.GetByRoleOptions named(String name) {
    return new Page.GetByRoleOptions().setName(name).setExact(true);
  }

  Locator row(String text) {
    return page.locator("tbody tr").filter(new Locator.FilterOptions().setHasText(text));
  }

  void open(String path) {
    page.navigate(origin + path);
  }

  static Page.LocatorOptions withText(String text) {
    return new Page.LocatorOptions().setHasText(text);
  }

  static ObjectNode json(String text) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
