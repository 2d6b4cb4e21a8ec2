/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.command.Command;
import dev.muster.broker.command.CommandOrder;
import dev.muster.broker.command.CommandOutcome;
import dev.muster.broker.command.CommandRequest;
import dev.muster.broker.command.Commands;
import dev.muster.broker.delivery.Deliveries;
import dev.muster.broker.state.StrictJson;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.once.OnceKey;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Commands over the operator API. */
final class CommandRoutes {
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 1_000;
  /** Greater than every id. */
  private static final String END = "g";

  private static final String NAME = "name";
  private static final String PAYLOAD = "payload";
  private static final String VALID_FOR = "validForSeconds";
  private static final Set<String> MEMBERS = new TreeSet<>(Set.of(NAME, PAYLOAD, VALID_FOR));
  private static final long DEFAULT_VALIDITY_SECONDS = 300;

  private final Commands commands;
  private final Deliveries deliveries;
  private final WorkerExecutor executor;

  CommandRoutes(Commands commands, Deliveries deliveries, WorkerExecutor executor) {
    this.commands = commands;
    this.deliveries = deliveries;
    this.executor = executor;
  }

  void mount(Router router) {
    router.get("/devices/:id/commands").handler(Requests.checked(this::list));
    router.post("/devices/:id/commands").handler(Requests.checked(this::send));
    router.get("/commands/:command").handler(Requests.checked(this::show));
    router.post("/commands/:command/cancel").handler(Requests.checked(this::cancel));
  }

  private void list(RoutingContext context) {
    DeviceId device = Requests.device(context);
    int limit = Requests.limit(context, DEFAULT_LIMIT, MAX_LIMIT);
    String after = Requests.parameter(context, "after");
    executor
        .executeBlocking(() -> commands.list(device, after == null ? END : after, limit + 1), false)
        .onSuccess(found -> Requests.answer(context, page(found, limit)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private static ObjectNode page(List<Command> found, int limit) {
    boolean more = found.size() > limit;
    List<Command> shown = more ? found.subList(0, limit) : found;
    ObjectNode page = JsonNodeFactory.instance.objectNode();
    ArrayNode list = page.putArray("commands");
    shown.forEach(command -> list.add(json(command)));
    return page.put("next", more ? shown.get(limit - 1).id() : null);
  }

  private void send(RoutingContext context) {
    DeviceId device = Requests.device(context);
    CommandOrder order = order(Requests.body(context));
    CompletableFuture<CommandOutcome> sent = request(context)
        .map(request -> commands.send(device, order, request))
        .orElseGet(() -> commands.send(device, order));
    Requests.whenKept(
        context, sent, outcome -> answer(context, outcome, command -> deliveries.look(device)));
  }

  private static Optional<CommandRequest> request(RoutingContext context) {
    String header = context.request().getHeader(OnceKey.HEADER);
    if (header == null) {
      return Optional.empty();
    }
    OnceKey key = OnceKey.of(header, context.normalizedPath());
    return Optional.of(
        new CommandRequest(key.id(), key.digest(context.body().buffer().getBytes())));
  }

  private static CommandOrder order(ObjectNode body) {
    StrictJson.checkMembers("body", body, MEMBERS);
    JsonNode payload = body.path(PAYLOAD);
    JsonNode seconds = body.path(VALID_FOR);
    if (!seconds.isMissingNode() && !(seconds.isIntegralNumber() && seconds.canConvertToInt())) {
      throw new IllegalArgumentException(
          VALID_FOR + ": " + Quoted.of(seconds.toString()) + " (expected: a whole number)");
    }
    return new CommandOrder(
        body.path(NAME).asText(""),
        payload.isMissingNode() || payload.isNull() ? null : payload,
        Duration.ofSeconds(seconds.asLong(DEFAULT_VALIDITY_SECONDS)));
  }

  private void show(RoutingContext context) {
    String id = id(context);
    OperatorScope scope = OperatorScope.of(context);
    executor
        .executeBlocking(() -> seen(id, scope), false)
        .onSuccess(found -> found.ifPresentOrElse(
            command -> Requests.answer(context, json(command)), () -> unknown(context)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private Optional<Command> seen(String id, OperatorScope scope) throws SQLException {
    return commands.find(id).filter(one -> scope.includesDevice(one.device().value()));
  }

  private void cancel(RoutingContext context) {
    OperatorScope scope = OperatorScope.of(context);
    if (scope.fleets().isEmpty()) {
      takeBack(context);
      return;
    }
    executor
        .executeBlocking(() -> seen(id(context), scope), false)
        .onSuccess(found -> found.ifPresentOrElse(one -> takeBack(context), () -> unknown(context)))
        .onFailure(problem -> QueryParameters.fail(context, problem));
  }

  private void takeBack(RoutingContext context) {
    Requests.whenKept(
        context,
        commands.cancel(id(context)),
        outcome -> answer(context, outcome, command -> deliveries.look(command.device())));
  }

  private static String id(RoutingContext context) {
    return context.pathParam("command").toLowerCase(Locale.ROOT);
  }

  private static void answer(
      RoutingContext context, CommandOutcome outcome, Consumer<Command> kept) {
    if (outcome instanceof CommandOutcome.Kept done) {
      kept.accept(done.command());
      Requests.answer(context, json(done.command()));
    } else if (outcome instanceof CommandOutcome.Conflict conflict) {
      context.fail(new HttpException(409, conflict.detail()));
    } else if (outcome instanceof CommandOutcome.Misused) {
      context.fail(new HttpException(
          422, OnceKey.HEADER + ": of another request (expected: a new one for a new request)"));
    } else if (outcome instanceof CommandOutcome.Refused refused) {
      context.fail(new HttpException(400, refused.detail()));
    } else if (outcome instanceof CommandOutcome.Unknown) {
      unknown(context);
    } else {
      throw new IllegalStateException("outcome " + outcome);
    }
  }

  private static void unknown(RoutingContext context) {
    context.fail(new HttpException(
        404, "command: " + Quoted.of(id(context)) + " (expected: one that is known here)"));
  }

  private static ObjectNode json(Command command) {
    ObjectNode json = JsonNodeFactory.instance
        .objectNode()
        .put("id", command.id())
        .put("device", command.device().value())
        .put(NAME, command.name());
    json.set(PAYLOAD, command.payload());
    json.put("state", lower(command.state()))
        .put("createdAt", command.createdAt().toString())
        .put("deadline", command.deadline().toString())
        .put("sentAt", text(command.sentAt()))
        .put("endedAt", text(command.endedAt()));
    json.set("result", result(command.result()));
    return json;
  }

  private static @Nullable ObjectNode result(Command.@Nullable Result result) {
    if (result == null) {
      return null;
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("status", lower(result.status()));
    json.set(PAYLOAD, result.payload());
    return json.put("detail", result.detail()).put("at", result.at().toString());
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static @Nullable String text(@Nullable Instant time) {
    return time == null ? null : time.toString();
  }
}
