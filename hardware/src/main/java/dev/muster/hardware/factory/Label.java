/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import com.google.zxing.WriterException;
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel;
import com.google.zxing.qrcode.encoder.ByteMatrix;
import com.google.zxing.qrcode.encoder.Encoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is stuck on a device: a QR code (ISO/IEC 18004) of serial number, model and key, and the
 * same for people. No secret is in it.
 */
final class Label {
  /** Free of ink around the code, in modules (ISO/IEC 18004, 5.3.8). */
  private static final int QUIET = 4;

  /** Of text, with the space to the next. */
  private static final int LINE = 4;

  private static final int SHORT_FINGERPRINT = 16;

  private final String serial;
  private final @Nullable String model;
  private final String fingerprint;

  Label(String serial, @Nullable String model, PublicKey key) {
    this.serial = serial;
    this.model = model;
    this.fingerprint = fingerprint(key);
  }

  /** SHA-256 of the SubjectPublicKeyInfo, as the enrollment service shows it. */
  static String fingerprint(PublicKey key) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is missing from this Java runtime", e);
    }
  }

  /** What a scanner reads. */
  String text() {
    return "muster:device?serial=" + serial
        + (model == null ? "" : "&model=" + encoded(model))
        + "&key=" + fingerprint;
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
  }

  String svg() {
    ByteMatrix code = code();
    List<String> lines = new ArrayList<>(List.of(serial));
    if (model != null) {
      lines.add(model);
    }
    lines.add(inGroups(fingerprint.substring(0, SHORT_FINGERPRINT)));
    int width = code.getWidth() + 2 * QUIET;
    int height = width + lines.size() * LINE + 1;
    StringBuilder svg = new StringBuilder(
        String.format(Locale.ROOT, """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%3$dmm">
        <title>%4$s</title>
        <rect width="%1$d" height="%2$d" fill="#fff"/>
        <path shape-rendering="crispEdges" d="%5$s"/>
        <g font-family="monospace" font-size="3" text-anchor="middle">
        """, width, height, width / 2, escaped(serial), path(code)));
    for (int i = 0; i < lines.size(); i++) {
      line(svg, width, width + i * LINE + LINE - 1, lines.get(i));
    }
    return svg.append("</g>\n</svg>\n").toString();
  }

  private ByteMatrix code() {
    try {
      return Encoder.encode(text(), ErrorCorrectionLevel.M).getMatrix();
    } catch (WriterException e) {
      throw new IllegalStateException("serial number and model fit into every code", e);
    }
  }

  /** A rectangle for each run of dark modules in a row. */
  private static String path(ByteMatrix code) {
    StringBuilder path = new StringBuilder();
    for (int y = 0; y < code.getHeight(); y++) {
      for (int x = 0; x < code.getWidth(); x++) {
        int start = x;
        while (x < code.getWidth() && code.get(x, y) == 1) {
          x++;
        }
        if (x > start) {
          int run = x - start;
          path.append('M').append(start + QUIET).append(' ').append(y + QUIET);
          path.append('h').append(run).append("v1h-").append(run).append('z');
        }
      }
    }
    return path.toString();
  }

  private static void line(StringBuilder svg, int width, int y, String text) {
    svg.append("<text x=\"")
        .append(width / 2.0)
        .append("\" y=\"")
        .append(y)
        .append("\" textLength=\"")
        .append(Math.min(width - 2 * QUIET, 2 * text.length()))
        .append("\" lengthAdjust=\"spacingAndGlyphs\">")
        .append(escaped(text))
        .append("</text>\n");
  }

  private static String inGroups(String hex) {
    return hex.replaceAll("(.{4})(?=.)", "$1 ");
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
