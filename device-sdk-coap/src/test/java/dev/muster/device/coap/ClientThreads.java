/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The threads of this library and of Californium's client. */
final class ClientThreads {
  /** A server of Californium begins others as it needs them, named by what it offers. */
  private static final Predicate<String> OF_A_CLIENT =
      Pattern.compile("muster-|DTLS-|:CoapEndpoint").asPredicate();

  private ClientThreads() {}

  /** Their names, without numbers and addresses. */
  static List<String> since(Set<Thread> before) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        .map(Thread::getName)
        .filter(OF_A_CLIENT)
        .map(name -> name.replaceFirst("-\\d.*", ""))
        .toList();
  }
}
