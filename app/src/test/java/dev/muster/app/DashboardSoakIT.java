/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import dev.muster.app.operator.OperatorClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/**
 * The dashboard while a fleet sends: 1,000 light devices at 1 Hz, or {@code -Dsoak.devices=10000}
 * and {@code -Dsoak.rate=0.2} where the machine that carries server and browser carries them too.
 * No task of a page is so long that somebody would notice, and the values of a device are at most a
 * second older than those that the server has stored; they may be newer. How old they are
 * themselves is printed: that is a matter of the machine, which carries the fleet as well, and of
 * {@code -Dsoak.journalBytes}, up to which messages do not wait for the database.
 *
 * <p>Both are clock time, and this machine has other things to do: so each screen is looked at in
 * windows of a few seconds, of which one has to be good. A page that blocks, does so in all of
 * them; a machine that is busy, does not. On one that has nothing else to do,
 * {@code -Dsoak.strict=true} wants all of them good: no task that a browser calls long, and no
 * value older than a second by the clock when it is shown.
 */
class DashboardSoakIT extends DashboardBrowser {
  private static final int DEVICES = Integer.getInteger("soak.devices", 1_000);
  private static final String RATE = System.getProperty("soak.rate", "1");
  private static final int WINDOW_MS = Integer.getInteger("soak.window", 4_000);
  private static final int WINDOWS = Integer.getInteger("soak.windows", 15);
  private static final boolean STRICT = Boolean.getBoolean("soak.strict");
  /** What a browser calls long; or twice that, which begins to be felt as a delay (RAIL). */
  private static final double LONGEST_TASK_MS = STRICT ? 50 : 100;

  /** Where every window counts, one value of a device that sends each second may be on its way. */
  private static final double FURTHEST_BEHIND_MS = STRICT ? 1_500 : 1_000;

  private static final double OLDEST_MS = STRICT ? 1_000 : Double.MAX_VALUE;

  /**
   * Notes tasks of more than 50 ms, and how old a value is when it is shown first: of a tail, on
   * top.
   */
  private static final String WATCH = """
      const SHOWN = 'td[data-head=Age], tbody tr:first-child td[data-head=Measured]';
      globalThis.soak = { tasks: [], ages: [] };
      new PerformanceObserver((list) => soak.tasks.push(...list.getEntries().map((one) => one.duration)))
        .observe({ type: 'longtask' });
      new MutationObserver((changes) => changes.forEach(({ target }) => {
        if (target.closest(SHOWN)) soak.ages.push(Date.now() - Date.parse(target.dateTime));
      })).observe(document, { subtree: true, attributes: true, attributeFilter: ['datetime'] });
      """;

  private static final String TAKE = """
      () => {
        const { tasks, ages } = soak;
        Object.assign(soak, { tasks: [], ages: [] });
        return { tasks, ages };
      }""";

  /** By how much the newest value that is shown is older than the newest that is stored. */
  private static final String BEHIND = """
      async () => {
        const device = location.pathname.split('/').pop();
        const answer = await fetch(`/api/v1/devices/${device}/telemetry/latest`);
        const newest = (times) => Math.max(...times.map((one) => Date.parse(one)));
        const stored = newest((await answer.json()).values.map((one) => one.time));
        const shown = document.querySelectorAll('td[data-head=Age] time, td[data-head=Measured] time');
        return stored - newest([...shown].map((one) => one.dateTime));
      }""";

  /** One that is not good keeps nobody from seeing how the others are. */
  private final SoftAssertions screens = new SoftAssertions();

  /** @param behind 0 of a screen that shows no ages */
  private record Window(List<Double> tasks, List<Double> ages, double behind) {
    boolean isGood(boolean showsAges) {
      return longest() <= LONGEST_TASK_MS
          && behind <= FURTHEST_BEHIND_MS
          && oldest() <= OLDEST_MS
          && !(showsAges && ages.isEmpty());
    }

    double longest() {
      return tasks.stream().mapToDouble(one -> one).max().orElse(0);
    }

    double oldest() {
      return ages.stream().mapToDouble(one -> one).max().orElse(0);
    }
  }

  @Test
  void screens_whileAFleetSends_areNeverBlocked_andShowWhatIsNew() {
    OperatorClient operator = OperatorClient.local(folder.resolve("muster-data"));
    try (MusterProcess load = load()) {
      context.addInitScript(WATCH);
      beginAsAda();
      await()
          .atMost(Duration.ofMinutes(10))
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> operator.get("summary/traffic").path("online").asInt() >= DEVICES);
      String device =
          operator.get("presence?state=online&limit=1").at("/presence/0/device").asText();
      look("/", "overview", false);
      look("/devices?q=is:online%20seen%3C1h", "devices", false);
      look("/devices/" + device, "device", true);
      look("/devices/" + device + "?tab=live", "live", true);
      look("/telemetry?device=" + device + "&series=env/temperature", "telemetry", false);
      load.interrupt();
    }
    screens.assertAll();
  }

  private static MusterProcess load() {
    return muster(
        "simulate",
        "--client",
        "light",
        "--devices",
        String.valueOf(DEVICES),
        "--rate",
        RATE,
        "--ramp-up",
        DEVICES / 50 + "s",
        "--for",
        "60m");
  }

  private void beginAsAda() {
    page.navigate(setUpLink);
    page.getByLabel("Name").fill("ada");
    page.getByLabel("Password", new Page.GetByLabelOptions().setExact(true)).fill(PASSWORD);
    page.getByLabel("Once more").fill(PASSWORD);
    page.getByRole(AriaRole.BUTTON).click();
    heading("Fleet");
  }

  /**
   * Looks on until a window is good, or at all of them; the first, of opening the page, does not
   * count.
   */
  private void look(String path, String name, boolean showsAges) {
    open(path);
    page.getByRole(AriaRole.HEADING).first().waitFor();
    assertThat(page.locator(".skeleton")).hasCount(0);
    page.evaluate(TAKE);
    List<Window> windows = new ArrayList<>();
    do {
      page.waitForTimeout(WINDOW_MS);
      Window window = window(showsAges);
      windows.add(window);
      System.out.printf(
          "soak of %d devices at %s Hz, %s: window %d is %s, longest task %.0f ms%s%n",
          DEVICES,
          RATE,
          name,
          windows.size(),
          window.isGood(showsAges) ? "good" : "not good",
          window.longest(),
          showsAges
              ? String.format(
                  ", %d values up to %.0f ms old when shown, %.0f ms behind what is stored",
                  window.ages().size(), window.oldest(), window.behind())
              : "");
    } while (windows.size() < WINDOWS && (STRICT || !isLastGood(windows, showsAges)));
    screens
        .assertThat(STRICT ? windows : windows.subList(windows.size() - 1, windows.size()))
        .as(() -> name + ": tasks of at most " + LONGEST_TASK_MS + " ms"
            + (showsAges ? ", values at most " + FURTHEST_BEHIND_MS + " ms behind" : "")
            + (showsAges && STRICT ? " and " + OLDEST_MS + " ms old" : ""))
        .allMatch(window -> window.isGood(showsAges));
  }

  private static boolean isLastGood(List<Window> windows, boolean showsAges) {
    return windows.get(windows.size() - 1).isGood(showsAges);
  }

  private Window window(boolean showsAges) {
    double behind = showsAges ? ((Number) page.evaluate(BEHIND)).doubleValue() : 0;
    Map<?, ?> taken = (Map<?, ?>) page.evaluate(TAKE);
    return new Window(numbers(taken.get("tasks")), numbers(taken.get("ages")), behind);
  }

  private static List<Double> numbers(Object list) {
    return ((List<?>) list).stream().map(one -> ((Number) one).doubleValue()).toList();
  }
}
