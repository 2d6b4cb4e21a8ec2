/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.UserError;
import dev.muster.app.config.MusterConfig;
import dev.muster.broker.DefaultPolicy;
import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.DamagedFileException;
import dev.muster.enrollment.authority.ServiceCertificates;
import dev.muster.enrollment.authority.TokenException;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything an installation keeps, under one directory.
 *
 * <p>Made once. {@code layout.json} is written last, so that a directory without it is one whose
 * making was cut short: it is refused, never completed or made anew, because half of it may already
 * be known to somebody.
 */
public final class DataDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(DataDirectory.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What an operator may put there before the first start. */
  private static final Set<String> BROUGHT_ALONG = Set.of("muster.yaml", "policy.yaml");

  private static final String LAYOUT = "layout.json";

  private final Path path;
  private final CertificateAuthorities authorities;
  private final ServiceCertificates services;

  private DataDirectory(
      Path path, CertificateAuthorities authorities, ServiceCertificates services) {
    this.path = path;
    this.authorities = authorities;
    this.services = services;
  }

  /**
   * @param root SHA-256 of the root certificate
   * @param databases directories in which a service has made its database; from then on a missing
   *     one is damage
   */
  private record Layout(int layout, String root, SortedSet<String> databases) {}

  /** Whether this directory was completely made. */
  public static boolean isMade(Path path) {
    return Files.exists(path.resolve(LAYOUT));
  }

  /**
   * Opens the directory; makes it first where there is nothing.
   *
   * @throws UserError naming the file and what to do, if it is damaged, half-written, or cannot be
   *     written
   */
  public static DataDirectory openOrCreate(Path path, MusterConfig config, Clock clock) {
    try {
      if (!isMade(path)) {
        create(path, config, clock);
      }
      return open(path, config);
    } catch (DamagedFileException e) {
      boolean service = e.file().startsWith(path.resolve("services"));
      throw new UserError(
          e.getMessage(), service ? "or: muster init --reissue-services --data " + path : null);
    } catch (TokenException e) {
      throw new UserError(e.getMessage(), e.remedy());
    } catch (AccessDeniedException e) {
      throw new UserError(
          "data directory: " + path + " cannot be written (" + e.getMessage() + ")",
          "choose another with --data");
    } catch (IOException | UncheckedIOException e) {
      throw new UserError(
          "data directory: " + path + ": " + e.getMessage(), "is the disk full or read-only?");
    }
  }

  private static void create(Path path, MusterConfig config, Clock clock) throws IOException {
    refuseForeignContent(path);
    Files.createDirectories(path);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
    CaConfig ca = config.enrollment().ca();
    CertificateAuthorities.create(path.resolve("ca"), ca, clock);
    CertificateAuthorities authorities = CertificateAuthorities.open(path.resolve("ca"), ca);
    Path trust = Files.createDirectories(path.resolve("trust"));
    new TrustDirectory(trust, authorities).update();
    services(path, authorities, config).issueAll(clock);
    AdminToken.create(path.resolve("admin-token"));
    writeUnlessThere(path.resolve("muster.yaml"), MusterConfig.commentedYaml());
    writeUnlessThere(path.resolve("policy.yaml"), DefaultPolicy.yaml());
    Layout layout =
        new Layout(1, CertificateFacts.fingerprint(authorities.root()), new TreeSet<>());
    writeLayout(path, layout);
    LOG.info("Data directory made path={} root={}", path, layout.root());
  }

  /**
   * Issues the certificates of our own services anew; nobody but them depends on their keys.
   *
   * @throws UserError if the CA is damaged, too
   */
  public static void reissueServices(Path path, MusterConfig config, Clock clock) {
    try {
      CertificateAuthorities authorities =
          CertificateAuthorities.open(path.resolve("ca"), config.enrollment().ca());
      services(path, authorities, config).issueAll(clock);
      LOG.warn("Service certificates issued anew path={}", path.resolve("services"));
    } catch (TokenException e) {
      throw new UserError(e.getMessage(), e.remedy());
    } catch (DamagedFileException | UncheckedIOException e) {
      throw new UserError(String.valueOf(e.getMessage()));
    }
  }

  private static ServiceCertificates services(
      Path path, CertificateAuthorities authorities, MusterConfig config) {
    return new ServiceCertificates(
        path.resolve("services"),
        authorities,
        config.hostNames(),
        config.enrollment().serviceCertificateValidity());
  }

  private static void refuseForeignContent(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    if (!Files.isDirectory(path)) {
      throw new UserError(
          "data directory: " + path + " is a file (expected: a directory, or nothing yet)");
    }
    try (Stream<Path> entries = Files.list(path)) {
      Set<String> strangers = entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> !BROUGHT_ALONG.contains(name))
          .collect(Collectors.toCollection(TreeSet::new));
      if (!strangers.isEmpty()) {
        throw new UserError(
            "data directory: " + path + " holds " + strangers + " but no " + LAYOUT
                + " (expected: empty, or completely made)",
            "a first start was cut short, or this is some other directory: "
                + "remove its content if nothing was enrolled yet, restore a backup, or choose another with --data");
      }
    }
  }

  private static void writeUnlessThere(Path file, String content) throws IOException {
    if (!Files.exists(file)) {
      DurableFiles.write(file, content);
    }
  }

  private static DataDirectory open(Path path, MusterConfig config) throws IOException {
    CertificateAuthorities authorities =
        CertificateAuthorities.open(path.resolve("ca"), config.enrollment().ca());
    Layout layout = readLayout(path.resolve(LAYOUT));
    if (authorities.everKnown().stream()
        .map(CertificateFacts::fingerprint)
        .noneMatch(layout.root()::equals)) {
      throw damaged(
          path.resolve("ca"),
          "belongs to another installation than " + LAYOUT,
          "restore both from one backup");
    }
    TrustDirectory trust = new TrustDirectory(path.resolve("trust"), authorities);
    trust.check();
    trust.update();
    authorities.onChange(trust::update);
    AdminToken.read(path.resolve("admin-token"));
    expectPrivate(path);
    for (String file : List.of("muster.yaml", "policy.yaml")) {
      if (!Files.isRegularFile(path.resolve(file))) {
        throw damaged(path.resolve(file), "missing", "restore it from a backup");
      }
    }
    ServiceCertificates services = services(path, authorities, config);
    services.recover();
    for (ServiceCertificates.Service service : ServiceCertificates.Service.values()) {
      services.read(service);
    }
    return new DataDirectory(path, authorities, services);
  }

  private static void writeLayout(Path path, Layout layout) throws IOException {
    DurableFiles.write(path.resolve(LAYOUT), JSON.writeValueAsString(layout) + "\n");
  }

  /**
   * Notices that a database which was there is gone: a service would take that for its first start.
   *
   * @throws UserError naming the directory
   */
  public void expectDatabase(String directory) {
    if (readLayout(path.resolve(LAYOUT)).databases().contains(directory)
        && !hasDatabase(directory)) {
      throw damaged(path.resolve(directory), "the database is gone", "restore it from a backup");
    }
  }

  /** Notes that a service has made its database. */
  public void rememberDatabase(String directory) {
    try {
      Layout layout = readLayout(path.resolve(LAYOUT));
      if (layout.databases().add(directory)) {
        writeLayout(path, layout);
      }
    } catch (IOException e) {
      throw new UserError(path.resolve(LAYOUT) + ": cannot be written (" + e.getMessage() + ")");
    }
  }

  private boolean hasDatabase(String directory) {
    try (Stream<Path> files = Files.list(path.resolve(directory))) {
      return files.anyMatch(file -> file.toString().endsWith(".mv.db"));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Keys that others can read are no keys any more; the rest of the directory is the operator's to
   * judge.
   */
  private static void expectPrivate(Path path) throws IOException {
    // Servers that share their CAs have a link there, which a walk would not follow.
    try (Stream<Path> files = Files.walk(path.resolve("ca").toRealPath());
        Stream<Path> services = Files.walk(path.resolve("services"))) {
      Stream<Path> keys = services.filter(file -> file.endsWith("key.pem"));
      for (Path file :
          (Iterable<Path>) Stream.concat(files.filter(Files::isRegularFile), keys)::iterator) {
        if (isForOthers(file)) {
          throw damaged(file, "readable by others (expected: mode 0600)", "chmod 600 " + file);
        }
      }
    }
    if (isForOthers(path)) {
      LOG.warn("Data directory is open to others path={} (hint: chmod 700 {})", path, path);
    }
  }

  private static boolean isForOthers(Path file) throws IOException {
    return Files.getPosixFilePermissions(file).stream()
        .anyMatch(permission -> !permission.name().startsWith("OWNER_"));
  }

  private static Layout readLayout(Path file) {
    try {
      Layout layout = JSON.readValue(file.toFile(), Layout.class);
      if (layout.layout() == 1 && layout.root() != null && layout.databases() != null) {
        return layout;
      }
    } catch (IOException e) {
      // Told below, in words that help more than the parser's.
    }
    throw damaged(file, "not readable", "restore it from a backup");
  }

  private static UserError damaged(Path file, String problem, String remedy) {
    return new UserError(file + ": " + problem, remedy);
  }

  public CertificateAuthorities authorities() {
    return authorities;
  }

  /** The credentials of our own services. */
  public ServiceCertificates services() {
    return services;
  }

  /** The token that opens the operator API. */
  public AdminToken adminToken() {
    return AdminToken.read(path.resolve("admin-token"));
  }

  /** A file or directory below. */
  public Path resolve(String name) {
    return path.resolve(name);
  }

  public Path path() {
    return path;
  }
}
