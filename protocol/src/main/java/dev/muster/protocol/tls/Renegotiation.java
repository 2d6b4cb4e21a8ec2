/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.tls;

/**
 * A client of TLS 1.2 may ask for another handshake in the middle of a connection (RFC 5246,
 * 7.4.1.2), and show another certificate in it. Of no use here, and a way to make a server work.
 */
public final class Renegotiation {
  private static final String REJECT = "jdk.tls.rejectClientInitiatedRenegotiation";

  private Renegotiation() {}

  /**
   * Has the JDK's TLS refuse it in this JVM, unless somebody has set the property otherwise. To be
   * called before the first handshake of the JVM, when the JDK reads it.
   */
  public static void refuse() {
    if (System.getProperty(REJECT) == null) {
      System.setProperty(REJECT, "true");
    }
  }
}
