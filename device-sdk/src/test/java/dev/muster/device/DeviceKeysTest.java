/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyVault;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Library;
import dev.muster.device.testing.ScriptedTransport;
import dev.muster.device.testing.TestFleet;
import dev.muster.testing.MovableClock;
import dev.muster.testing.TestPki;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.ProviderException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a device treats a place of keys that is not its disk. */
class DeviceKeysTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Found as a library's is, by its scheme. */
  public static final class Chips implements KeyProvider {
    private static final List<Chip> OPENED = new CopyOnWriteArrayList<>();

    @Override
    public String scheme() {
      return "chip";
    }

    @Override
    public KeyVault open(URI uri) {
      Chip chip = new Chip();
      OPENED.add(chip);
      return chip;
    }
  }

  private static final class Chip implements KeyVault {
    private final KeyPair named = TestPki.newKey();
    private final Map<String, KeyPair> keys = new ConcurrentHashMap<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private volatile boolean broken;

    private void note(String call) {
      Thread thread = Thread.currentThread();
      calls.add(call + " by " + thread.getName() + (thread.isInterrupted() ? ", interrupted" : ""));
    }

    @Override
    public KeyPair named() {
      return named;
    }

    @Override
    public KeyPair create(Path folder) {
      note("create");
      if (broken) {
        throw new ProviderException("as a defect of a driver");
      }
      return keys.computeIfAbsent(folder.getFileName().toString(), any -> TestPki.newKey());
    }

    @Override
    public KeyPair load(Path folder) {
      note("load");
      KeyPair found = keys.get(folder.getFileName().toString());
      if (found == null) {
        throw new IllegalArgumentException("no such key");
      }
      return found;
    }

    @Override
    public void delete(Path folder) {
      note("delete");
      keys.remove(folder.getFileName().toString());
    }

    @Override
    public void close() {
      note("close");
    }
  }

  @TempDir
  Path folder;

  private final ScriptedTransport transport = new ScriptedTransport();
  private final MovableClock clock = MovableClock.running();
  private TestFleet fleet;
  private EstDouble est;
  private Library library;

  @BeforeEach
  void addLibrary() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    library = new Library(folder.resolve("library"), KeyProvider.class, Chips.class);
    Chips.OPENED.clear();
  }

  @AfterEach
  void removeLibrary() {
    library.close();
    est.close();
  }

  private FleetDevice.Builder builder() {
    return FleetDevice.builder()
        .enrollment(est.uri())
        .broker(URI.create("mqtts://localhost:8883"))
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .keys(URI.create("chip:1"))
        .stateDirectory(folder.resolve("state"))
        .timing(TestTiming.FAST)
        .transport(transport)
        .clock(clock);
  }

  private static Chip chip() {
    assertThat(Chips.OPENED).hasSize(1);
    return Chips.OPENED.get(0);
  }

  private void connect(int number) {
    await().atMost(LIMIT).until(() -> transport.links().size() >= number);
    transport.links().get(number - 1).connected(10);
  }

  @Test
  void build_factoryIdentityUnreadable_letsGoOfThePlaceOfKeys() {
    FleetDevice.Builder builder =
        builder().factoryIdentity(folder.resolve("none.key"), fleet.factoryChain());

    assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);

    assertThat(chip().calls)
        .containsExactly("close by " + Thread.currentThread().getName());
  }

  @Test
  void build_factoryKeyOfAnotherCertificate_letsGoOfBothPlaces() {
    FleetDevice.Builder builder =
        builder().factoryIdentity(URI.create("chip:2"), fleet.factoryChain());

    assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);

    assertThat(Chips.OPENED)
        .hasSize(2)
        .allSatisfy(chip -> assertThat(chip.calls).hasSize(1));
  }

  @Test
  void build_somethingNotSet_opensNoPlaceOfKeys() {
    FleetDevice.Builder builder = FleetDevice.builder()
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .keys(URI.create("chip:1"));

    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("enrollment: not set");
    assertThat(Chips.OPENED).isEmpty();
  }

  @Test
  void keys_wholeLife_areUsedByTheOneThreadOfTheDevice() {
    FleetDevice device = builder().build();
    try (device) {
      device.start();
      connect(1);
      est.issuing(Clock.systemUTC(), Duration.ofDays(365));
      clock.advance(Duration.ofDays(26));
      connect(2);
      await().atMost(LIMIT).until(() -> device.statistics().connections() == 2);
    }

    assertThat(chip().calls)
        .contains("create by muster-device")
        .endsWith("close by muster-device")
        .allSatisfy(call -> assertThat(call).endsWith(" by muster-device"));
  }

  @Test
  void close_byAnInterruptedThread_letsGoOfKeysUndisturbedAndStaysInterrupted() {
    FleetDevice device = builder().build();
    Thread.currentThread().interrupt();

    device.close();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(chip().calls)
        .containsExactly("close by " + Thread.currentThread().getName());
  }

  @Test
  void renewal_noKeyCanBeMade_isTriedAgainLaterAndSucceeds() {
    try (FleetDevice device = builder().build()) {
      device.start();
      connect(1);
      await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
      est.issuing(Clock.systemUTC(), Duration.ofDays(365));
      chip().broken = true;
      clock.advance(Duration.ofDays(26));
      // Between two tries it is online as before.
      await()
          .atMost(LIMIT)
          .until(() -> device.state() == DeviceState.ONLINE
              && device.reason().contains("renewal failed: as a defect of a driver"));
      assertThat(folder.resolve("state/identity/0002")).doesNotExist();

      chip().broken = false;
      clock.advance(Duration.ofSeconds(5));

      connect(2);
      await().atMost(LIMIT).until(() -> device.statistics().enrollments() == 2);
    }
  }
}
