/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.crypto;

import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.conscrypt.Conscrypt;
import org.jspecify.annotations.Nullable;

/**
 * The values that name one TLS connection and no other: {@code tls-unique} (RFC 5929, 3) before TLS
 * 1.3, and {@code tls-exporter} (RFC 9266).
 */
public final class ChannelBindings {
  private static final String EXPORTER_LABEL = "EXPORTER-Channel-Binding";
  private static final int EXPORTER_BYTES = 32;

  private ChannelBindings() {}

  /**
   * What a connection is called, after its handshake.
   *
   * @param extendedMasterSecret whether the handshake agreed on it (RFC 7627); without it
   *     {@code tls-exporter} is not defined before TLS 1.3
   * @return empty if the engine cannot tell: the JDK's knows no {@code tls-unique}
   */
  public static List<byte[]> of(SSLEngine engine, boolean extendedMasterSecret) {
    if (!Conscrypt.isConscrypt(engine)) {
      return List.of();
    }
    if (isTls13(engine)) {
      return exporter(engine);
    }
    byte @Nullable [] unique = Conscrypt.getTlsUnique(engine);
    if (unique == null) {
      return List.of();
    }
    List<byte[]> exported = extendedMasterSecret ? exporter(engine) : List.of();
    return exported.isEmpty() ? List.of(unique) : List.of(unique, exported.get(0));
  }

  /** By the suite: Conscrypt has been seen to call a session of TLS 1.3 one of TLS 1.2. */
  private static boolean isTls13(SSLEngine engine) {
    String suite = engine.getSession().getCipherSuite();
    return suite.startsWith("TLS_AES_") || suite.startsWith("TLS_CHACHA20_");
  }

  private static List<byte[]> exporter(SSLEngine engine) {
    try {
      // A context of no bytes is not the same as none (RFC 9266, 2; RFC 5705, 4).
      byte @Nullable [] value =
          Conscrypt.exportKeyingMaterial(engine, EXPORTER_LABEL, new byte[0], EXPORTER_BYTES);
      return value == null ? List.of() : List.of(value);
    } catch (SSLException e) {
      return List.of();
    }
  }
}
