/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Small files of the kernel, which may vanish at any time. */
final class SysfsFiles {
  /** An I2C or SPI address, by which two chips of one kind are told apart. */
  private static final Pattern BUS_ADDRESS =
      Pattern.compile("[0-9]+-[0-9a-f]{4}|spi[0-9]+\\.[0-9]+");

  private SysfsFiles() {}

  /** The entries of a folder by their names, in order; none if it is not there. */
  static List<Path> list(Path folder, String glob) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, glob)) {
      entries.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of(); // No such drivers on this machine.
    }
    found.sort(null);
    return found;
  }

  /** The text of a file without its end of line. */
  static String text(Path file) throws IOException {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** @throws IOException also if there is something else than a number */
  static double number(Path file) throws IOException {
    String text = text(file);
    try {
      double number = Double.parseDouble(text);
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IOException(file + ": no number", e);
    }
    throw new IOException(file + ": no number");
  }

  /** Of a file that need not be there. */
  static OptionalDouble optionalNumber(Path file) throws IOException {
    return Files.exists(file) ? OptionalDouble.of(number(file)) : OptionalDouble.empty();
  }

  /**
   * What drivers call their chips, with the address on the bus where there is one. Chips that would
   * have the same name get that of the device behind them as well.
   *
   * @param parent from an entry to what it is a view of
   */
  static Map<Path, String> chips(List<Path> entries, UnaryOperator<Path> parent) {
    Map<Path, String> names = new LinkedHashMap<>();
    entries.forEach(entry -> names.put(entry, chip(entry, place(entry, parent))));
    Map<Path, String> unique = new LinkedHashMap<>(names);
    unique.replaceAll((entry, name) -> Collections.frequency(names.values(), name) == 1
        ? name
        : channel(name + "." + place(entry, parent)));
    return unique;
  }

  private static String chip(Path entry, String place) {
    String name;
    try {
      name = text(entry.resolve("name"));
    } catch (IOException e) {
      name = entry.getFileName().toString();
    }
    return channel(BUS_ADDRESS.matcher(place).matches() ? name + "." + place : name);
  }

  /** The device's own name in the kernel's tree; without a device, that of the entry. */
  private static String place(Path entry, UnaryOperator<Path> parent) {
    try {
      return parent.apply(entry).toRealPath().getFileName().toString();
    } catch (IOException e) {
      return entry.getFileName().toString();
    }
  }

  /** Only what a SenML name may have (RFC 8428, 4.5.1). */
  static String channel(String name) {
    return name.replaceAll("[^A-Za-z0-9._/-]", "-");
  }
}
