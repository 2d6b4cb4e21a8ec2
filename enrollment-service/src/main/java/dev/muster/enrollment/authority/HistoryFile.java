/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code authorities.json} beside the keys: written as a whole, so that a CA is there from the
 * moment on at which the file names it. A key without its line here was never used, and is made
 * anew. An installation that has never rolled over has no such file.
 */
final class HistoryFile {
  static final String NAME = "authorities.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private HistoryFile() {}

  /** @throws DamagedFileException if the file is there and cannot be read */
  static Optional<AuthorityHistory> read(Path directory) {
    Path file = directory.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode json = JSON.readTree(CaFile.readAll(file));
      List<Authority> all = new ArrayList<>();
      json.path("authorities").forEach(node -> all.add(authority(node)));
      AuthorityHistory history = new AuthorityHistory(json.path("version").asLong(), all);
      List.of(AuthorityHistory.ROOT, AuthorityHistory.DEVICE, AuthorityHistory.SERVICE)
          .forEach(history::active);
      return Optional.of(history);
    } catch (IOException | RuntimeException e) {
      throw e instanceof DamagedFileException damaged
          ? damaged
          : CaFile.damaged(file, "cannot be read", e);
    }
  }

  /** Blocks until it is on the disk. @throws UncheckedIOException if it cannot be written */
  static void write(Path directory, AuthorityHistory history) {
    ObjectNode json = JSON.createObjectNode().put("version", history.version());
    ArrayNode authorities = json.putArray("authorities");
    history.all().forEach(authority -> authorities.add(json(authority)));
    try {
      byte[] text = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
      DurableFiles.write(directory.resolve(NAME), text);
    } catch (IOException e) {
      throw new UncheckedIOException(directory.resolve(NAME) + ": cannot be written", e);
    }
  }

  private static ObjectNode json(Authority authority) {
    ObjectNode node = JSON.createObjectNode()
        .put("id", authority.id())
        .put("state", authority.state().label())
        .put("since", authority.since().toString())
        .put("parent", authority.parent())
        .put("certificate", Pem.of(List.of(authority.certificate())));
    authority
        .bridgeOrNone()
        .ifPresent(bridge -> node.put("newWithOld", Pem.of(List.of(bridge.newWithOld())))
            .put("oldWithNew", Pem.of(List.of(bridge.oldWithNew()))));
    return node;
  }

  private static Authority authority(JsonNode node) {
    return new Authority(
        node.path("id").asText(),
        Authority.State.of(node.path("state").asText()),
        Instant.parse(node.path("since").asText()),
        node.path("parent").asText(),
        certificate(node, "certificate"),
        node.has("newWithOld")
            ? new Authority.Bridge(certificate(node, "newWithOld"), certificate(node, "oldWithNew"))
            : null);
  }

  private static X509Certificate certificate(JsonNode node, String name) {
    return Pem.certificates(node.path(name).asText()).get(0);
  }
}
