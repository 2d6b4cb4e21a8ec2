/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.time.Clock;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * One act over the operator API: asks, then shows the answer to a person or, with {@code --json},
 * to a program.
 */
abstract class OperatorAction implements Callable<Integer> {
  static final ObjectMapper JSON = JsonMapper.builder()
      // What devices say may end on a terminal: nothing there may steer it.
      .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
      .enable(SerializationFeature.INDENT_OUTPUT)
      .build();

  @Mixin
  OperatorAccess access = new OperatorAccess();

  @Option(names = "--json", description = "Print the server's answer as JSON.")
  boolean json;

  @Override
  public final Integer call() {
    Watching watching = watching();
    if (watching != null && watching.isAsked()) {
      return exitCode(watch(access.connect(), watching));
    }
    JsonNode answer = ask(access.connect());
    print(answer, System.out);
    return exitCode(answer);
  }

  private JsonNode watch(OperatorClient client, Watching watching) {
    boolean screen = !json && Boolean.getBoolean("muster.screen");
    return new Watch(System.out, System.err, screen, Clock.systemUTC())
        .until(this::isOver, () -> ask(client), this::print, watching::pause);
  }

  /** Null where one answer is all there is. */
  @Nullable Watching watching() {
    return null;
  }

  /** Whether an answer that is watched will not change any more. */
  boolean isOver(JsonNode answer) {
    return false;
  }

  private void print(JsonNode answer, PrintStream out) {
    if (json) {
      out.println(pretty(answer));
    } else {
      show(answer, out);
    }
  }

  /** 0, unless the answer is not what was hoped for. */
  int exitCode(JsonNode answer) {
    return 0;
  }

  private static String pretty(JsonNode answer) {
    try {
      return JSON.writeValueAsString(answer);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  abstract JsonNode ask(OperatorClient client);

  abstract void show(JsonNode answer, PrintStream out);
}
