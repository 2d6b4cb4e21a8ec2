/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.trust;

import dev.muster.protocol.file.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files that name the issuing CAs: one for each kind, with one certificate for each generation.
 * A line {@code # device-2} before a certificate is its id; without one, ids are counted in the
 * order of the file. A wrong id opens nothing: the CRL of that id would not be signed by its CA,
 * and without its CRL a CA's certificates are refused.
 *
 * <p>Owned by one thread at a time; blocks.
 */
public final class TrustFiles {
  private static final Pattern CERTIFICATE = Pattern.compile(
      "(?:^# *([a-z0-9-]+) *\\r?\\n)?-----BEGIN CERTIFICATE-----", Pattern.MULTILINE);

  private final Map<String, Path> files;
  private Map<String, String> read = Map.of();
  private @Nullable String problem;

  /** @param files by kind: {@code device}, {@code service} */
  public TrustFiles(Map<String, Path> files) {
    this.files = new TreeMap<>(files);
  }

  /**
   * What the files say now.
   *
   * @throws IllegalArgumentException naming the file, if it is missing or not as it should be
   * @throws UncheckedIOException naming the file, if it cannot be read
   */
  public IssuingAuthorities read() {
    Map<String, String> texts = new TreeMap<>();
    files.forEach((kind, file) -> texts.put(kind, text(file)));
    SortedMap<String, X509Certificate> authorities = new TreeMap<>();
    texts.forEach((kind, text) -> authorities.putAll(parse(kind, files.get(kind), text)));
    read = texts;
    return new IssuingAuthorities(authorities);
  }

  /**
   * What the files say, if that is something new. While they cannot be read, nothing is: what was
   * trusted stays so, and {@link #problem} tells.
   */
  public Optional<IssuingAuthorities> changed() {
    Map<String, String> before = read;
    try {
      IssuingAuthorities now = read();
      problem = null;
      return before.equals(read) ? Optional.empty() : Optional.of(now);
    } catch (IllegalArgumentException | UncheckedIOException e) {
      problem = String.valueOf(e.getMessage());
      return Optional.empty();
    }
  }

  /** Why the files are not followed at the moment; empty if they are. */
  public Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private static SortedMap<String, X509Certificate> parse(String kind, Path file, String text) {
    try {
      return parse(kind, text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  static SortedMap<String, X509Certificate> parse(String kind, String text) {
    List<X509Certificate> certificates = Pem.certificates(text);
    SortedMap<String, X509Certificate> authorities = new TreeMap<>();
    Matcher places = CERTIFICATE.matcher(text);
    for (int i = 0; i < certificates.size() && places.find(); i++) {
      String counted = i == 0 ? kind : kind + "-" + (i + 1);
      String id = places.group(1) == null ? counted : places.group(1);
      if (!id.matches(Pattern.quote(kind) + "(-[1-9][0-9]{0,5})?")) {
        throw new IllegalArgumentException(
            "id: \"" + id + "\" (expected: " + kind + ", " + kind + "-2 and so on)");
      }
      if (authorities.put(id, certificates.get(i)) != null) {
        throw new IllegalArgumentException(
            "id: \"" + id + "\" twice (expected: one certificate each)");
      }
    }
    return authorities;
  }

  private static String text(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read (" + e + ")", e);
    }
  }
}
