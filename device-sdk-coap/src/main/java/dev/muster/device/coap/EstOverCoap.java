/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.internal.est.EstChannel;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.est.EstOperation;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * EST over CoAP (RFC 9148): the calls of one conversation in one DTLS session, bodies in blocks
 * where they are large.
 */
final class EstOverCoap implements EstChannel {
  private static final String ROOT = "/.well-known/est";
  private static final long GOODBYE_MS = 200;

  /** What is lost is sent again for a minute and a half (RFC 7252, 4.8.2), and a handshake too. */
  private static final Duration LEAST_LIMIT = Duration.ofMinutes(3);

  private final URI base;
  private final TlsIdentity identity;
  private final Duration limit;
  private final Configuration californium;
  private final ServerJudge judge;
  /** Kept for the next call. Owned by the thread that calls. */
  private @Nullable ServerEndpoint session;

  private volatile @Nullable CompletableFuture<Response> underWay;
  private volatile boolean aborted;

  EstOverCoap(URI base, TlsIdentity identity, Duration limit, Configuration californium) {
    this.base = base;
    this.identity = identity;
    this.limit = limit.compareTo(LEAST_LIMIT) < 0 ? LEAST_LIMIT : limit;
    this.californium = californium;
    this.judge = new ServerJudge(identity.trust(), base.getHost());
  }

  @Override
  public byte[] get(EstOperation operation) throws EnrollmentException {
    return call(operation, Request.newGet());
  }

  @Override
  public byte[] post(EstOperation operation, byte[] csr) throws EnrollmentException {
    Request request = Request.newPost();
    request.getOptions().setContentFormat(EstAnswers.PKCS10);
    request.setPayload(csr);
    return call(operation, request);
  }

  private byte[] call(EstOperation operation, Request request) throws EnrollmentException {
    request.getOptions().setUriPath(path(operation)).setAccept(EstAnswers.formatOf(operation));
    return EstAnswers.bodyOf(operation, ask(request));
  }

  private String path(EstOperation operation) {
    String given = base.getPath();
    String root = given == null || given.isEmpty() || given.equals("/") ? ROOT : given;
    return (root.endsWith("/") ? root : root + "/") + EstAnswers.segmentOf(operation);
  }

  private Response ask(Request request) throws EnrollmentException {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    request.addMessageObserver(new Asked(answer));
    underWay = answer;
    try {
      if (aborted) { // Looked at after that, and set before underWay is: one sees the other.
        throw ended();
      }
      ServerEndpoint by = session == null ? open() : session;
      session = by;
      by.send(request);
      return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw translate(e.getCause());
    } catch (TimeoutException | IOException e) {
      throw translate(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw translate(e);
    }
  }

  private static IOException ended() {
    return new IOException("ended by this device");
  }

  private ServerEndpoint open() throws IOException {
    return ServerEndpoint.open(
        base,
        ServerEndpoint.resolve(base),
        ClientSettings.dtls(californium, identity.credential(), judge),
        ServerEndpoint.thread("muster-coap-est"));
  }

  /** Says goodbye, so that the server keeps no session for nobody. */
  @Override
  public void hangUp() {
    ServerEndpoint kept = session;
    session = null;
    if (kept == null) {
      return;
    }
    try {
      if (!aborted) {
        kept.sayGoodbye();
        TimeUnit.MILLISECONDS.sleep(GOODBYE_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      kept.close();
    }
  }

  @Override
  public void abort() {
    aborted = true;
    CompletableFuture<Response> call = underWay;
    if (call != null) {
      call.completeExceptionally(ended());
    }
  }

  private EnrollmentException translate(Throwable failure) {
    String refusal = judge.refusal();
    if (refusal != null) {
      return unavailable("is not trusted: ", refusal, failure);
    }
    String detail = failure instanceof TimeoutException
        ? "no answer within " + limit.toSeconds() + " s"
        : String.valueOf(failure.getMessage());
    if (Alerts.refusesUs(failure)) {
      return new EnrollmentRefusedException(
          "the enrollment server refuses the certificate of this device: " + base.getAuthority()
              + ": " + detail,
          failure);
    }
    return unavailable("cannot be reached: ", detail, failure);
  }

  private EnrollmentException unavailable(String what, String detail, Throwable failure) {
    return new EnrollmentUnavailableException(
        "the enrollment server " + what + base.getAuthority() + ": " + detail,
        Duration.ZERO,
        failure);
  }

  /** A request that is under way. */
  private static final class Asked extends MessageObserverAdapter {
    private final CompletableFuture<Response> answer;

    Asked(CompletableFuture<Response> answer) {
      this.answer = answer;
    }

    @Override
    public void onResponse(Response response) {
      answer.complete(response);
    }

    @Override
    public void onTimeout() {
      fail("it does not answer");
    }

    @Override
    public void onReject() {
      fail("it rejected a message");
    }

    @Override
    public void onResponseHandlingError(Throwable cause) {
      fail("its answer was not understood: " + cause.getMessage());
    }

    @Override
    public void onSendError(Throwable error) {
      answer.completeExceptionally(error);
    }

    private void fail(String why) {
      answer.completeExceptionally(new IOException(why));
    }
  }
}
