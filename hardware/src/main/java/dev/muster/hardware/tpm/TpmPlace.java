/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a URI of the scheme {@code tpm} says: where the TPM is, and perhaps which key in it.
 *
 * @param handle at which the TPM keeps the named key
 * @param file with the named key, encrypted to the TPM
 * @param parent of keys that are made: a storage key, or the owner's hierarchy
 */
record TpmPlace(
    Address address, OptionalInt handle, @Nullable Path file, int parent) {
  private static final String EXPECTED =
      "expected: tpm:/dev/tpmrm0 or tpm:tcp://HOST:PORT, and ?handle=0x81..., ?file=... or"
          + " ?parent=0x81...";

  private static final Pattern SOCKET = Pattern.compile("tcp://([^/?#:]+):([0-9]{1,5})");
  private static final Pattern HANDLE = Pattern.compile("0x(81[0-9a-fA-F]{6})");

  /** Where a TPM is. */
  sealed interface Address {
    TpmLink open() throws IOException;
  }

  private record Device(Path path) implements Address {
    @Override
    public TpmLink open() throws IOException {
      return DeviceLink.open(path);
    }

    @Override
    public String toString() {
      return "tpm:" + path;
    }
  }

  private record SocketAddress(String host, int port) implements Address {
    @Override
    public TpmLink open() throws IOException {
      return SocketLink.open(host, port, Tpm.PATIENCE);
    }

    @Override
    public String toString() {
      return "tpm:tcp://" + host + ":" + port;
    }
  }

  /** @throws IllegalArgumentException telling what is expected */
  static TpmPlace parse(URI uri) {
    String[] parts = uri.getRawSchemeSpecificPart().split("\\?", 2);
    Address address = address(uri, parts[0]);
    Map<String, String> query = query(uri, parts.length < 2 ? "" : parts[1]);
    String handle = query.remove("handle");
    String file = query.remove("file");
    String parent = query.remove("parent");
    if (!query.isEmpty() || (handle != null && file != null)) {
      throw wrong(uri, "");
    }
    return new TpmPlace(
        address,
        handle == null ? OptionalInt.empty() : OptionalInt.of(handle(uri, handle)),
        file == null ? null : Path.of(file),
        parent == null ? TpmCommands.OWNER : handle(uri, parent));
  }

  private static Address address(URI uri, String text) {
    if (text.startsWith("/") && !text.startsWith("//")) {
      return new Device(Path.of(decoded(text)));
    }
    Matcher socket = SOCKET.matcher(text);
    if (!socket.matches() || Integer.parseInt(socket.group(2)) > 0xFFFF) {
      throw wrong(uri, "");
    }
    return new SocketAddress(socket.group(1), Integer.parseInt(socket.group(2)));
  }

  private static Map<String, String> query(URI uri, String text) {
    Map<String, String> query = new HashMap<>();
    for (String pair : text.split("&")) {
      String[] sides = pair.split("=", 2);
      if (sides.length == 2) {
        query.put(sides[0], decoded(sides[1]));
      } else if (!pair.isEmpty()) {
        throw wrong(uri, "");
      }
    }
    return query;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static int handle(URI uri, String text) {
    Matcher handle = HANDLE.matcher(text);
    int number = handle.matches() ? Integer.parseUnsignedInt(handle.group(1), 16) : 0;
    if (number < TpmCommands.FIRST_PERSISTENT || number > TpmCommands.LAST_OWNER_PERSISTENT) {
      throw wrong(uri, "; handles of the owner: 0x81000000 to 0x817fffff");
    }
    return number;
  }

  private static IllegalArgumentException wrong(URI uri, String more) {
    return new IllegalArgumentException("key: " + uri + " (" + EXPECTED + more + ")");
  }
}
