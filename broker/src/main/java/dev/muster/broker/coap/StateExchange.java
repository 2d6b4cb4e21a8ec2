/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.command.CommandOutcome;
import dev.muster.broker.command.Commands;
import dev.muster.broker.delivery.Letter;
import dev.muster.broker.delivery.LetterSource;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.twin.TwinOutcome;
import dev.muster.broker.twin.Twins;
import dev.muster.coap.Diagnostics;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Twins and commands for devices that ask when they are awake: {@code /twin} and {@code /c}.
 *
 * <p>Thread-safe.
 */
final class StateExchange {
  private static final Logger LOG = LoggerFactory.getLogger(StateExchange.class);
  private static final Duration COMMIT_LIMIT = Duration.ofSeconds(10);
  private static final int JSON = 50;
  private static final int ETAG_BYTES = 8;
  private static final String AFTER = "after=";

  private final Twins twins;
  private final Commands commands;
  private final DevicePublisher publisher;
  private final Executor blocking;
  private final MeterRegistry meters;

  /** @param blocking where the store is read */
  StateExchange(
      Twins twins,
      Commands commands,
      DevicePublisher publisher,
      Executor blocking,
      MeterRegistry meters) {
    this.twins = twins;
    this.commands = commands;
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
      return fetch(device.topics().twinDesired(), twins, device, "", options);
    }
    checkPost(request);
    String topic = device.topics().twinReported();
    return new CoapAct(
        topic,
        true,
        (payload, answer) -> kept(
            twins.report(device.id(), payload),
            StateExchange::answerOf,
            new Saying("reported", topic, payload, answer)));
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
    return fetch(device.topics().command("next"), commands, device, after, options);
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
    return new CoapAct(
        topic,
        true,
        (payload, answer) -> kept(
            commands.result(device.id(), id, payload),
            StateExchange::answerOf,
            new Saying("result", topic, payload, answer)));
  }

  private static void checkForm(OptionSet options) throws RefusedException {
    if (options.hasAccept() && options.getAccept() != JSON) {
      throw new RefusedException(
          ResponseCode.NOT_ACCEPTABLE, "Accept: cannot be given (expected: 50, JSON)");
    }
    if (options.hasContentFormat() && options.getContentFormat() != JSON) {
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

  private CoapAct fetch(
      String topic, LetterSource source, KnownDevice device, String after, OptionSet options) {
    return new CoapAct(topic, false, (payload, answer) -> {
      try {
        blocking.execute(() -> answer.accept(next(source, device, after, options)));
      } catch (RejectedExecutionException e) {
        answer.accept(CoapAnswers.notStored());
      }
    });
  }

  private Response next(LetterSource source, KnownDevice device, String after, OptionSet options) {
    try {
      Optional<Letter> letter = source.lettersFor(device.id()).stream()
          .filter(one -> one.key().compareTo(after) > 0)
          .filter(
              one -> device.policy().receive(one.topic().apply(device.topics())).allowed())
          .findFirst();
      letter.ifPresent(found -> found.sent().run());
      return letter
          .map(found -> content(found.payload(), options))
          .orElseGet(StateExchange::nothing);
    } catch (SQLException | RuntimeException e) {
      LOG.warn("State not read device={} error={}", device.id(), e.toString());
      return CoapAnswers.notStored();
    }
  }

  private static Response nothing() {
    Response response = Diagnostics.of(ResponseCode.NOT_FOUND, "nothing is there for the device");
    response.getOptions().setMaxAge(0);
    return response;
  }

  /**
   * Of now alone: without Max-Age it would be of a minute (RFC 7252, 5.10.5). With a tag, by which
   * a device need not be sent what it has, nor take blocks of two states.
   */
  private static Response content(byte[] payload, OptionSet options) {
    byte[] tag = tagOf(payload);
    boolean known = options.containsETag(tag);
    Response response = new Response(known ? ResponseCode.VALID : ResponseCode.CONTENT);
    response.getOptions().setMaxAge(0).addETag(tag);
    if (!known) {
      response.getOptions().setContentFormat(JSON);
      response.setPayload(payload);
    }
    return response;
  }

  private static byte[] tagOf(byte[] payload) {
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(payload), ETAG_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a device says of itself, and to whom it is answered. */
  private record Saying(String kind, String topic, byte[] payload, Consumer<Response> answer) {}

  private <T> void kept(CompletableFuture<T> done, Function<T, Response> answerOf, Saying saying) {
    done.orTimeout(COMMIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((outcome, failure) -> {
          if (failure != null) {
            LOG.warn("State not stored topic={} reason={}", saying.topic(), failure.toString());
            count(saying, "not_stored");
            saying.answer().accept(CoapAnswers.notStored());
            return;
          }
          Response response = answerOf.apply(outcome);
          boolean stored = response.getCode() == ResponseCode.CHANGED;
          count(saying, stored ? "stored" : "refused");
          saying.answer().accept(response);
          if (stored) {
            publisher.pass(saying.topic(), saying.payload(), "application/json");
          }
        });
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
