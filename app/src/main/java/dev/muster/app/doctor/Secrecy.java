/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Which files others on this machine may read. */
final class Secrecy {
  private static final Set<PosixFilePermission> OTHERS_MAY_ENTER =
      Set.of(PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE);

  private final Path data;

  Secrecy(Path data) {
    this.data = data;
  }

  void examine(Findings findings) {
    String secrets = "files: keys and tokens";
    findings.look(
        secrets,
        () -> judge(
            secrets,
            open(Secrecy::isSecret, Secrecy::isForOthers),
            "chmod 600 them, and replace what was read"));
    String stores = "files: databases";
    findings.look(
        stores,
        () -> judge(
            stores,
            open(this::isStore, file -> isForOthers(file) && isWithinReach(file.getParent())),
            "chmod 700 the data directory"));
  }

  private static Finding judge(String check, List<String> open, String advice) {
    return open.isEmpty()
        ? Finding.good(check, "for their owner alone")
        : Finding.bad(check, "open to others: " + open, advice);
  }

  private interface Trait {
    boolean of(Path file) throws IOException;
  }

  private List<String> open(Predicate<Path> kind, Trait isOpen) throws IOException {
    List<String> open = new ArrayList<>();
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : (Iterable<Path>) files.filter(kind)::iterator) {
        if (isOpen.of(file)) {
          open.add(data.relativize(file).toString());
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return open;
  }

  /** What opens doors is to be closed by itself, wherever it is carried. */
  private static boolean isSecret(Path file) {
    String name = file.getFileName().toString();
    return Files.isRegularFile(file)
        && (name.endsWith(".p12")
            || name.endsWith("key.pem")
            || name.contains("token")
            || name.endsWith("password")
            || name.equals("operators.json"));
  }

  /** What devices have told and the audit log says. */
  private boolean isStore(Path file) {
    return Files.isRegularFile(file)
        && (file.getFileName().toString().endsWith(".mv.db")
            || data.relativize(file).toString().contains("journal"));
  }

  private static boolean isForOthers(Path file) throws IOException {
    return Files.getPosixFilePermissions(file).stream()
        .anyMatch(permission -> !permission.name().startsWith("OWNER_"));
  }

  /** Whether each folder from the data directory on lets others through. */
  private boolean isWithinReach(Path folder) throws IOException {
    for (Path one = folder; one != null && one.startsWith(data); one = one.getParent()) {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(one);
      if (OTHERS_MAY_ENTER.stream().noneMatch(permissions::contains)) {
        return false;
      }
    }
    return true;
  }
}
