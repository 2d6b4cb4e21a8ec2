/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.protocol.identity.Quoted;
import java.util.Locale;

/** Whether keys are made for devices that cannot make their own (RFC 7030, 4.4). */
public enum ServerKeygen {
  /** A key that stays where it was made is the better one (RFC 7030, 6). */
  NEVER,
  /** If the client names a key of its own under which the new one travels. */
  ENCRYPTED,
  /** Also with nothing but TLS around it. */
  PLAIN;

  /** As in the settings. @throws IllegalArgumentException if there is no such choice */
  public static ServerKeygen of(String label) {
    for (ServerKeygen choice : values()) {
      if (choice.name().toLowerCase(Locale.ROOT).equals(label)) {
        return choice;
      }
    }
    throw new IllegalArgumentException(
        "serverKeygen: " + Quoted.of(label) + " (expected: never, encrypted or plain)");
  }
}
