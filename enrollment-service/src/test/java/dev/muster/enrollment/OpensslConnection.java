/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** {@code openssl s_client} in conversation: one TLS connection, whose secrets it tells. */
final class OpensslConnection implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final Process process;
  private final StringBuffer heard = new StringBuffer();

  OpensslConnection(RunningService service, String... more) {
    this(service, Map.of(), more);
  }

  /** A client of an older kind, that does not know RFC 7627. */
  static OpensslConnection withoutExtendedMasterSecret(RunningService service, String... more) {
    service.write(
        "no-ems.cnf",
        "openssl_conf=init\n[init]\nssl_conf=ssl\n[ssl]\nsystem_default=tls\n"
            + "[tls]\nOptions=-ExtendedMasterSecret\n");
    String file = service.folder.resolve("no-ems.cnf").toString();
    return new OpensslConnection(service, Map.of("OPENSSL_CONF", file), more);
  }

  private OpensslConnection(
      RunningService service, Map<String, String> environment, String... more) {
    List<String> command = new ArrayList<>(List.of(
        PeerProgram.require("openssl").executable().toString(),
        "s_client",
        "-connect",
        "localhost:" + service.service().estPort(),
        "-CAfile",
        "root.pem"));
    command.addAll(List.of(more));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(service.folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread listener = new Thread(this::listen, "openssl");
    listener.setDaemon(true);
    listener.start();
  }

  private void listen() {
    try (InputStream in = process.getInputStream()) {
      byte[] buffer = new byte[8192];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        heard.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
      }
    } catch (IOException e) {
      heard.append(e);
    }
  }

  /** Waits until {@code regex} was heard, and returns its first group. */
  String await(String regex) {
    Pattern pattern = Pattern.compile(regex, Pattern.DOTALL);
    return Awaitility.await()
        .atMost(PATIENCE)
        .alias(regex)
        .until(() -> pattern.matcher(heard), Matcher::find)
        .group(1);
  }

  void send(String text) {
    try {
      process.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All that was heard until the server ended the connection. */
  String untilClosed() {
    Awaitility.await().atMost(PATIENCE).until(() -> !process.isAlive());
    return heard.toString();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
