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
import java.util.List;
import java.util.OptionalDouble;
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

  /** What a driver calls its chip, with the address on its bus if there is one. */
  static String chip(Path device, Path parent) {
    String name;
    try {
      name = text(device.resolve("name"));
    } catch (IOException e) {
      name = device.getFileName().toString();
    }
    try {
      String address = parent.toRealPath().getFileName().toString();
      if (BUS_ADDRESS.matcher(address).matches()) {
        name += "." + address;
      }
    } catch (IOException e) {
      return channel(name); // No bus.
    }
    return channel(name);
  }

  /** Only what a SenML name may have (RFC 8428, 4.5.1). */
  static String channel(String name) {
    return name.replaceAll("[^A-Za-z0-9._/-]", "-");
  }
}
