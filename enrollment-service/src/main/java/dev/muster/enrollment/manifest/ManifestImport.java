/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.ManifestRecord;
import dev.muster.enrollment.inventory.Manifests;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.inventory.ManufacturerCa;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.registrar.Registrar;
import dev.muster.protocol.identity.DeviceId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes manifests in, some hundred rows in a transaction, so that devices can enroll in between.
 * Unsound rows are told and left out. Doing it again changes nothing, and completes what was broken
 * off; a manifest is on record from the transaction of its last rows on.
 *
 * <p>Thread-safe; every call blocks.
 */
public final class ManifestImport {
  private static final Logger LOG = LoggerFactory.getLogger(ManifestImport.class);
  private static final int BATCH = 500;
  /** Nobody reads more, and the answer must not outgrow the question. */
  private static final int MAX_PROBLEMS = 1_000;

  private static final String PEM_BEGIN = "-----BEGIN ";

  private static final ManifestRows UNTAKEN = new ManifestRows() {
    @Override
    public void entry(int row, ManifestEntry entry) {
      // Its turn comes.
    }

    @Override
    public void problem(int row, String reason) {
      // It is told when it is read again.
    }
  };

  private final Registry registry;
  private final Clock clock;
  private final Predicate<String> reserved;
  private final StationDoubts doubts;

  /**
   * @param reserved device ids that nobody may have
   * @param doubts about stations that sign manifests
   */
  public ManifestImport(
      Registry registry, Clock clock, Predicate<String> reserved, StationDoubts doubts) {
    this.registry = registry;
    this.clock = clock;
    this.reserved = reserved;
    this.doubts = doubts;
  }

  /** Who knows what manufacturers have taken back. */
  @FunctionalInterface
  public interface StationDoubts {
    /**
     * @param path from a station's certificate to the one that {@code ca} has issued
     * @return what is against it; empty if nothing is
     */
    Optional<String> about(List<X509Certificate> path, X509Certificate ca);
  }

  /** A row that was not taken. @param row counted from 1; in CSV that is the header */
  public record Problem(int row, String reason) {}

  /**
   * What came of it.
   *
   * @param added how many rows told something new: a device, or the key of one announced before
   * @param refused how many rows were not taken; {@code problems} tells of the first of them
   * @param signer null if it was not signed
   */
  public record Result(
      int added,
      int unchanged,
      int refused,
      List<Problem> problems,
      @Nullable String signer) {
    public Result {
      problems = List.copyOf(problems);
    }
  }

  /**
   * Takes a manifest in: CSV, JSON, or either of them signed; its first byte tells.
   *
   * @throws IllegalArgumentException if nothing of it can be used; worded for the operator
   */
  public Result take(Manufacturer manufacturer, byte[] manifest, Actor by) {
    Content content = content(manufacturer, manifest);
    requireUtf8(content.bytes);
    String sha256 = sha256(manifest);
    Taking taking = new Taking(manufacturer, content.signer);
    read(content.bytes, taking);
    Result result = registry.commit(tables -> {
      // For the fleets that it may be the first to name.
      tables.manufacturers().changing();
      taking.flush(tables.manifests());
      Result taken = taking.result();
      record(tables, manufacturer, sha256, taken, by);
      return taken;
    });
    LOG.info(
        "Manifest imported manufacturer={} added={} unchanged={} refused={} signer=\"{}\" sha256={}",
        manufacturer.name(),
        result.added,
        result.unchanged,
        result.refused,
        content.signer,
        sha256);
    return result;
  }

  private void record(
      Registry.Tables tables, Manufacturer manufacturer, String sha256, Result taken, Actor by) {
    Instant now = clock.instant();
    tables
        .manifests()
        .record(new ManifestRecord(
            manufacturer.name(), sha256, taken.signer, taken.added, taken.refused, now));
    tables
        .audit()
        .append(
            AuditEvent.of(by, "manifest.imported", "manufacturer:" + manufacturer.name())
                .with("sha256", sha256)
                .with("signer", taken.signer)
                .with("added", taken.added)
                .with("unchanged", taken.unchanged)
                .with("refused", taken.refused),
            now);
  }

  private record Content(byte[] bytes, @Nullable String signer) {}

  private Content content(Manufacturer manufacturer, byte[] manifest) {
    if (manifest.length == 0 || manifest[0] != 0x30 && !isPem(manifest)) {
      return new Content(manifest, null);
    }
    byte[] der = isPem(manifest) ? unarmored(manifest) : manifest;
    SignedManifest opened =
        SignedManifest.open(der, trusted(manufacturer), doubts, clock.instant());
    if (opened instanceof SignedManifest.Genuine genuine) {
      return new Content(genuine.content(), genuine.signer());
    }
    String reason = ((SignedManifest.Refused) opened).reason();
    LOG.warn("Manifest refused manufacturer={} reason=\"{}\"", manufacturer.name(), reason);
    throw new IllegalArgumentException(reason);
  }

  /** Whoever lets nobody in announces nobody either. */
  private static List<X509Certificate> trusted(Manufacturer manufacturer) {
    return manufacturer.distrust() != null
        ? List.of()
        : manufacturer.cas().stream()
            .filter(ca -> ca.isProven() && ca.distrust() == null)
            .map(ManufacturerCa::certificate)
            .toList();
  }

  private static boolean isPem(byte[] manifest) {
    byte[] begin = PEM_BEGIN.getBytes(StandardCharsets.US_ASCII);
    return manifest.length > begin.length
        && new String(manifest, 0, begin.length, StandardCharsets.US_ASCII).equals(PEM_BEGIN);
  }

  private static byte[] unarmored(byte[] pem) {
    String text = new String(pem, StandardCharsets.US_ASCII);
    int begin = text.indexOf('\n');
    int end = text.indexOf("-----END ");
    if (begin < 0 || end < begin) {
      throw new IllegalArgumentException("signature: PEM without an end");
    }
    try {
      return Base64.getMimeDecoder().decode(text.substring(begin, end));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("signature: no base64 between its PEM lines", e);
    }
  }

  /** A malformed byte would become a question mark, and two serial numbers one. */
  private static void requireUtf8(byte[] text) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("manifest: not UTF-8", e);
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  private static void read(byte[] text, ManifestRows rows) {
    try (Reader reader =
        new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8)) {
      if (isJson(text)) {
        checkJson(text);
        ManifestJson.read(reader, rows);
      } else {
        ManifestCsv.read(reader, rows);
      }
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory that cannot be read", e);
    }
  }

  /** To its end, before anything of it is taken: what is refused has announced nobody. */
  private static void checkJson(byte[] text) throws IOException {
    try (Reader reader =
        new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8)) {
      ManifestJson.read(reader, UNTAKEN);
    }
  }

  private static boolean isJson(byte[] text) {
    for (byte b : text) {
      if (b != ' ' && b != '\n' && b != '\r' && b != '\t') {
        return b == '[' || b == '{';
      }
    }
    return false;
  }

  /** One manifest on its way into the registry, a batch of rows at a time. */
  private final class Taking implements ManifestRows {
    private final Manufacturer manufacturer;
    private final @Nullable String signer;
    private final Map<Integer, ManifestEntry> batch = new LinkedHashMap<>();
    private final List<Problem> problems = new ArrayList<>();
    private int added;
    private int unchanged;
    private int refused;

    Taking(Manufacturer manufacturer, @Nullable String signer) {
      this.manufacturer = manufacturer;
      this.signer = signer;
    }

    @Override
    public void entry(int row, ManifestEntry entry) {
      if (batch.size() == BATCH) {
        registry.commit(tables -> {
          flush(tables.manifests());
          return row;
        });
      }
      batch.put(row, entry);
    }

    @Override
    public void problem(int row, String reason) {
      refused++;
      if (problems.size() < MAX_PROBLEMS) {
        problems.add(new Problem(row, reason));
      }
    }

    /** Checks the batch against what is there, and against itself, and writes what is new. */
    void flush(Manifests manifests) {
      Map<String, ManifestEntry> known = new HashMap<>(manifests.announced(
          manufacturer.name(),
          batch.values().stream().map(ManifestEntry::serial).toList()));
      Set<String> taken = manifests.takenByOthers(manufacturer.name(), names());
      Map<String, String> given = new HashMap<>();
      List<ManifestEntry> fresh = new ArrayList<>();
      List<ManifestEntry> keyed = new ArrayList<>();
      batch.forEach((row, entry) -> {
        @Nullable ManifestEntry before = known.get(entry.serial());
        @Nullable String obstacle = before == null ? obstacle(entry, taken, given) : null;
        if (obstacle != null) {
          problem(row, obstacle);
        } else if (before == null) {
          known.put(entry.serial(), entry);
          fresh.add(entry);
        } else if (!before.saysTheSame(entry)) {
          problem(row, "serial: announced before, with other particulars");
        } else if (entry.key() == null || entry.key().equals(before.key())) {
          unchanged++;
        } else if (before.key() == null) {
          known.put(entry.serial(), entry);
          keyed.add(entry);
        } else {
          problem(row, "key: announced before, with another key");
        }
      });
      manifests.announce(manufacturer.name(), fresh, clock.instant());
      manifests.addKeys(manufacturer.name(), keyed);
      added += fresh.size() + keyed.size();
      batch.clear();
    }

    private Map<String, String> names() {
      Map<String, String> names = new HashMap<>();
      batch
          .values()
          .forEach(entry -> id(entry).ifPresent(id -> names.put(id.value(), entry.serial())));
      return names;
    }

    private @Nullable String obstacle(
        ManifestEntry entry, Set<String> taken, Map<String, String> given) {
      Optional<DeviceId> id = id(entry);
      if (id.isEmpty()) {
        return "serial: too long for a device id together with the manufacturer's name";
      }
      String name = id.get().value();
      if (reserved.test(name)
          || taken.contains(name)
          || given.putIfAbsent(name, entry.serial()) != null) {
        return "device: \"" + name + "\" belongs to another";
      }
      return null;
    }

    private Optional<DeviceId> id(ManifestEntry entry) {
      return Registrar.deviceId(manufacturer, entry.serial(), Optional.of(entry));
    }

    Result result() {
      return new Result(added, unchanged, refused, problems, signer);
    }
  }
}
