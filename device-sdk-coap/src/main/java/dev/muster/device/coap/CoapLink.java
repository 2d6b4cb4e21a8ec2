/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.internal.mqtt.LinkEvents;
import dev.muster.device.internal.mqtt.LinkSettings;
import dev.muster.device.internal.mqtt.MqttLink;
import dev.muster.device.internal.mqtt.OutboundMessage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.Token;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One DTLS session as the SDK's link. It says one thing at a time (RFC 7252, 4.7), and keeps what
 * the broker cannot take now; it is over when the broker does not answer.
 *
 * <p>All of it happens on one thread of its own, which is Californium's as well.
 */
final class CoapLink implements MqttLink {
  private static final Logger LOG = DeviceLogger.of(CoapLink.class);
  private static final int WINDOW = 1;
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int PACKET_TOO_LARGE = 0x95;
  private static final long GOODBYE_MS = 200;

  /** A request that was acknowledged, and whose response was lost, waits no longer for it. */
  private static final long RESPONSE_LIMIT_MS = 120_000;

  private static final long MAX_WAIT_SECONDS = 300;

  /** A message is sent again after 2 to 3 s, and after 6 to 9 s (RFC 7252, 4.2). */
  private static final int REPEATED_IN_VAIN = 2;

  /** How often what the broker fails at is said, before others have their turn. */
  private static final int TRIES = 4;

  private static final long FIRST_RETRY_MS = 500;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final LinkSettings settings;
  private final LinkEvents events;
  private final Configuration californium;
  private final ServerJudge judge;
  private final ScheduledThreadPoolExecutor thread;
  private final Map<Token, Watched> watched = new LinkedHashMap<>();
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private boolean underWay;
  private @Nullable ServerEndpoint endpoint;
  private volatile boolean connected;
  private volatile boolean ended;
  /** The session is another one now, and what was observed in the one before is over. */
  private volatile boolean forgotten;

  private boolean closing;

  CoapLink(LinkSettings settings, LinkEvents events, Configuration californium) {
    this.settings = settings;
    this.events = events;
    this.californium = californium;
    this.judge = new ServerJudge(settings.identity().trust(), settings.broker().getHost());
    this.thread = ServerEndpoint.thread("muster-coap");
  }

  void start() {
    thread.prestartCoreThread(); // If it cannot be had, whoever called is told; later nobody would.
    try {
      settings.threads().execute(this::resolve);
    } catch (RejectedExecutionException | OutOfMemoryError e) { // The machine has no thread left.
      lose(String.valueOf(e));
    }
  }

  /** Elsewhere: a network that swallows may hold it for a minute. */
  private void resolve() {
    if (ended) {
      return;
    }
    // From now on: it may have waited for its thread.
    after(settings.connectTimeout().toMillis(), () -> {
      if (!connected) {
        end(new LinkEnd(LinkEnd.Kind.LOST, "no answer of the broker in time"));
      }
    });
    try {
      InetSocketAddress found = ServerEndpoint.resolve(settings.broker());
      run(() -> connect(found));
    } catch (UnknownHostException e) {
      lose("no address of " + settings.broker().getHost());
    }
  }

  private void connect(InetSocketAddress found) {
    if (ended) {
      return;
    }
    try {
      endpoint = ServerEndpoint.open(
          settings.broker(),
          found,
          ClientSettings.dtls(californium, settings.identity().credential(), judge),
          thread);
      endpoint.onNotification((request, response) -> run(() -> told(request, response)));
    } catch (IOException e) {
      end(new LinkEnd(LinkEnd.Kind.LOST, String.valueOf(e)));
      return;
    }
    // Who may not even ask for its twin is told so, and is known.
    Request probe = Request.newGet();
    probe.getOptions().setUriPath("twin");
    send(probe, this::probed);
  }

  private void probed(Response response) {
    if (Answers.isUnauthorized(response) || Answers.isForLater(response)) {
      end(Answers.endOf(response));
      return;
    }
    connected = true;
    events.onConnected(WINDOW, Integer.MAX_VALUE);
    renewLater();
  }

  @Override
  public boolean publish(OutboundMessage message) {
    if (!connected || ended) {
      return false;
    }
    run(() -> deliver(message, 1));
    return true;
  }

  /** @param tries this one included */
  private void deliver(OutboundMessage message, int tries) {
    Optional<Request> request = Requests.of(message);
    if (request.isEmpty()) {
      events.onAcknowledged(message, NOT_AUTHORIZED, "CoAP has no place for " + message.topic());
    } else if (request.get().getPayloadSize() > Requests.MAX_BODY) {
      events.onAcknowledged(
          message, PACKET_TOO_LARGE, "larger than " + Requests.MAX_BODY + " bytes");
    } else {
      send(request.get(), response -> delivered(message, tries, response));
    }
  }

  private void delivered(OutboundMessage message, int tries, Response response) {
    if (response.isSuccess()) {
      events.onAcknowledged(message, 0, "success");
    } else if (Answers.isForLater(response)) {
      afterMaxAge(response, () -> deliver(message, tries));
    } else if (Answers.isUnauthorized(response)) {
      end(Answers.endOf(response));
    } else if (response.isServerError() && tries < TRIES) {
      after(FIRST_RETRY_MS << tries, () -> deliver(message, tries + 1));
    } else {
      events.onAcknowledged(message, Answers.reasonOf(response), Answers.describe(response));
    }
  }

  @Override
  public void subscribe(String filter) {
    run(() -> Watched.of(filter, newToken()).ifPresent(one -> {
      watched.put(one.token(), one);
      watch(one);
    }));
  }

  /** That nobody guesses, nor meets behind the same address. */
  private static Token newToken() {
    byte[] token = new byte[8];
    RANDOM.nextBytes(token);
    return new Token(token);
  }

  private void watch(Watched one) {
    send(one.request(), response -> heard(one, response));
  }

  /**
   * Also what keeps a NAT's memory: if that has changed the device's address, the broker has nobody
   * to tell until it hears from there.
   */
  private void renewLater() {
    after(settings.keepAlive().toMillis(), () -> {
      watchAll();
      renewLater();
    });
  }

  private void watchAll() {
    List.copyOf(watched.values()).forEach(this::watch);
  }

  private void told(Request request, Response response) {
    Watched one = watched.get(request.getToken());
    if (one != null) {
      heard(one, response);
    }
  }

  private void heard(Watched one, Response response) {
    if (Answers.isUnauthorized(response)) {
      end(Answers.endOf(response));
    } else if (Answers.isForLater(response)) {
      afterMaxAge(response, () -> watch(one));
    } else if (!response.isSuccess()) {
      // Asked again with the next renewal: what a policy denies, it may allow later.
      one.refused(() -> LOG.warn(
          "Subscription refused client={} filter={} reason={}",
          settings.clientId(),
          one.filter(),
          Answers.describe(response)));
    } else if (one.isNews(response)) {
      tell(one, response);
    }
  }

  private void tell(Watched one, Response response) {
    try {
      events.onMessage(one.topicOf(response), response.getPayload());
    } catch (IllegalArgumentException e) {
      LOG.warn("Not understood client={} reason={}", settings.clientId(), e.getMessage());
    }
  }

  /** When what was sent before is answered (RFC 7252, 4.7). */
  private void send(Request request, Consumer<Response> answered) {
    waiting.add(() -> transmit(request, answered));
    if (!underWay) {
      next();
    }
  }

  private void next() {
    Runnable first = waiting.poll();
    underWay = first != null;
    if (first != null) {
      first.run();
    }
  }

  private void transmit(Request request, Consumer<Response> answered) {
    ServerEndpoint by = endpoint;
    if (ended || by == null) {
      return;
    }
    Asked asked = new Asked(answered, by);
    request.addMessageObserver(asked);
    after(RESPONSE_LIMIT_MS, asked::giveUp);
    by.send(request);
  }

  /** A request that is under way. */
  private final class Asked extends MessageObserverAdapter {
    private final Consumer<Response> answered;
    private final ServerEndpoint by;
    private boolean isAnswered;
    private int repeated;

    Asked(Consumer<Response> answered, ServerEndpoint by) {
      this.answered = answered;
      this.by = by;
    }

    @Override
    public void onResponse(Response response) {
      run(() -> {
        boolean first = !isAnswered;
        isAnswered = true;
        answered.accept(response);
        if (forgotten) {
          forgotten = false;
          watchAll();
        }
        if (first) {
          next();
        }
      });
    }

    /**
     * A broker that was started anew knows nothing of our session, and says not a word. Called
     * ahead of the message, which so waits for a resumption: if there is none, it cannot be sent.
     */
    @Override
    public void onRetransmission() {
      if (++repeated == REPEATED_IN_VAIN) {
        forgotten = true;
        by.resume();
      }
    }

    void giveUp() {
      if (!isAnswered) {
        end(new LinkEnd(LinkEnd.Kind.LOST, "the broker does not respond"));
      }
    }

    @Override
    public void onTimeout() {
      lose("the broker does not answer");
    }

    @Override
    public void onReject() {
      lose("the broker rejected a message");
    }

    @Override
    public void onResponseHandlingError(Throwable cause) {
      lose("the broker's answer was not understood: " + cause.getMessage());
    }

    @Override
    public void onSendError(Throwable error) {
      run(() -> end(endOf(error)));
    }
  }

  private void lose(String why) {
    run(() -> end(new LinkEnd(LinkEnd.Kind.LOST, why)));
  }

  private LinkEnd endOf(Throwable error) {
    String refusal = judge.refusal();
    if (refusal != null) {
      return new LinkEnd(LinkEnd.Kind.UNTRUSTED, "the broker is not trusted: " + refusal);
    }
    // In the handshake, before anything is authenticated.
    LinkEnd.Kind kind = Alerts.saysExpired(error)
        ? LinkEnd.Kind.CALLED_EXPIRED
        : Alerts.refusesUs(error) ? LinkEnd.Kind.CERTIFICATE_REFUSED : LinkEnd.Kind.LOST;
    return new LinkEnd(kind, String.valueOf(error.getMessage()));
  }

  @Override
  public void close() {
    run(() -> {
      closing = true;
      if (endpoint != null) {
        endpoint.sayGoodbye();
        after(GOODBYE_MS, () -> end(new LinkEnd(LinkEnd.Kind.CLOSED, "closed")));
      } else {
        end(new LinkEnd(LinkEnd.Kind.CLOSED, "closed"));
      }
    });
  }

  private void end(LinkEnd end) {
    if (ended) {
      return;
    }
    ended = true;
    connected = false;
    events.onEnded(closing ? new LinkEnd(LinkEnd.Kind.CLOSED, "closed") : end);
    if (endpoint != null) {
      endpoint.close();
    }
    thread.shutdown();
  }

  private void afterMaxAge(Response response, Runnable task) {
    long seconds = Math.max(1, Math.min(MAX_WAIT_SECONDS, response.getOptions().getMaxAge()));
    after(TimeUnit.SECONDS.toMillis(seconds), task);
  }

  private void after(long delayMs, Runnable task) {
    try {
      thread.schedule(() -> attempt(task), delayMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Link is over client={}", settings.clientId());
    }
  }

  /** Whatever fails here would else be waited for without an end. */
  private void attempt(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      LOG.error("Link failed client={}", settings.clientId(), e);
      end(new LinkEnd(LinkEnd.Kind.LOST, String.valueOf(e)));
    }
  }

  private void run(Runnable task) {
    after(0, task);
  }
}
