/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authz.Decision;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.command.Commands;
import dev.muster.broker.delivery.Deliveries;
import dev.muster.broker.mqtt.Later;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.PlaceWatch;
import dev.muster.broker.session.PublishRates;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.twin.Twins;
import dev.muster.coap.CoapsExchange;
import dev.muster.coap.CoapsService;
import dev.muster.protocol.log.Sparingly;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What devices may do over CoAP: the same as over MQTT, by the same policy.
 *
 * <p>Thread-safe; does not block.
 */
public final class CoapRoutes implements CoapsService {
  private static final Logger LOG = LoggerFactory.getLogger(CoapRoutes.class);

  /** What is asked for a decision. */
  public record Deciding(
      CertificateAuthenticator authenticator,
      RevocationView revocations,
      Supplier<PolicyFile> policy,
      PublishRates rates,
      PlaceWatch places,
      Refusals refusals,
      Later later) {}

  /**
   * Where it goes, and comes from.
   *
   * @param deliveries tells of what there is for a device
   * @param publisher to who listens over MQTT
   * @param blocking where a database is read
   */
  public record Keeping(
      TelemetrySink telemetry,
      Twins twins,
      Commands commands,
      Deliveries deliveries,
      DevicePublisher publisher,
      Executor blocking) {}

  private final KnownDevices devices;
  private final Deciding deciding;
  private final CoapRefusals refusals;
  private final TelemetryIntake telemetry;
  private final Observers observers;
  private final StateExchange state;
  private final MeterRegistry meters;
  private final Sparingly strangers = new Sparingly(System::nanoTime);
  private final Sparingly hasty = new Sparingly(System::nanoTime);
  private final Sparingly denied = new Sparingly(System::nanoTime);

  public CoapRoutes(Deciding deciding, Keeping keeping, Clock clock, MeterRegistry meters) {
    this.devices = new KnownDevices(
        deciding.authenticator(), deciding.revocations(), deciding.policy(), clock);
    this.deciding = deciding;
    this.refusals = new CoapRefusals(deciding.refusals(), deciding.authenticator(), meters);
    this.telemetry = new TelemetryIntake(keeping.telemetry(), keeping.publisher(), clock, meters);
    this.observers = new Observers(devices, refusals, keeping.blocking(), clock, meters);
    this.state = new StateExchange(
        keeping.twins(),
        keeping.commands(),
        observers,
        keeping.publisher(),
        keeping.blocking(),
        meters);
    this.meters = meters;
    keeping.deliveries().alsoTell(observers::look);
  }

  /** Tells those who observe what they have lost, and what they could not be told before. */
  void look() {
    observers.lookAtAll();
  }

  /** Whether a session has no use any more. */
  boolean isOver(List<X509Certificate> chain) {
    return devices.isOver(chain);
  }

  /** Of devices that we know, and for what could be done with the body. */
  @Override
  public boolean takesBlocks(Request request) {
    try {
      if (devices.judge(CoapsExchange.chainOf(request)) instanceof Outcome.Admitted admitted) {
        return read(request, KnownDevice.of(admitted)).says();
      }
      return false;
    } catch (RefusedException e) {
      return false;
    }
  }

  private CoapAct read(Request request, KnownDevice device) throws RefusedException {
    List<String> path = request.getOptions().getUriPath();
    String first = path.isEmpty() ? "" : path.get(0);
    if (first.equals("t") && path.size() == 2) {
      return telemetry.read(request, device);
    }
    if (first.equals("twin") && path.size() == 1) {
      return state.readTwin(request, device);
    }
    if (first.equals("c") && path.size() == 1) {
      return state.readCommands(request, device);
    }
    if (first.equals("c") && path.size() == 2) {
      return state.readResult(path.get(1), request, device);
    }
    throw new RefusedException(
        ResponseCode.NOT_FOUND, "path: not found (expected: /t/<stream>, /twin, /c or /c/<id>)");
  }

  @Override
  public void serve(CoapsExchange exchange) {
    guarded(exchange, () -> whenAdmitted(exchange, device -> throttle(exchange, device)));
  }

  private void guarded(CoapsExchange exchange, Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      // Whatever it was: who asked is answered, and does not ask for ever.
      LOG.error("CoAP request failed from={}", exchange.peer(), e);
      answer(exchange, CoapAnswers.defect());
    }
  }

  private void whenAdmitted(CoapsExchange exchange, Consumer<KnownDevice> step) {
    Outcome outcome = devices.judge(exchange.chain());
    if (outcome instanceof Outcome.Admitted admitted) {
      exchange.known();
      step.accept(KnownDevice.of(admitted));
    } else if (outcome instanceof Outcome.Refused refused) {
      strangers.say(others -> LOG.warn(
          "CoAP request refused from={} reason={} detail={} others={}",
          exchange.peer(),
          refused.refusal(),
          refused.detail(),
          others));
      refusals.connect(exchange.chain(), refused);
      answer(exchange, CoapAnswers.of(refused));
    } else {
      throw new IllegalStateException("outcome " + outcome);
    }
  }

  /**
   * Of the same purse as over MQTT: who has spent all waits, and who goes on regardless is told.
   * What is refused has its price, too.
   */
  private void throttle(CoapsExchange exchange, KnownDevice device) {
    Optional<Duration> wait = deciding
        .rates()
        .take(
            device.subject(),
            device.policy().limits().rate(),
            exchange.request().getPayloadSize());
    if (wait.isEmpty()) {
      String path = exchange.request().getOptions().getUriPathString();
      refusals.quota(device.subject(), path);
      hasty.say(others -> LOG.warn(
          "CoAP request refused subject={} path={} reason=\"rate exceeded\" others={}",
          device.subject(),
          path,
          others));
      answer(exchange, CoapAnswers.tooFast(PublishRates.MAX_HOLD));
      return;
    }
    deciding
        .places()
        .used(
            device.credential(),
            device.id().value(),
            exchange.session(),
            exchange.peer().getAddress().getHostAddress());
    if (wait.get().isZero()) {
      act(exchange, device);
    } else {
      // Judged again then: it may have been revoked meanwhile.
      deciding
          .later()
          .run(
              wait.get(),
              () -> guarded(exchange, () -> whenAdmitted(exchange, now -> act(exchange, now))));
    }
  }

  private void act(CoapsExchange exchange, KnownDevice device) {
    try {
      decide(exchange, device, read(exchange.request(), device));
    } catch (RefusedException e) {
      answer(exchange, e.response());
    }
  }

  private void decide(CoapsExchange exchange, KnownDevice device, CoapAct act) {
    Decision decision = act.says()
        ? device.policy().publish(act.topic(), false, exchange.request().getPayloadSize())
        : device.policy().receive(act.topic());
    if (decision.allowed()) {
      act.doing().begin(new Reply(exchange, meters));
    } else {
      note(device, act, decision);
      answer(exchange, CoapAnswers.denied(decision, device.policy().limits()));
    }
  }

  private void note(KnownDevice device, CoapAct act, Decision decision) {
    String operation = act.says() ? "publish" : "subscribe";
    refusals.byPolicy(device.subject(), operation, act.topic(), decision);
    denied.say(others -> LOG.warn(
        "Refused operation={} subject={} topic={} rule={} detail=\"{}\" others={}",
        operation,
        device.subject(),
        act.topic(),
        decision.rule(),
        decision.detail(),
        others));
  }

  private void answer(CoapsExchange exchange, Response response) {
    new Reply(exchange, meters).answer(response);
  }
}
