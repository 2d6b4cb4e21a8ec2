/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import dev.muster.coap.CoapsExchange;
import dev.muster.coap.CoapsService;
import dev.muster.enrollment.desk.Caller;
import dev.muster.enrollment.desk.ChannelBinding;
import dev.muster.enrollment.desk.EnrollmentOutcome;
import dev.muster.enrollment.est.EstOperations;
import dev.muster.enrollment.registrar.Label;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.log.Sparingly;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads requests whose blocks have all come, has them done by {@link EstOperations}, and answers.
 *
 * <p>Thread-safe.
 */
public final class EstCoapsRoutes implements CoapsService {
  private static final Logger LOG = LoggerFactory.getLogger(EstCoapsRoutes.class);

  private static final List<String> CORE = List.of(".well-known", "core");

  private final EstOperations operations;
  private final MeterRegistry meters;
  /** Any certificate opens a session, and can have as much refused as it likes. */
  private final Sparingly refusals = new Sparingly(System::nanoTime);

  public EstCoapsRoutes(EstOperations operations, MeterRegistry meters) {
    this.operations = operations;
    this.meters = meters;
  }

  /** Requests that are served, and would be refused whole for what their first block shows. */
  @Override
  public boolean takesBlocks(Request request) {
    Optional<EstCoapsPath> path = served(request);
    return path.isPresent()
        && refusedByForm(request, path.get().resource()).isEmpty()
        && request.getCode() == Code.POST;
  }

  @Override
  public void serve(CoapsExchange exchange) {
    Request request = exchange.request();
    if (request.getOptions().getUriPath().equals(CORE)) {
      answer(exchange, "core", discover(request));
    } else {
      route(exchange);
    }
  }

  private Optional<EstCoapsPath> served(Request request) {
    return EstCoapsPath.parse(request.getOptions().getUriPath())
        .filter(path -> operations.label(path.label()).isPresent())
        .filter(path -> operations.offers(path.resource().operation()));
  }

  private EstCoapsAnswer discover(Request request) {
    OptionSet options = request.getOptions();
    if (request.getCode() != Code.GET) {
      return notAllowed("GET");
    }
    if (options.hasAccept() && options.getAccept() != ContentFormat.LINK_FORMAT) {
      return notAcceptable(String.valueOf(ContentFormat.LINK_FORMAT));
    }
    return EstCoapsAnswer.content(
        ContentFormat.LINK_FORMAT,
        Discovery.links(
            resource -> operations.offers(resource.operation()), options.getUriQuery()));
  }

  private void route(CoapsExchange exchange) {
    Request request = exchange.request();
    Optional<EstCoapsPath> path = served(request);
    if (path.isEmpty()) {
      answer(
          exchange, "none", EstCoapsAnswer.diagnostic(ResponseCode.NOT_FOUND, "path: not found"));
      return;
    }
    EstCoapsResource resource = path.get().resource();
    Optional<EstCoapsAnswer> refusal = refusedByForm(request, resource);
    if (refusal.isPresent()) {
      answer(exchange, resource.segment(), refusal.get());
      return;
    }
    int format = request.getOptions().hasAccept()
        ? request.getOptions().getAccept()
        : resource.preferredFormat();
    Caller caller = caller(exchange);
    Label label = operations.label(path.get().label()).orElseThrow();
    work(
        exchange,
        resource,
        caller,
        () -> resource.isGet()
            ? show(resource, label, caller, format)
            : EstCoapsAnswer.of(
                operations.enroll(resource.operation(), label, caller, request.getPayload()),
                resource,
                format));
  }

  /** Before anything is decided: what is issued must be wanted in a form that we have. */
  private static Optional<EstCoapsAnswer> refusedByForm(
      Request request, EstCoapsResource resource) {
    OptionSet options = request.getOptions();
    Code expected = resource.isGet() ? Code.GET : Code.POST;
    if (request.getCode() != expected) {
      return Optional.of(notAllowed(expected.name()));
    }
    if (options.getURIQueryCount() > 0) {
      return Optional.of(EstCoapsAnswer.diagnostic(
          ResponseCode.BAD_OPTION, "Uri-Query: not understood here (expected: absent)"));
    }
    if (options.hasAccept() && !resource.gives(options.getAccept())) {
      return Optional.of(notAcceptable(resource.formats()));
    }
    if (resource.isGet()) {
      return Optional.empty();
    }
    if (!options.hasContentFormat() || options.getContentFormat() != ContentFormat.PKCS10) {
      return Optional.of(EstCoapsAnswer.diagnostic(
          ResponseCode.UNSUPPORTED_CONTENT_FORMAT,
          "Content-Format: expected " + ContentFormat.PKCS10 + ", application/pkcs10"));
    }
    return request.getPayloadSize() > EstOperations.MAX_CSR
        ? Optional.of(EstCoapsAnswer.diagnostic(
            ResponseCode.REQUEST_ENTITY_TOO_LARGE,
            "body: too large (expected: at most " + EstOperations.MAX_CSR + " bytes)"))
        : Optional.empty();
  }

  private static EstCoapsAnswer notAllowed(String expected) {
    return EstCoapsAnswer.diagnostic(
        ResponseCode.METHOD_NOT_ALLOWED, "method: not allowed (expected: " + expected + ")");
  }

  private static EstCoapsAnswer notAcceptable(String expected) {
    return EstCoapsAnswer.diagnostic(
        ResponseCode.NOT_ACCEPTABLE, "Accept: cannot be given (expected: " + expected + ")");
  }

  /** What is public over HTTPS is not so here (RFC 9148, 4). */
  private EstCoapsAnswer show(EstCoapsResource resource, Label label, Caller caller, int format) {
    Optional<EnrollmentOutcome.Refused> refused = operations.stranger(caller);
    if (refused.isPresent()) {
      return EstCoapsAnswer.of(refused.get());
    }
    if (resource.operation() == EstOperation.CSR_ATTRS) {
      return EstCoapsAnswer.content(format, operations.csrAttributes(label, false));
    }
    return EstCoapsAnswer.content(
        format,
        format == ContentFormat.CERTIFICATE
            ? EstCoapsAnswer.certificate(operations.root(), format)
            : operations.caCertificates());
  }

  private static Caller caller(CoapsExchange exchange) {
    return new Caller(exchange.chain(), String.valueOf(exchange.peer()), ChannelBinding.unknown());
  }

  private void work(
      CoapsExchange exchange,
      EstCoapsResource resource,
      Caller caller,
      Supplier<EstCoapsAnswer> task) {
    operations.work(resource.operation(), caller, task, EstCoapsAnswer::of, result -> {
      if (result.code().isSuccess()) {
        exchange.known();
      }
      answer(exchange, resource.segment(), result);
    });
  }

  /** Counts the answer; a refusal is told with where it came from. */
  private void answer(CoapsExchange exchange, String resource, EstCoapsAnswer answer) {
    meters
        .counter(
            "muster.estcoaps.requests",
            "resource",
            resource,
            "code",
            answer.code().toString())
        .increment();
    if (!answer.code().isSuccess()) {
      refusals.say(others -> LOG.info(
          "EST request refused from={} resource={} code={} others={}",
          exchange.peer(),
          resource,
          answer.code(),
          others));
    }
    exchange.answer(answer.toResponse());
  }
}
