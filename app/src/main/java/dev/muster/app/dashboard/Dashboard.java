/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.dashboard;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/**
 * One page and its scripts. They are the same for everybody and tell nothing: what they show comes
 * from the API, which knows who asks.
 *
 * <p>All of it is read and compressed at the start. Scripts live below the hash of them all, so
 * that browsers may keep them for good and never mix those of two versions.
 */
public final class Dashboard {
  private static final String HERE = "/dev/muster/app/dashboard/";
  private static final String CHARTS = "lib/chart.js";
  private static final String INDEX = "index.html";
  private static final String VERSION_MARK = "VERSION";

  /** Our own files; a test compares the list with the folder. */
  static final List<String> FILES = List.of(
      "access.js",
      "api.js",
      "audit.js",
      "bulk.js",
      "came.js",
      "certificates.js",
      "chart.js",
      "device.js",
      "devicechart.js",
      "devices.js",
      "diff.js",
      "enrollment.js",
      "explore.js",
      "health.js",
      "icon.svg",
      "keys.js",
      "letters.js",
      "main.js",
      "overview.js",
      "policy.js",
      "router.js",
      "sign-in.js",
      "style.css",
      "tail.js",
      "ui.js",
      "views.js",
      "words.js");

  /** Of these, too, none for nothing. */
  static final List<String> LIT = List.of(
      "async-directive.js",
      "directive-helpers.js",
      "directive.js",
      "lit-html.js",
      "directives/ref.js",
      "directives/repeat.js");

  /** What the scripts make of them is their business: to the server they are one page. */
  private static final List<String> PAGES = List.of(
      "/",
      "/access",
      "/audit",
      "/bulk",
      "/bulk/:id",
      "/certificates",
      "/dead-letters",
      "/devices",
      "/devices/:id",
      "/enrollment",
      "/health",
      "/policy",
      "/setup",
      "/sign-in",
      "/telemetry");

  private record Asset(String type, Buffer plain, Buffer zipped) {}

  private final Map<String, Asset> assets;
  private final Asset index;
  private final String version;

  private Dashboard(Map<String, byte[]> contents) {
    version = hash(contents);
    assets = new TreeMap<>();
    contents.forEach((name, content) -> assets.put(name, asset(name, content)));
    String page = new String(read(HERE + INDEX), StandardCharsets.UTF_8);
    index = asset(INDEX, page.replace(VERSION_MARK, version).getBytes(StandardCharsets.UTF_8));
  }

  /** Reads everything; blocks shortly. */
  public static Dashboard load() {
    Map<String, byte[]> contents = new TreeMap<>();
    FILES.forEach(name -> contents.put("app/" + name, read(HERE + name)));
    String lit = "/META-INF/resources/_static/lit-html/" + versionOf("org.mvnpm", "lit-html") + "/";
    LIT.forEach(name -> contents.put("lib/lit-html/" + name, read(lit + name)));
    contents.put(
        CHARTS,
        read("/META-INF/resources/webjars/chart.js/" + versionOf("org.webjars.npm", "chart.js")
            + "/dist/chart.umd.min.js"));
    return new Dashboard(contents);
  }

  /** Their places hold their versions, and only the build knows those. */
  private static String versionOf(String group, String artifact) {
    Properties properties = new Properties();
    String file = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
    try (InputStream in = open(file)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }

  private static byte[] read(String resource) {
    try (InputStream in = open(resource)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String resource) {
    InputStream in = Dashboard.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IllegalStateException("not on the class path: " + resource);
    }
    return in;
  }

  private static String hash(Map<String, byte[]> contents) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      contents.forEach((name, content) -> {
        digest.update(name.getBytes(StandardCharsets.UTF_8));
        digest.update(content);
      });
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  private static Asset asset(String name, byte[] content) {
    return new Asset(type(name), Buffer.buffer(content), Buffer.buffer(zip(content)));
  }

  private static String type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> "text/javascript; charset=utf-8";
    };
  }

  private static byte[] zip(byte[] content) {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return zipped.toByteArray();
  }

  /** What a browser loads before it shows anything: all but the charts, compressed. */
  int bytesOfFirstLoad() {
    return index.zipped().length()
        + assets.entrySet().stream()
            .filter(entry -> !entry.getKey().equals(CHARTS))
            .mapToInt(entry -> entry.getValue().zipped().length())
            .sum();
  }

  /** Adds the pages and what they load. */
  public void mount(Router root) {
    PAGES.forEach(page -> root.get(page).handler(ctx -> send(ctx, index)));
    assets.forEach((name, asset) -> root.get("/assets/" + version + "/" + name).handler(ctx -> {
      ctx.response().putHeader("Cache-Control", "public, max-age=31536000, immutable");
      send(ctx, asset);
    }));
  }

  private static void send(RoutingContext ctx, Asset asset) {
    String accepted = ctx.request().getHeader("Accept-Encoding");
    boolean zipped = accepted != null && accepted.contains("gzip");
    ctx.response().putHeader("Content-Type", asset.type()).putHeader("Vary", "Accept-Encoding");
    if (zipped) {
      ctx.response().putHeader("Content-Encoding", "gzip");
    }
    ctx.response().end(zipped ? asset.zipped() : asset.plain());
  }
}
