/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.operator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.UserError;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.data.AdminToken;
import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.once.OnceKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Speaks to the operator API. Trusts one root and nothing else; blocks; may be used by several
 * threads.
 *
 * <p>Every method throws {@link UserError} with the server's own words if the server refuses, and
 * {@link NoAnswer}, one of them, if it cannot be reached or cannot answer now.
 */
public final class OperatorClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);
  /** A large manifest is work for a while. */
  private static final Duration UPLOAD_LIMIT = Duration.ofMinutes(5);
  /** RFC 6585, 4. */
  private static final int TOO_MANY_REQUESTS = 429;

  private final URI api;
  private final @Nullable AdminToken token;
  private final HttpClient http;

  /**
   * @throws UserError unless {@code server} is an https URL: a token does not travel in the clear
   */
  public OperatorClient(URI server, Path ca, Path tokenFile) {
    this(checked(server), trusting(ca, null), AdminToken.read(tokenFile));
  }

  /**
   * One that shows a certificate of role {@code operator}.
   *
   * @param directory as {@code certificates issue} writes it: {@code key.pem} and {@code chain.pem}
   */
  public static OperatorClient certified(URI server, Path ca, Path directory) {
    return new OperatorClient(checked(server), trusting(ca, ClientKey.read(directory)), null);
  }

  /** Before anything is read that is secret. */
  private static URI checked(URI server) {
    if (!"https".equals(server.getScheme()) || server.getHost() == null) {
      throw new UserError(
          "server: " + Quoted.of(server.toString()) + " (expected: https://HOST:PORT)");
    }
    return server;
  }

  private OperatorClient(URI server, SSLContext tls, @Nullable AdminToken token) {
    this.api = server.resolve("/api/v1/");
    this.token = token;
    this.http = HttpClient.newBuilder()
        .sslContext(tls)
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT_LIMIT)
        .build();
  }

  /** A client for the muster process that runs on a data directory of this machine. */
  public static OperatorClient local(Path data) {
    Endpoints endpoints = Endpoints.read(data);
    return new OperatorClient(
        endpoints.operatorUrl(), data.resolve("trust/root.pem"), data.resolve("admin-token"));
  }

  private static SSLContext trusting(Path ca, @Nullable KeyManager key) {
    try {
      return TrustedRoots.tls(PemFile.certificates(ca), key);
    } catch (UncheckedIOException | IllegalArgumentException e) {
      throw new UserError(
          ca + ": not readable (expected: the root certificate, PEM)", "it is DATA/trust/root.pem");
    }
  }

  /** @param path below {@code /api/v1/}, its variable parts made with {@link #segment} */
  public JsonNode get(String path) {
    return send(request(path).GET().build());
  }

  /** As {@link #get}; empty if the server has no such thing. */
  public Optional<JsonNode> find(String path) {
    HttpResponse<String> response = exchange(request(path).GET().build());
    if (response.statusCode() == HttpURLConnection.HTTP_NOT_FOUND) {
      return Optional.empty();
    }
    return Optional.of(read(response));
  }

  /** Sends a JSON body. */
  public JsonNode post(String path, JsonNode body) {
    return sendJson("POST", path, body);
  }

  /**
   * Sends a JSON body that makes something of which there is to be one, though its answer be lost:
   * it is asked for again then.
   */
  public JsonNode postOnce(String path, JsonNode body) {
    HttpRequest request = json("POST", path, body)
        .header(OnceKey.HEADER, UUID.randomUUID().toString())
        .build();
    try {
      return read(http.send(request, HttpResponse.BodyHandlers.ofString()));
    } catch (IOException e) {
      return send(request);
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Sends a JSON body to take the place of what there is. */
  public JsonNode put(String path, JsonNode body) {
    return sendJson("PUT", path, body);
  }

  /** Sends a JSON body to be merged into what there is. */
  public JsonNode patch(String path, JsonNode body) {
    return sendJson("PATCH", path, body);
  }

  /** Removes something. */
  public JsonNode delete(String path) {
    return send(request(path).DELETE().build());
  }

  /** Where the server's pages are. */
  public URI origin() {
    return api.resolve("/");
  }

  private JsonNode sendJson(String method, String path, JsonNode body) {
    return send(json(method, path, body).build());
  }

  private HttpRequest.Builder json(String method, String path, JsonNode body) {
    return request(path)
        .header("Content-Type", "application/json")
        .method(method, HttpRequest.BodyPublishers.ofString(body.toString()));
  }

  /** Sends a file of any type. */
  public JsonNode upload(String path, String contentType, byte[] body) {
    return send(request(path)
        .timeout(UPLOAD_LIMIT)
        .header("Content-Type", contentType)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build());
  }

  /**
   * Writes an answer of any size to a file, which is there when the answer was whole.
   *
   * @return how many bytes it has
   */
  public long download(String path, Path file) {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try {
      HttpResponse<InputStream> response =
          exchange(request(path).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        if (response.statusCode() / 100 != 2) {
          throw refused(
              response.statusCode(), new String(body.readAllBytes(), StandardCharsets.UTF_8));
        }
        long bytes = Files.copy(body, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        return bytes;
      }
    } catch (IOException e) {
      throw new UserError(
          file + ": not written (" + e.getMessage() + ")",
          "what came so far is in " + part + "; a shorter time or fewer devices make less");
    }
  }

  /** Makes a value safe as one segment of a path, or as the value of a query parameter. */
  public static String segment(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(api.resolve(path))
        .timeout(ANSWER_LIMIT)
        .header("Accept", "application/json");
    return token == null ? request : request.header("Authorization", token.authorizationHeader());
  }

  private JsonNode send(HttpRequest request) {
    return read(exchange(request));
  }

  private HttpResponse<String> exchange(HttpRequest request) {
    return exchange(request, HttpResponse.BodyHandlers.ofString());
  }

  private <T> HttpResponse<T> exchange(HttpRequest request, HttpResponse.BodyHandler<T> body) {
    try {
      return http.send(request, body);
    } catch (ConnectException e) {
      throw new NoAnswer(
          api + ": nobody answers", "is muster running? start it with: muster serve");
    } catch (SSLException e) {
      throw new UserError(
          api + ": not the server we trust (" + e.getMessage() + ")",
          "the CA file must be the server's own DATA/trust/root.pem, and its name must be in the server's hostNames");
    } catch (IOException e) {
      throw new NoAnswer(
          api + ": " + (e.getMessage() == null ? "the connection broke" : e.getMessage()));
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static UserError interrupted() {
    Thread.currentThread().interrupt();
    return new UserError("interrupted");
  }

  private static JsonNode read(HttpResponse<String> response) {
    if (response.statusCode() / 100 != 2) {
      throw refused(response.statusCode(), response.body());
    }
    return parse(response.body());
  }

  private static UserError refused(int status, String body) {
    String detail = "";
    try {
      JsonNode problem = JSON.readTree(body);
      detail = problem == null
          ? ""
          : problem.path("detail").asText(problem.path("title").asText(""));
    } catch (JsonProcessingException e) {
      // The status says enough.
    }
    String told = detail.isEmpty() ? "the server answered with status " + status : detail;
    boolean later = status >= HttpURLConnection.HTTP_INTERNAL_ERROR || status == TOO_MANY_REQUESTS;
    return later ? new NoAnswer(told) : new UserError(told);
  }

  private static JsonNode parse(String body) {
    try {
      return body.isEmpty() ? JSON.createObjectNode() : JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new UserError("the server's answer is no JSON (expected: the operator API of muster)");
    }
  }
}
