/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;

/**
 * A socket whose failed writes are passed over in silence for some seconds.
 *
 * <p>Under TLS 1.3 a server refuses our certificate when its handshake is over for us already: it
 * sends an alert and hangs up. Our next write fails, JSSE then drops the connection, and the alert
 * lies unread in the kernel. Passed over, the reader finds the alert, which says why; or, for want
 * of one, that the connection is gone.
 */
final class AlertKeepingSocket extends Socket {
  private static final long PATIENCE_NANOS = 5_000_000_000L;

  @Override
  public OutputStream getOutputStream() throws IOException {
    return new FilterOutputStream(super.getOutputStream()) {
      private long firstFailure;

      @Override
      public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
      }

      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        try {
          out.write(buffer, offset, length);
        } catch (IOException e) {
          long now = System.nanoTime();
          firstFailure = firstFailure == 0 ? now : firstFailure;
          if (isClosed() || now - firstFailure > PATIENCE_NANOS) {
            throw e;
          }
        }
      }
    };
  }
}
