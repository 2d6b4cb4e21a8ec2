/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.app.config.MusterConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataDirectoryTest {
  @TempDir
  Path folder;

  private Path data;

  @BeforeEach
  void name() {
    data = folder.resolve("data");
  }

  private DataDirectory open() {
    MusterConfig config = MusterConfig.read(data.resolve("muster.yaml"), Map.of(), Map.of());
    return DataDirectory.openOrCreate(data, config, Clock.systemUTC());
  }

  private Map<String, String> content() throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        content.put(
            data.relativize(file).toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    }
    return content;
  }

  @Test
  void openOrCreate_twice_reusesEveryByte() throws IOException {
    open();
    Map<String, String> first = content();
    open();
    assertThat(content()).isEqualTo(first);
    assertThat(first)
        .containsKeys(
            "admin-token",
            "muster.yaml",
            "policy.yaml",
            "layout.json",
            "trust/root.pem",
            "trust/device-ca.pem",
            "trust/service-ca.pem",
            "services/server/key.pem",
            "services/enrollment/key.pem");
  }

  @Test
  void create_secrets_areForTheOwnerAlone() throws IOException {
    open();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
        .isEqualTo("rwx------");
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String name = data.relativize(file).toString();
        boolean secret =
            name.startsWith("ca/") || name.endsWith("key.pem") || name.equals("admin-token");
        if (secret) {
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
              .as(name)
              .isEqualTo("rw-------");
        }
      }
    }
  }

  @Test
  void create_settingsBroughtAlong_areKept() throws IOException {
    Files.createDirectories(data);
    Files.writeString(data.resolve("muster.yaml"), "fleet: mine\n");
    open();
    assertThat(data.resolve("muster.yaml")).hasContent("fleet: mine\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "admin-token",
        "policy.yaml",
        "layout.json",
        "trust/root.pem",
        "trust/device-ca.pem",
        "trust/service-ca.pem",
        "services/server/key.pem",
        "services/server/chain.pem",
        "services/enrollment/key.pem"
      })
  void open_fileEmptied_isRefusedByNameAndNotReplaced(String name) throws IOException {
    open();
    Path file = data.resolve(name);
    if (name.equals("policy.yaml")) {
      Files.delete(file);
    } else {
      Files.writeString(file, "");
    }
    assertThatThrownBy(this::open).isInstanceOf(UserError.class).hasMessageContaining(name);
    assertThat(Files.exists(file) && Files.size(file) > 0).isFalse();
  }

  @Test
  void open_eachCaFileCutInHalf_isRefusedByName() throws IOException {
    open();
    try (Stream<Path> files = Files.list(data.resolve("ca"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(this::open)
            .as(file.toString())
            .isInstanceOf(UserError.class)
            .hasMessageContaining(file.getFileName().toString());
        Files.write(file, whole);
      }
    }
    open();
  }

  @Test
  void open_makingWasCutShort_isRefusedWithWhatToDo() throws IOException {
    open();
    Files.delete(data.resolve("layout.json"));
    Map<String, String> before = content();
    assertThatThrownBy(this::open)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("layout.json")
        .satisfies(e -> assertThat(((UserError) e).hint()).contains("cut short"));
    assertThat(content()).isEqualTo(before);
  }

  @Test
  void open_caOfAnotherInstallation_isRefused() throws IOException {
    open();
    Path mine = data;
    data = folder.resolve("other");
    open();
    Path theirs = data;
    data = mine;
    for (String file : new String[] {"ca", "trust"}) {
      Files.move(mine.resolve(file), folder.resolve("away-" + file));
      Files.move(theirs.resolve(file), mine.resolve(file));
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("another installation");
  }

  @Test
  void expectDatabase_oneThatWasThereIsGone_isRefused() throws IOException {
    DataDirectory directory = open();
    directory.expectDatabase("enrollment");
    Path database = Files.createDirectories(data.resolve("enrollment")).resolve("registry.mv.db");
    Files.writeString(database, "rows");
    directory.rememberDatabase("enrollment");
    open().expectDatabase("enrollment");
    Files.delete(database);
    assertThatThrownBy(() -> open().expectDatabase("enrollment"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("enrollment: the database is gone");
  }

  @Test
  void open_tokenOthersCanRead_isRefused() throws IOException {
    open();
    Files.setPosixFilePermissions(
        data.resolve("admin-token"), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(this::open).hasMessageContaining("admin-token").hasMessageContaining("0600");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ca/root.p12",
        "ca/password",
        "services/server/key.pem",
        "services/enrollment/key.pem"
      })
  void open_keyOthersCanRead_isRefused(String name) throws IOException {
    open();
    Files.setPosixFilePermissions(data.resolve(name), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(this::open)
        .isInstanceOf(UserError.class)
        .hasMessageContaining(name)
        .hasMessageContaining("0600");
  }

  @Test
  void reissueServices_lostOnes_areThereAgain() throws IOException {
    open();
    Path key = data.resolve("services/server/key.pem");
    Files.delete(key);
    assertThatThrownBy(this::open)
        .hasMessageContaining("key.pem")
        .satisfies(e -> assertThat(((UserError) e).hint()).contains("--reissue-services"));
    DataDirectory.reissueServices(
        data,
        MusterConfig.read(data.resolve("muster.yaml"), Map.of(), Map.of()),
        Clock.systemUTC());
    open();
    assertThat(key).exists();
  }

  @Test
  void create_placeIsAFile_isRefused() throws IOException {
    Files.writeString(data, "not a directory");
    assertThatThrownBy(this::open).isInstanceOf(UserError.class).hasMessageContaining("is a file");
  }
}
