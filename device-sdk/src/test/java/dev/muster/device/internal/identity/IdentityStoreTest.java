/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.device.key.KeyVault;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.testing.PowerCutDisk;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each test builds what a crash may leave behind, and opens the store again. */
class IdentityStoreTest {
  @TempDir
  Path folder;

  private TestFleet fleet;
  private Path state;
  private KeyVault vault = new FileKeys();
  private IdentityStore store;

  @BeforeEach
  void open() {
    fleet = new TestFleet(folder);
    state = folder.resolve("state");
    reopen();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() {
    if (store != null) {
      store.close();
    }
    store = IdentityStore.open(state, TrustAnchors.read(fleet.trust()), vault);
  }

  private Generation issue(PendingKey key) {
    X509Certificate leaf = fleet
        .deviceCa()
        .issue("CN=d1, O=default, OU=device")
        .key(new KeyPair(key.keys().getPublic(), null))
        .build()
        .certificate();
    return store.save(
        key,
        List.of(leaf, fleet.deviceCa().certificate()),
        DeviceSubject.of(leaf.getSubjectX500Principal()));
  }

  private Generation current() {
    return store.load().current().orElseThrow();
  }

  private Path file(int generation, String name) {
    return state.resolve("identity").resolve(String.format("%04d", generation)).resolve(name);
  }

  @Test
  void open_empty_hasNothing() {
    assertThat(store.load().current()).isEmpty();
    assertThat(store.load().candidate()).isEmpty();
  }

  @Test
  void pendingKey_askedAgainAfterARestart_isTheSame() {
    PendingKey first = store.pendingKey(0);
    reopen();

    PendingKey again = store.pendingKey(0);

    assertThat(again.number()).isEqualTo(1);
    assertThat(again.keys().getPublic()).isEqualTo(first.keys().getPublic());
    assertThat(again.keys().getPrivate().getEncoded())
        .isEqualTo(first.keys().getPrivate().getEncoded());
  }

  @Test
  void pendingKey_onDisk_isTheOwnersAlone() throws IOException {
    store.pendingKey(0);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(1, "key.pem"))))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(
            Files.getPosixFilePermissions(file(1, "key.pem").getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void crash_folderWithoutKey_newKeyIsMade() throws IOException {
    Files.createDirectories(file(1, "x").getParent());

    assertThat(store.load().current()).isEmpty();
    assertThat(store.pendingKey(0).number()).isEqualTo(2);
  }

  @Test
  void crash_keyHalfWrittenBesideItsName_newKeyIsMade() throws IOException {
    Files.createDirectories(file(1, "x").getParent());
    Files.writeString(file(1, "key.pem.new"), "-----BEGIN PRIV");

    assertThat(store.load().current()).isEmpty();
    assertThat(store.pendingKey(0).number()).isEqualTo(2);
  }

  @Test
  void crash_chainHalfWrittenBesideItsName_sameKeyIsAskedFor() throws IOException {
    PendingKey key = store.pendingKey(0);
    Files.writeString(file(1, "chain.pem.new"), "-----BEGIN CERT");
    reopen();

    assertThat(store.load().current()).isEmpty();
    assertThat(store.pendingKey(0).keys().getPublic()).isEqualTo(key.keys().getPublic());
    Generation generation = issue(store.pendingKey(0));
    store.promote(generation);
    assertThat(current().number()).isEqualTo(1);
  }

  @Test
  void crash_chainWrittenPointerNot_firstIdentityIsInUse() {
    issue(store.pendingKey(0));
    reopen();

    assertThat(current().number()).isEqualTo(1);
    reopen();
    assertThat(current().number()).isEqualTo(1);
  }

  @Test
  void crash_renewalKeyWritten_oldIsInUseAndKeyIsAskedFor() {
    store.promote(issue(store.pendingKey(0)));
    PendingKey next = store.pendingKey(1);
    reopen();

    assertThat(current().number()).isEqualTo(1);
    assertThat(store.load().candidate()).isEmpty();
    assertThat(store.pendingKey(1).keys().getPublic()).isEqualTo(next.keys().getPublic());
  }

  @Test
  void crash_renewalChainWritten_oldIsInUseAndNewIsCandidate() {
    store.promote(issue(store.pendingKey(0)));
    issue(store.pendingKey(1));
    reopen();

    assertThat(current().number()).isEqualTo(1);
    assertThat(store.load().candidate())
        .hasValueSatisfying(candidate -> assertThat(candidate.number()).isEqualTo(2));
  }

  @Test
  void crash_pointerHalfWrittenBesideItsName_oldIsInUse() throws IOException {
    store.promote(issue(store.pendingKey(0)));
    issue(store.pendingKey(1));
    Files.writeString(state.resolve("identity/current.new"), "2");
    reopen();

    assertThat(current().number()).isEqualTo(1);
    store.promote(store.load().candidate().orElseThrow());
    assertThat(current().number()).isEqualTo(2);
  }

  private void cutPower(PowerCutDisk disk) throws IOException {
    store.close();
    disk.cutPower();
    store = IdentityStore.open(state, TrustAnchors.read(fleet.trust()), vault);
  }

  @Test
  void powerCut_afterEachStep_whatItReturnedIsThere() throws IOException {
    PowerCutDisk disk = new PowerCutDisk(Files.createDirectory(folder.resolve("disk")));
    store.close();
    state = disk.root().resolve("state");
    store = IdentityStore.open(state, TrustAnchors.read(fleet.trust()), vault);
    for (int number = 1; number <= 3; number++) {
      PublicKey asked = store.pendingKey(number - 1).keys().getPublic();
      cutPower(disk);
      PendingKey pending = store.pendingKey(number - 1);
      assertThat(pending.keys().getPublic()).isEqualTo(asked);

      issue(pending);
      cutPower(disk);
      IdentityStore.Contents contents = store.load();
      Generation issued = contents.candidate().or(contents::current).orElseThrow();
      assertThat(issued.credential().leaf().getPublicKey()).isEqualTo(asked);

      store.promote(issued);
      cutPower(disk);
      assertThat(current().number()).isEqualTo(number);
    }
  }

  @Test
  void promote_third_keepsOnePrevious() throws IOException {
    store.promote(issue(store.pendingKey(0)));
    store.promote(issue(store.pendingKey(1)));
    store.promote(issue(store.pendingKey(2)));

    try (Stream<Path> files = Files.list(state.resolve("identity"))) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("0002", "0003", "current");
    }
  }

  @Test
  void crash_discardHalfDone_isFinishedLater() throws IOException {
    store.promote(issue(store.pendingKey(0)));
    store.promote(issue(store.pendingKey(1)));
    Files.delete(file(1, "chain.pem"));
    reopen();

    assertThat(current().number()).isEqualTo(2);
    assertThat(store.pendingKey(2).number()).isEqualTo(3);
    store.promote(issue(store.pendingKey(2)));
    assertThat(file(1, "key.pem")).doesNotExist();
  }

  enum Damage {
    EMPTY,
    ZEROS,
    TRUNCATED;

    void to(Path file) throws IOException {
      byte[] content = Files.readAllBytes(file);
      byte[] damaged = switch (this) {
        case EMPTY -> new byte[0];
        case ZEROS -> new byte[content.length];
        case TRUNCATED -> Arrays.copyOf(content, content.length / 2);
      };
      Files.write(file, damaged);
    }
  }

  @ParameterizedTest
  @EnumSource
  void load_currentKeyDamaged_previousServes(Damage damage) throws IOException {
    store.promote(issue(store.pendingKey(0)));
    store.promote(issue(store.pendingKey(1)));
    damage.to(file(2, "key.pem"));
    reopen();

    assertThat(current().number()).isEqualTo(1);
    assertThat(store.pendingKey(1).number()).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource
  void load_currentChainDamaged_previousServesAndKeyIsAskedForAgain(Damage damage)
      throws IOException {
    store.promote(issue(store.pendingKey(0)));
    Generation second = issue(store.pendingKey(1));
    store.promote(second);
    damage.to(file(2, "chain.pem"));
    reopen();

    assertThat(current().number()).isEqualTo(1);
    PendingKey pending = store.pendingKey(1);
    assertThat(pending.number()).isEqualTo(2);
    assertThat(pending.keys().getPublic()).isEqualTo(second.credential().leaf().getPublicKey());
  }

  @ParameterizedTest
  @EnumSource
  void load_onlyChainDamaged_bootstrapsWithTheSameKey(Damage damage) throws IOException {
    Generation only = issue(store.pendingKey(0));
    store.promote(only);
    damage.to(file(1, "chain.pem"));
    reopen();

    assertThat(store.load().current()).isEmpty();
    // Another key would look like a clone of this device.
    assertThat(store.pendingKey(0).keys().getPublic())
        .isEqualTo(only.credential().leaf().getPublicKey());
  }

  @ParameterizedTest
  @EnumSource
  void load_onlyKeyDamaged_bootstrapsWithANewKey(Damage damage) throws IOException {
    store.promote(issue(store.pendingKey(0)));
    damage.to(file(1, "key.pem"));
    reopen();

    assertThat(store.load().current()).isEmpty();
    assertThat(store.pendingKey(0).number()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource
  void load_pointerDamaged_newestServes(Damage damage) throws IOException {
    store.promote(issue(store.pendingKey(0)));
    store.promote(issue(store.pendingKey(1)));
    damage.to(state.resolve("identity/current"));
    reopen();

    assertThat(current().number()).isEqualTo(2);
  }

  /** What a process has at address 0 reads like a sector that is gone. */
  @Test
  void load_pointerCannotBeRead_newestServes() throws IOException {
    store.promote(issue(store.pendingKey(0)));
    store.promote(issue(store.pendingKey(1)));
    Path pointer = state.resolve("identity/current");
    Files.delete(pointer);
    Files.createSymbolicLink(pointer, Path.of("/proc/self/mem"));
    assertThatThrownBy(() -> Files.readString(pointer)).isInstanceOf(IOException.class);
    reopen();

    assertThat(current().number()).isEqualTo(2);
    assertThat(pointer).isRegularFile().hasContent("2");
  }

  @Test
  void load_certificateOfAnotherRoot_isNotUsed() throws IOException {
    store.promote(issue(store.pendingKey(0)));
    Files.writeString(
        fleet.trust(), TestPki.pem(List.of(TestPki.root("CN=Fleet Root").certificate())));
    reopen();

    assertThat(store.load().current()).isEmpty();
  }

  @Test
  void open_secondTime_isRefused() {
    assertThatThrownBy(() -> IdentityStore.open(state, TrustAnchors.read(fleet.trust()), vault))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in use");
  }

  /** Else another process could use the directory from then on. */
  @Test
  void open_secondTime_leavesTheLockOnTheFile() throws IOException {
    assertThat(isLocked()).isTrue();
    Path link = Files.createSymbolicLink(folder.resolve("link"), state);
    for (Path name : List.of(state, link)) {
      assertThatThrownBy(() -> IdentityStore.open(name, TrustAnchors.read(fleet.trust()), vault))
          .isInstanceOf(IllegalStateException.class);
    }

    assertThat(isLocked()).isTrue();
    store.close();
    assertThat(isLocked()).isFalse();
  }

  @Test
  void close_twice_leavesTheDirectoryToWhoeverHasOpenedItSince() {
    IdentityStore former = store;
    reopen();

    former.close();

    assertThatThrownBy(() -> IdentityStore.open(state, TrustAnchors.read(fleet.trust()), vault))
        .isInstanceOf(IllegalStateException.class);
  }

  private boolean isLocked() throws IOException {
    String inode = ":" + Files.getAttribute(state.resolve("lock"), "unix:ino") + " ";
    return Files.readString(Path.of("/proc/locks")).contains(inode);
  }

  @Test
  void open_pathIsAFile_isRefusedByName() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> IdentityStore.open(file, TrustAnchors.read(fleet.trust()), vault))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(file.toString());
  }

  /** A vault of handles: the key itself is elsewhere. */
  private static final class Chip implements KeyVault {
    private final Map<String, KeyPair> keys = new HashMap<>();
    private boolean away;
    private boolean broken;

    @Override
    public KeyPair create(Path folder) {
      reach();
      if (broken) {
        leaveHalf(folder.resolve("handle"));
        throw new ProviderException("as a defect of a driver");
      }
      KeyPair made = TestPki.newKey();
      keys.put(folder.getFileName().toString(), made);
      return made;
    }

    @Override
    public KeyPair load(Path folder) {
      reach();
      KeyPair found = keys.get(folder.getFileName().toString());
      if (found == null) {
        throw new IllegalArgumentException("no such key");
      }
      return found;
    }

    @Override
    public void delete(Path folder) {
      reach();
      keys.remove(folder.getFileName().toString());
    }

    private static void leaveHalf(Path handle) {
      try {
        Files.writeString(handle, "half");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void reach() {
      if (away) {
        throw new KeyUnavailableException("the chip is away", null);
      }
    }

    @Override
    public void close() {}
  }

  private Chip openWithChip() {
    Chip chip = new Chip();
    vault = chip;
    reopen();
    return chip;
  }

  @Test
  void promote_keysInAChip_destroysAllButTheOneBefore() {
    Chip chip = openWithChip();
    for (int i = 0; i < 4; i++) {
      store.promote(issue(store.pendingKey(i)));
    }
    reopen();

    assertThat(current().number()).isEqualTo(4);
    assertThat(chip.keys.keySet()).containsExactlyInAnyOrder("0003", "0004");
  }

  @Test
  void load_chipIsAway_isNoDamage() {
    Chip chip = openWithChip();
    store.promote(issue(store.pendingKey(0)));
    chip.away = true;
    reopen();

    // Taken for damage, the device would enroll with another key, and look like its own clone.
    assertThatThrownBy(() -> store.load()).isInstanceOf(KeyUnavailableException.class);
    chip.away = false;
    assertThat(current().number()).isEqualTo(1);
  }

  @Test
  void pendingKey_chipIsAway_leavesNoFolderBehind() {
    Chip chip = openWithChip();
    chip.away = true;

    assertThatThrownBy(() -> store.pendingKey(0)).isInstanceOf(KeyUnavailableException.class);
    assertThat(file(1, "x").getParent()).doesNotExist();
    chip.away = false;
    assertThat(store.pendingKey(0).number()).isEqualTo(1);
  }

  @Test
  void pendingKey_chipBreaksHalfway_leavesNothingBehind() {
    Chip chip = openWithChip();
    chip.broken = true;

    assertThatThrownBy(() -> store.pendingKey(0)).isInstanceOf(ProviderException.class);
    assertThat(file(1, "x").getParent()).doesNotExist();
    chip.broken = false;
    assertThat(store.pendingKey(0).number()).isEqualTo(1);
  }

  @Test
  void discard_chipIsAway_keyIsUsedUpLater() {
    Chip chip = openWithChip();
    store.promote(issue(store.pendingKey(0)));
    Generation refused = issue(store.pendingKey(1));
    chip.away = true;
    store.discard(refused.number());
    chip.away = false;
    reopen();

    assertThat(current().number()).isEqualTo(1);
    Generation next = issue(store.pendingKey(1));
    assertThat(next.number()).isEqualTo(2);
    store.promote(next);
    assertThat(current().number()).isEqualTo(2);
  }

  @Test
  void pendingKey_identityInAFile_nextOneIsMadeInTheChip() {
    store.promote(issue(store.pendingKey(0)));
    Chip chip = openWithChip();

    assertThat(current().number()).isEqualTo(1);
    store.promote(issue(store.pendingKey(1)));
    assertThat(current().number()).isEqualTo(2);
    assertThat(chip.keys.keySet()).containsExactly("0002");
    assertThat(file(2, "key.pem")).doesNotExist();
  }
}
