/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.command.CommandOutcome;
import dev.muster.broker.command.Commands;
import dev.muster.broker.delivery.Letter;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.twin.TwinOutcome;
import dev.muster.broker.twin.Twins;
import dev.muster.coap.Diagnostics;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Twins and commands for devices that ask, or observe, when they are awake: {@code /twin} and
 * {@code /c}.
 *
 * <p>Thread-safe.
 */
final class StateExchange {
  private static final Logger LOG = LoggerFactory.getLogger(StateExchange.class);
  private static final Duration COMMIT_LIMIT = Duration.ofSeconds(10);
  private static final String AFTER = "after=";

  private final Twins twins;
  private final Commands commands;
  private final Observers observers;
  private final DevicePublisher publisher;
  private final Executor blocking;
  private final MeterRegistry meters;

  /** @param blocking where the store is read */
  StateExchange(
      Twins twins,
      Commands commands,
      Observers observers,
      DevicePublisher publisher,
      Executor blocking,
      MeterRegistry meters) {
    this.twins = twins;
    this.commands = commands;
    this.observers = observers;
    this.publisher = publisher;
    this.blocking = blocking;
    this.meters = meters;
  }

  /** GET: what the device should be like; POST: what it is like. */
  CoapAct readTwin(Request request, KnownDevice device) throws RefusedException {
    OptionSet options = request.getOptions();
    checkForm(options);
    checkQuery(options, 0);
    if (request.getCode() == Code.GET) {
      return fetch(device, device.topics().twinDesired(), new StateView(twins, ""));
    }
    checkPost(request);
    String topic = device.topics().twinReported();
    return new CoapAct(topic, true, reply -> {
      byte[] payload = reply.exchange().request().getPayload();
      kept(
          twins.report(device.id(), payload),
          StateExchange::answerOf,
          new Saying("reported", device.id(), topic, payload, reply));
    });
  }

  /** GET: the oldest command that is open, or the next one after another. */
  CoapAct readCommands(Request request, KnownDevice device) throws RefusedException {
    OptionSet options = request.getOptions();
    checkForm(options);
    checkQuery(options, 1);
    if (request.getCode() != Code.GET) {
      throw new RefusedException(
          ResponseCode.METHOD_NOT_ALLOWED, "method: not allowed (expected: GET)");
    }
    List<String> query = options.getUriQuery();
    if (!query.isEmpty() && !query.get(0).startsWith(AFTER)) {
      throw new RefusedException(
          ResponseCode.BAD_OPTION, "Uri-Query: not understood (expected: after=<id>)");
    }
    String after = query.isEmpty() ? "" : query.get(0).substring(AFTER.length());
    return fetch(device, device.topics().command("next"), new StateView(commands, after));
  }

  /** POST: how a command went. */
  CoapAct readResult(String id, Request request, KnownDevice device) throws RefusedException {
    OptionSet options = request.getOptions();
    checkForm(options);
    checkQuery(options, 0);
    checkPost(request);
    if (!Commands.isId(id)) {
      throw new RefusedException(ResponseCode.NOT_FOUND, "command: not known of this device");
    }
    String topic = device.topics().commandResult(id);
    return new CoapAct(topic, true, reply -> {
      byte[] payload = reply.exchange().request().getPayload();
      kept(
          commands.result(device.id(), id, payload),
          StateExchange::answerOf,
          new Saying("result", device.id(), topic, payload, reply));
    });
  }

  private static void checkForm(OptionSet options) throws RefusedException {
    if (options.hasAccept() && options.getAccept() != StateAnswers.JSON) {
      throw new RefusedException(
          ResponseCode.NOT_ACCEPTABLE, "Accept: cannot be given (expected: 50, JSON)");
    }
    if (options.hasContentFormat() && options.getContentFormat() != StateAnswers.JSON) {
      throw new RefusedException(
          ResponseCode.UNSUPPORTED_CONTENT_FORMAT, "Content-Format: expected 50, JSON");
    }
  }

  private static void checkQuery(OptionSet options, int most) throws RefusedException {
    if (options.getURIQueryCount() > most) {
      throw new RefusedException(
          ResponseCode.BAD_OPTION,
          "Uri-Query: not understood here (expected: at most " + most + ")");
    }
  }

  private static void checkPost(Request request) throws RefusedException {
    if (request.getCode() != Code.POST) {
      throw new RefusedException(
          ResponseCode.METHOD_NOT_ALLOWED, "method: not allowed (expected: POST)");
    }
  }

  private CoapAct fetch(KnownDevice device, String topic, StateView view) {
    return new CoapAct(topic, false, reply -> {
      try {
        blocking.execute(() -> tell(reply, device, new Observers.Place(topic, view)));
      } catch (RejectedExecutionException e) {
        reply.answer(CoapAnswers.notStored());
      }
    });
  }

  /** What comes after another is of use only once: whoever observes sees the first. */
  private void tell(Reply reply, KnownDevice device, Observers.Place place) {
    try {
      if (reply.exchange().wantsChanges() && place.view().after().isEmpty()) {
        observers.begin(reply, device, place);
      } else {
        Optional<Letter> letter = place.view().first(device);
        letter.ifPresent(found -> found.sent().run());
        reply.answer(StateAnswers.once(letter, reply.exchange().request().getOptions()));
      }
    } catch (SQLException | RuntimeException e) {
      LOG.warn("State not read device={} error={}", device.id(), e.toString());
      reply.answer(CoapAnswers.notStored());
    }
  }

  /** What a device says of itself, and to whom it is answered. */
  private record Saying(String kind, DeviceId device, String topic, byte[] payload, Reply reply) {}

  private <T> void kept(CompletableFuture<T> done, Function<T, Response> answerOf, Saying saying) {
    done.orTimeout(COMMIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .thenApply(answerOf)
        .whenComplete((response, failure) -> {
          if (failure == null) {
            answered(saying, response);
          } else {
            LOG.warn("State not stored topic={} reason={}", saying.topic(), failure.toString());
            count(saying, "not_stored");
            saying.reply().answer(CoapAnswers.notStored());
          }
        })
        .exceptionally(defect -> {
          LOG.error("State stored, and not told of topic={}", saying.topic(), defect);
          return null;
        });
  }

  private void answered(Saying saying, Response response) {
    boolean stored = response.getCode() == ResponseCode.CHANGED;
    count(saying, stored ? "stored" : "refused");
    saying.reply().answer(response);
    if (stored) {
      publisher.pass(saying.topic(), saying.payload(), "application/json");
      observers.look(saying.device());
    }
  }

  private void count(Saying saying, String outcome) {
    meters
        .counter("muster.state.messages", "kind", saying.kind(), "outcome", outcome)
        .increment();
  }

  private static Response answerOf(TwinOutcome outcome) {
    if (outcome instanceof TwinOutcome.Kept) {
      return new Response(ResponseCode.CHANGED);
    }
    if (outcome instanceof TwinOutcome.Stale stale) {
      return Diagnostics.of(ResponseCode.CONFLICT, stale.detail());
    }
    if (outcome instanceof TwinOutcome.Refused refused) {
      return Diagnostics.of(ResponseCode.BAD_REQUEST, refused.detail());
    }
    throw new IllegalStateException("outcome " + outcome);
  }

  private static Response answerOf(CommandOutcome outcome) {
    if (outcome instanceof CommandOutcome.Kept) {
      return new Response(ResponseCode.CHANGED);
    }
    if (outcome instanceof CommandOutcome.Unknown) {
      return Diagnostics.of(ResponseCode.NOT_FOUND, "command: not known of this device");
    }
    if (outcome instanceof CommandOutcome.Refused refused) {
      return Diagnostics.of(ResponseCode.BAD_REQUEST, refused.detail());
    }
    throw new IllegalStateException("outcome " + outcome);
  }
}
