/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.hook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.enrollment.registrar.HookVerdict;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks over HTTP, a POST with a JSON object for each question. Thread-safe. */
public final class HttpEnrollmentHook implements EnrollmentHook {
  private static final Logger LOG = LoggerFactory.getLogger(HttpEnrollmentHook.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_ANSWER = 16 * 1024;
  private static final int MAX_REASON = 150;

  private final HookConfig config;
  private final HttpClient client;
  private final Semaphore open;
  private final MeterRegistry meters;

  /** @throws IllegalArgumentException if the file of the CA cannot be read; worded for a user */
  public HttpEnrollmentHook(HookConfig config, MeterRegistry meters) {
    this.config = config;
    this.meters = meters;
    this.open = new Semaphore(config.concurrency());
    HttpClient.Builder builder = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(config.timeout());
    Path ca = config.ca();
    if (ca != null) {
      builder.sslContext(trusting(ca));
    }
    this.client = builder.build();
    if (config.letInOnFailure()) {
      LOG.warn(
          "Hook not required: devices are let in while it does not answer url={}", config.url());
    }
  }

  private static SSLContext trusting(Path ca) {
    try {
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      int index = 0;
      for (X509Certificate certificate : PemFile.certificates(ca)) {
        anchors.setCertificateEntry("anchor-" + index++, certificate);
      }
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(anchors);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "hook: " + ca + " cannot be read (expected: CA certificates, PEM)", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public HookVerdict ask(HookQuestion question) {
    String outcome = "unavailable";
    try {
      HookVerdict verdict = verdict(answer(question));
      outcome = verdict.getClass().getSimpleName().toLowerCase(Locale.ROOT);
      return verdict;
    } catch (HookUnavailableException e) {
      if (!config.letInOnFailure()) {
        throw e;
      }
      LOG.warn("Hook passed over reason=\"{}\"", e.getMessage());
      return HookVerdict.INDIFFERENT;
    } finally {
      meters.counter("muster.hook.questions", "outcome", outcome).increment();
    }
  }

  private byte[] answer(HookQuestion question) {
    if (!open.tryAcquire()) {
      throw new HookUnavailableException(
          "hook: " + config.concurrency() + " questions are open already", null);
    }
    try {
      return send(question);
    } finally {
      open.release();
    }
  }

  /** The time limit covers the body, too, which the client's own does not. */
  private byte[] send(HookQuestion question) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    CompletableFuture<HttpResponse<Void>> answer = client.sendAsync(
        request(question),
        HttpResponse.BodyHandlers.ofByteArrayConsumer(
            part -> part.ifPresent(bytes -> append(body, bytes))));
    try {
      int status =
          answer.get(config.timeout().toMillis(), TimeUnit.MILLISECONDS).statusCode();
      if (status != 200) {
        throw new HookUnavailableException("hook: status " + status + " (expected: 200)", null);
      }
      return body.toByteArray();
    } catch (TimeoutException e) {
      throw new HookUnavailableException("hook: no answer in " + config.timeout(), e);
    } catch (ExecutionException e) {
      throw new HookUnavailableException("hook: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HookUnavailableException("hook: interrupted", e);
    } finally {
      answer.cancel(true); // One that was not to its end has its connection closed.
    }
  }

  private static void append(ByteArrayOutputStream body, byte[] bytes) {
    if (body.size() + bytes.length > MAX_ANSWER) {
      throw new IllegalStateException("an answer beyond " + MAX_ANSWER + " bytes");
    }
    body.writeBytes(bytes);
  }

  private HttpRequest request(HookQuestion question) {
    HttpRequest.Builder request = HttpRequest.newBuilder(config.url())
        .timeout(config.timeout())
        .header("Content-Type", "application/json")
        .header("Accept", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(json(question)));
    Path tokenFile = config.tokenFile();
    if (tokenFile != null) {
      // Read each time, so that it can be changed while we run.
      request.header("Authorization", "Bearer " + token(tokenFile));
    }
    return request.build();
  }

  private static String token(Path file) {
    try {
      String token = Files.readString(file, StandardCharsets.US_ASCII).strip();
      if (token.matches("[\\x21-\\x7e]{1,4096}")) {
        return token;
      }
    } catch (IOException e) {
      LOG.debug("Hook token cannot be read", e);
    }
    throw new HookUnavailableException("hook: " + file + " holds no token", null);
  }

  private static byte[] json(HookQuestion question) {
    ObjectNode json = JSON.createObjectNode()
        .put("manufacturer", question.manufacturer())
        .put("serial", question.serial())
        .put("known", question.known())
        .put("from", question.from());
    if (question.idevid() != null) {
      json.put("idevid", question.idevid().hex());
    }
    if (question.proposed() != null) {
      json.put("device", question.proposed().device().value());
      json.put("fleet", question.proposed().fleet().value());
    }
    if (question.label() != null) {
      json.put("label", question.label().value());
    }
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static HookVerdict verdict(byte[] answer) {
    try {
      @Nullable JsonNode json = JSON.readTree(answer);
      if (json != null && json.isObject()) {
        return verdict(json);
      }
      throw new HookUnavailableException("hook: no JSON object", null);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new HookUnavailableException("hook: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HookVerdict verdict(JsonNode json) {
    String decision = String.valueOf(text(json, "decision"));
    return switch (decision) {
      case "allow" -> {
        @Nullable String fleet = text(json, "fleet");
        @Nullable String device = text(json, "device");
        yield new HookVerdict.Allow(
            fleet == null ? null : new FleetName(fleet),
            device == null ? null : new DeviceId(device));
      }
      case "refuse" -> new HookVerdict.Refuse(reason(json));
      case "defer" -> new HookVerdict.Defer(reason(json));
      default ->
        throw new IllegalArgumentException(
            "decision: " + Quoted.of(decision) + " (expected: allow, refuse or defer)");
    };
  }

  /** It goes into logs and answers, so that it must not steer either. */
  private static String reason(JsonNode json) {
    @Nullable String reason = text(json, "reason");
    if (reason == null) {
      return "no reason given";
    }
    String printable = reason.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() > MAX_REASON ? printable.substring(0, MAX_REASON) : printable;
  }

  private static @Nullable String text(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw new IllegalArgumentException(name + ": expected a text");
    }
    return value.textValue();
  }
}
