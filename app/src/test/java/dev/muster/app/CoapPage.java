/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.backend.Endpoints;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * The script of docs/coap.md, as it stands there, with a client of libcoap's. Its last line
 * observes, until this is closed.
 */
final class CoapPage implements AutoCloseable {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

  private final Process bash;
  private final Path out;
  private final Path err;

  private CoapPage(Process bash, Path out, Path err) {
    this.bash = bash;
    this.out = out;
    this.err = err;
  }

  /** @param folder with the files that the page begins with */
  static CoapPage start(Path folder, String client, Endpoints ports) throws IOException {
    Path script = Files.writeString(folder.resolve("page.sh"), blocks());
    // The same client, which besides shows its messages.
    Path loud = Files.writeString(
        folder.resolve("loud-client"),
        "#!/bin/sh\nexec " + PeerProgram.require(client).executable() + " \"$@\" -v 6\n");
    assertThat(loud.toFile().setExecutable(true)).isTrue();
    Path out = folder.resolve("page.out");
    Path err = folder.resolve("page.err");
    ProcessBuilder builder = new ProcessBuilder(
            PeerProgram.require("bash").executable().toString(), "-eu", script.toString())
        .directory(folder.toFile())
        .redirectOutput(out.toFile())
        .redirectError(err.toFile());
    builder.environment().put("COAP", loud.toString());
    builder.environment().put("COAPS_PORT", String.valueOf(ports.coaps()));
    builder.environment().put("TELEMETRY_PORT", String.valueOf(ports.telemetryCoaps()));
    return new CoapPage(builder.start(), out, err);
  }

  private static String blocks() throws IOException {
    String page = Files.readString(MusterProcess.ROOT.resolve("docs/coap.md"));
    List<String> blocks =
        BLOCK.matcher(page).results().map(block -> block.group(1)).toList();
    assertThat(blocks).hasSize(3);
    return String.join("", blocks);
  }

  /** What it has shown so far; it must not have ended. */
  String output() throws IOException {
    String shown = Files.readString(out, StandardCharsets.ISO_8859_1);
    assertThat(bash.isAlive()).as("%s%n%s", shown, Files.readString(err)).isTrue();
    return shown;
  }

  @Override
  public void close() {
    List<ProcessHandle> clients = bash.descendants().toList();
    bash.destroy();
    clients.forEach(ProcessHandle::destroy);
    try {
      bash.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
