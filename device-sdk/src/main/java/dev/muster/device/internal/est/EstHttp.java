/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.ServerProtocolException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.tls.HardenedSockets;
import dev.muster.device.internal.tls.TlsFailure;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.est.CertificateId;
import dev.muster.protocol.est.EstBase64;
import dev.muster.protocol.est.EstMediaType;
import dev.muster.protocol.est.EstOperation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Authenticator;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Locale;
import java.util.stream.Stream;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;

/**
 * HTTP as EST uses it. Stands on {@link HttpsURLConnection}, which needs no thread of its own;
 * everything that class takes from statics of the program around us is set here.
 */
final class EstHttp implements EstChannel {
  /** A chain of four with generous extensions is 8 kB. */
  private static final int MAX_BODY_BYTES = 256 * 1024;

  private static final Duration MAX_CONNECT = Duration.ofSeconds(10);

  /** Of this name, Java writes the headers of requests into the program's log from FINE on. */
  private static final String JAVAS_OWN_LOG = "sun.net.www.protocol.http.HttpURLConnection";

  private final URI base;
  private final HardenedSockets sockets;
  private final @Nullable ClaimToken claim;
  private final Duration limit;
  private final DeviceClock clock;

  EstHttp(
      URI base,
      TlsIdentity identity,
      @Nullable ClaimToken claim,
      Duration limit,
      DeviceClock clock) {
    this.base = base;
    this.sockets = new HardenedSockets(identity);
    this.claim = claim;
    this.limit = limit;
    this.clock = clock;
  }

  @Override
  public byte[] get(EstOperation operation) throws EnrollmentException {
    return decoded(operation, call(operation, "", null).body());
  }

  @Override
  public byte[] post(EstOperation operation, byte[] request) throws EnrollmentException {
    return decoded(operation, call(operation, "", EstBase64.encode(request)).body());
  }

  @Override
  public @Nullable RenewalAdvice renewalInfo(CertificateId certificate) throws EnrollmentException {
    Answer answer = call(EstOperation.RENEWAL_INFO, "/" + certificate, null);
    try {
      return answer.body().length == 0
          ? null
          : RenewalAdvice.parse(
              answer.body(),
              EstAnswers.retryAfter(answer.retryAfter(), clock.instant(), Duration.ofDays(1)));
    } catch (IllegalArgumentException e) {
      throw new ServerProtocolException(
          "the server's answer to renewal-info cannot be read: " + e.getMessage(), e);
    }
  }

  private static byte[] decoded(EstOperation operation, byte[] body)
      throws ServerProtocolException {
    if (body.length == 0 && operation == EstOperation.CSR_ATTRS) {
      return body;
    }
    try {
      return EstBase64.decode(body);
    } catch (IllegalArgumentException e) {
      throw new ServerProtocolException(
          "the server's answer to " + operation.segment() + " is not base64 (RFC 8951, 3.1)", e);
    }
  }

  @Override
  public void hangUp() {
    // Each call has a connection of its own.
  }

  @Override
  public void abort() {
    sockets.cut();
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Answer(byte[] body, @Nullable String retryAfter) {}

  private Answer call(EstOperation operation, String argument, byte @Nullable [] body)
      throws EnrollmentException {
    long deadline = System.nanoTime() + limit.toNanos();
    HttpsURLConnection connection = null;
    try {
      connection = open(path(operation) + argument);
      connection.setRequestMethod(operation.method());
      if (operation == EstOperation.SIMPLE_ENROLL && claim != null) {
        show(claim, connection);
      }
      if (body != null) {
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", EstMediaType.PKCS10);
        connection.setRequestProperty("Content-Transfer-Encoding", "base64");
        connection.getOutputStream().write(body);
      }
      byte[] answer = read(connection, operation, deadline);
      return new Answer(answer, connection.getHeaderField("Retry-After"));
    } catch (IOException e) {
      throw translate(e);
    } finally {
      if (connection != null) {
        connection.disconnect();
      }
    }
  }

  /**
   * Unasked for: all that is said goes to a server that TLS has authenticated by then, and to no
   * other, since redirects are not followed.
   */
  private static void show(ClaimToken claim, HttpsURLConnection connection)
      throws EnrollmentRefusedException {
    if (System.getLogger(JAVAS_OWN_LOG).isLoggable(System.Logger.Level.DEBUG)) {
      throw new EnrollmentRefusedException(
          "the claim token is not sent while Java would log it (expected: the logger "
              + JAVAS_OWN_LOG + " above FINE)",
          null);
    }
    connection.setRequestProperty("Authorization", claim.authorization());
  }

  private HttpsURLConnection open(String path) throws IOException {
    sockets.checkNotCut();
    URL url = base.resolve(path).toURL();
    HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
    connection.setSSLSocketFactory(sockets);
    // The sockets check the name; whatever they let pass that HTTP would not, is refused as well.
    connection.setHostnameVerifier((host, session) -> false);
    // Neither the program's passwords nor redirects (RFC 7030, 3.2.1) have been asked of us.
    connection.setAuthenticator(new Authenticator() {});
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setConnectTimeout((int) Math.min(limit.toMillis(), MAX_CONNECT.toMillis()));
    connection.setReadTimeout((int) limit.toMillis());
    connection.setRequestProperty("Accept", "*/*");
    // A few requests a day are not worth a connection kept open, nor the thread that closes it.
    connection.setRequestProperty("Connection", "close");
    return connection;
  }

  private String path(EstOperation operation) {
    String prefix = base.getRawPath();
    if (prefix == null || prefix.isEmpty() || prefix.equals("/")) {
      return operation.path();
    }
    return (prefix.endsWith("/") ? prefix : prefix + "/") + operation.segment();
  }

  private byte[] read(HttpsURLConnection connection, EstOperation operation, long deadline)
      throws IOException, EnrollmentException {
    connection.connect();
    // Before the answer: the connection is gone after one that has no body.
    Certificate[] server = connection.getServerCertificates();
    int status = connection.getResponseCode();
    // The server was authenticated by TLS; so is the time that it tells.
    long date = connection.getHeaderFieldDate("Date", 0);
    if (date > 0 && areValid(server, new Date(date))) {
      clock.learn(Instant.ofEpochMilli(date));
    }
    if (status == HttpsURLConnection.HTTP_OK) {
      String type = String.valueOf(connection.getContentType()).toLowerCase(Locale.ROOT);
      String expected = operation.responseType();
      if (!type.startsWith(expected.split(";")[0])) {
        throw new ServerProtocolException(
            "the server answered " + operation.segment() + " with " + EstAnswers.shown(type)
                + " (expected: " + expected + ")",
            null);
      }
      return readBody(connection.getInputStream(), deadline);
    }
    if (EstAnswers.isNothing(operation, status)) {
      return new byte[0];
    }
    String text = "";
    InputStream errors = status >= 400 ? connection.getErrorStream() : connection.getInputStream();
    if (errors != null) {
      text = EstAnswers.shown(new String(readBody(errors, deadline), StandardCharsets.UTF_8));
    }
    throw EstAnswers.toException(
        operation, status, text, connection.getHeaderField("Retry-After"), clock.instant());
  }

  /** Of a time at which it had no valid certificate, a server knows nothing. */
  private static boolean areValid(Certificate[] server, Date date) {
    return Stream.of(server)
        .allMatch(shown -> shown instanceof X509Certificate certificate
            && !date.before(certificate.getNotBefore())
            && !date.after(certificate.getNotAfter()));
  }

  private static byte[] readBody(InputStream in, long deadline)
      throws IOException, ServerProtocolException {
    try (in) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      byte[] buffer = new byte[4096];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        body.write(buffer, 0, n);
        if (body.size() > MAX_BODY_BYTES) {
          throw new ServerProtocolException(
              "the server's answer is larger than " + MAX_BODY_BYTES + " bytes", null);
        }
        if (System.nanoTime() - deadline > 0) {
          throw new IOException("the answer took too long");
        }
      }
      return body.toByteArray();
    }
  }

  private EnrollmentException translate(IOException failure) {
    String what = base.getAuthority() + ": " + TlsFailure.describe(failure);
    TlsFailure kind = TlsFailure.of(failure);
    if (kind == TlsFailure.WE_ARE_REFUSED || kind == TlsFailure.WE_ARE_EXPIRED) {
      return new EnrollmentRefusedException(
          "the enrollment server refuses the certificate of this device: " + what, failure);
    }
    String prefix = kind == TlsFailure.SERVER_IS_UNTRUSTED
        ? "the enrollment server is not trusted: "
        : "the enrollment server cannot be reached: ";
    return new EnrollmentUnavailableException(prefix + what, Duration.ZERO, failure);
  }
}
