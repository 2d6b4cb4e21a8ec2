/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Has the CRL of the device CA, and may stall in the midst of it. */
public final class CrlServer implements AutoCloseable {
  private static final int BEGINNING = 3;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final AtomicInteger stalled = new AtomicInteger();
  private final HttpServer http;
  private volatile byte[] crl = {};
  private volatile CountDownLatch goOn = new CountDownLatch(0);

  public CrlServer() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.setExecutor(threads);
    http.createContext("/device.crl", this::answer);
    http.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    CountDownLatch until = goOn;
    boolean stalls = until.getCount() > 0;
    byte[] body = stalls ? new byte[2 * BEGINNING] : crl;
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body, 0, stalls ? BEGINNING : body.length);
    if (stalls) {
      exchange.getResponseBody().flush();
      stalled.incrementAndGet();
      await(until);
    }
    exchange.close();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** All CRLs are below this. */
  public URI uri() {
    return URI.create("http://localhost:" + http.getAddress().getPort() + "/");
  }

  URI uri(String issuer) {
    return uri().resolve(issuer + ".crl");
  }

  public void gives(byte[] der) {
    crl = der;
  }

  /** From now on answers begin, and do not go on. */
  public void stalls() {
    goOn = new CountDownLatch(1);
  }

  public int stalled() {
    return stalled.get();
  }

  public void goesOn() {
    goOn.countDown();
  }

  @Override
  public void close() {
    goesOn();
    http.stop(0);
    threads.shutdownNow();
  }
}
