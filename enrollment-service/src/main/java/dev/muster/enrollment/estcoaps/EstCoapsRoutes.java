/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import dev.muster.enrollment.desk.Caller;
import dev.muster.enrollment.desk.ChannelBinding;
import dev.muster.enrollment.desk.EnrollmentOutcome;
import dev.muster.enrollment.est.EstOperations;
import dev.muster.enrollment.registrar.Label;
import dev.muster.protocol.est.EstOperation;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.Principal;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.server.MessageDeliverer;
import org.eclipse.californium.elements.auth.X509CertPath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads requests whose blocks have all come, has them done by {@link EstOperations}, and answers.
 *
 * <p>Thread-safe.
 */
final class EstCoapsRoutes implements MessageDeliverer {
  private static final Logger LOG = LoggerFactory.getLogger(EstCoapsRoutes.class);

  /** Sooner than a client repeats itself, which is after two seconds (RFC 7252, 4.8). */
  private static final long PATIENCE_MS = 800;

  private static final List<String> CORE = List.of(".well-known", "core");

  private final EstOperations operations;
  private final ScheduledExecutorService timer;
  private final MeterRegistry meters;

  /** @param timer tells clients that their request has come, where its answer takes long */
  EstCoapsRoutes(EstOperations operations, ScheduledExecutorService timer, MeterRegistry meters) {
    this.operations = operations;
    this.timer = timer;
    this.meters = meters;
  }

  @Override
  public void deliverRequest(Exchange exchange) {
    Request request = exchange.getRequest();
    Optional<EstCoapsAnswer> refusal = refusedByOptions(request.getOptions());
    if (refusal.isPresent()) {
      answer(exchange, "none", refusal.get());
    } else if (request.getOptions().getUriPath().equals(CORE)) {
      answer(exchange, "core", discover(request));
    } else {
      route(exchange);
    }
  }

  /** We send no requests. */
  @Override
  public void deliverResponse(Exchange exchange, Response response) {
    LOG.debug("Response dropped from={}", response.getSourceContext());
  }

  /** Options that must be understood, and that Californium leaves to us (RFC 7252, 5.4.1). */
  private static Optional<EstCoapsAnswer> refusedByOptions(OptionSet options) {
    if (options.hasProxyUri() || options.hasProxyScheme()) {
      return Optional.of(
          EstCoapsAnswer.diagnostic(ResponseCode.PROXY_NOT_SUPPORTED, "proxy: this is none"));
    }
    return options.getIfMatchCount() > 0 || options.hasIfNoneMatch()
        ? Optional.of(EstCoapsAnswer.diagnostic(
            ResponseCode.BAD_OPTION, "If-Match, If-None-Match: not supported (expected: absent)"))
        : Optional.empty();
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

  private void route(Exchange exchange) {
    Request request = exchange.getRequest();
    Optional<EstCoapsPath> path = EstCoapsPath.parse(request.getOptions().getUriPath());
    Optional<Label> label = path.flatMap(found -> operations.label(found.label()));
    if (path.isEmpty()
        || label.isEmpty()
        || !operations.offers(path.get().resource().operation())) {
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
    Caller caller = caller(request);
    work(
        exchange,
        resource,
        caller,
        () -> resource.isGet()
            ? show(resource, label.get(), caller, format)
            : EstCoapsAnswer.of(
                operations.enroll(resource.operation(), label.get(), caller, request.getPayload()),
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
      return EstCoapsAnswer.content(format, operations.csrAttributes(label));
    }
    return EstCoapsAnswer.content(
        format,
        format == ContentFormat.CERTIFICATE
            ? EstCoapsAnswer.certificate(operations.root(), format)
            : operations.caCertificates());
  }

  private static Caller caller(Request request) {
    Principal peer = request.getSourceContext().getPeerIdentity();
    List<X509Certificate> chain = peer instanceof X509CertPath path
        ? path.getPath().getCertificates().stream()
            .map(X509Certificate.class::cast)
            .toList()
        : List.of();
    return new Caller(
        chain,
        String.valueOf(request.getSourceContext().getPeerAddress()),
        ChannelBinding.unknown());
  }

  private void work(
      Exchange exchange, EstCoapsResource resource, Caller caller, Supplier<EstCoapsAnswer> task) {
    ScheduledFuture<?> impatience =
        timer.schedule(() -> exchange.sendAccept(), PATIENCE_MS, TimeUnit.MILLISECONDS);
    operations.work(resource.operation(), caller, task, EstCoapsAnswer::of, result -> {
      impatience.cancel(false);
      answer(exchange, resource.segment(), result);
    });
  }

  /** Counts the answer; a refusal is told with where it came from. */
  private void answer(Exchange exchange, String resource, EstCoapsAnswer answer) {
    meters
        .counter(
            "muster.estcoaps.requests",
            "resource",
            resource,
            "code",
            answer.code().toString())
        .increment();
    if (!answer.code().isSuccess()) {
      LOG.info(
          "EST request refused from={} resource={} code={}",
          exchange.getRequest().getSourceContext().getPeerAddress(),
          resource,
          answer.code());
    }
    exchange.sendResponse(answer.toResponse());
  }
}
