/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import com.hivemq.extension.sdk.api.interceptor.pingreq.PingReqInboundInterceptor;
import com.hivemq.extension.sdk.api.interceptor.pingreq.parameter.PingReqInboundInput;
import com.hivemq.extension.sdk.api.interceptor.pingreq.parameter.PingReqInboundOutput;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Counts the pings of one connection, each of which HiveMQ answers, also if nobody reads the
 * answers: they would take up more and more memory. No keep-alive wants so many.
 */
final class Pings implements PingReqInboundInterceptor {
  /** Two a second; the shortest keep-alive is one second. */
  static final int IN_A_MINUTE = 120;

  private static final long MINUTE_NS = TimeUnit.MINUTES.toNanos(1);

  private final ClientSession session;
  private final Disconnector disconnector;
  private final RefusalNotes refusals;
  private final LongSupplier nanoTime;
  private long since;
  private int count;

  Pings(
      ClientSession session,
      Disconnector disconnector,
      RefusalNotes refusals,
      LongSupplier nanoTime) {
    this.session = session;
    this.disconnector = disconnector;
    this.refusals = refusals;
    this.nanoTime = nanoTime;
    this.since = nanoTime.getAsLong();
  }

  @Override
  public void onInboundPingReq(PingReqInboundInput input, PingReqInboundOutput output) {
    if (isTooMany() && !session.isEnding()) {
      session.markEnding();
      String detail = "pings: more than " + IN_A_MINUTE + " in a minute";
      refusals.otherwise(session, "ping", "", "quota", detail);
      disconnector.disconnect(session, Disconnector.Reason.QUOTA_EXCEEDED, detail);
    }
  }

  private synchronized boolean isTooMany() {
    long now = nanoTime.getAsLong();
    if (now - since > MINUTE_NS) {
      since = now;
      count = 0;
    }
    count++;
    return count > IN_A_MINUTE;
  }
}
