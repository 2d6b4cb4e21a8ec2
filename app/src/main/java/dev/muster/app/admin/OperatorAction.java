/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.operator.OperatorClient;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * One act over the operator API: asks, then shows the answer to a person or, with {@code --json},
 * to a program.
 */
abstract class OperatorAction implements Callable<Integer> {
  static final ObjectMapper JSON = new ObjectMapper();

  @Mixin
  OperatorAccess access = new OperatorAccess();

  @Option(names = "--json", description = "Print the server's answer as JSON.")
  boolean json;

  @Override
  public final Integer call() {
    JsonNode answer = ask(access.connect());
    if (json) {
      System.out.println(answer.toPrettyString());
    } else {
      show(answer, System.out);
    }
    return 0;
  }

  abstract JsonNode ask(OperatorClient client);

  abstract void show(JsonNode answer, PrintStream out);
}
