/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks an HTTP/1.1 server for something.
 *
 * @param letIn the statuses that only whoever is let in gets to see, besides all of 2xx
 */
record HttpWords(String request, List<Integer> letIn) implements Visitor.Words {
  private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] (\\d{3})( .*)?");
  private static final int LONGEST_LINE = 200;

  static HttpWords get(String path, String... headers) {
    return new HttpWords("GET " + path + " HTTP/1.1\r\n" + lines(headers) + "\r\n", List.of());
  }

  static HttpWords post(String path, String type, String body, List<Integer> letIn) {
    String headers = lines("Content-Type: " + type, "Content-Length: " + body.length());
    return new HttpWords("POST " + path + " HTTP/1.1\r\n" + headers + "\r\n" + body, letIn);
  }

  private static String lines(String... headers) {
    StringBuilder lines = new StringBuilder("Host: localhost\r\nConnection: close\r\n");
    for (String header : headers) {
      lines.append(header).append("\r\n");
    }
    return lines.toString();
  }

  @Override
  public Attempt say(Socket socket) throws IOException {
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    Matcher line = STATUS_LINE.matcher(firstLine(socket.getInputStream()));
    return line.matches()
        ? meaning(Integer.parseInt(line.group(1)))
        : Attempt.unknown("an answer that is not HTTP");
  }

  private static String firstLine(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\r' && line.length() < LONGEST_LINE; c = in.read()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private Attempt meaning(int status) {
    String how = "status " + status;
    if (status / 100 == 2 || letIn.contains(status)) {
      return Attempt.letIn(how);
    }
    return status == 401 || status == 403
        ? Attempt.turnedAway(how)
        : Attempt.unknown(how + " (expected: 401 or 403)");
  }
}
