/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * The credentials of our own services, in one directory, and when they are renewed: after two
 * thirds of their life, or when the host names have changed.
 *
 * <p>The files are the truth. Whoever shows one of the certificates follows them, so that it does
 * not matter which process renews, or whether an operator has put another one there.
 *
 * <p>Thread-safe; blocks.
 */
public final class ServiceCertificates {
  /** The services that have one, each in the directory of its name. */
  public enum Service {
    /** What all listeners show. */
    SERVER("server"),
    /** With which the enrollment service speaks to brokers. */
    ENROLLMENT("enrollment");

    private final String directory;

    Service(String directory) {
      this.directory = directory;
    }

    /** Its name, and that of its directory. */
    public String directory() {
      return directory;
    }
  }

  private final Path directory;
  private final CertificateAuthorities authorities;
  private final List<String> hostNames;
  private final Duration validity;

  /**
   * @param hostNames DNS names and IP addresses by which the server is reached, at least one
   * @param validity of what is issued from now on
   */
  public ServiceCertificates(
      Path directory,
      CertificateAuthorities authorities,
      Collection<String> hostNames,
      Duration validity) {
    this.directory = requireNonNull(directory, "directory");
    this.authorities = requireNonNull(authorities, "authorities");
    this.hostNames = List.copyOf(hostNames);
    this.validity = requireNonNull(validity, "validity");
  }

  /** Issues all of them; at a first start, or when they are lost. */
  public void issueAll(Clock clock) {
    for (Service service : Service.values()) {
      write(service, issue(service, clock));
    }
  }

  /** Takes up what a crash during a renewal has left; before the first reading of a process. */
  public void recover() {
    for (Service service : Service.values()) {
      PrivateDirectory.recover(path(service));
    }
  }

  /** Where a service's credential lies. */
  public Path path(Service service) {
    return directory.resolve(service.directory());
  }

  /** @throws DamagedFileException if a file is missing, or does not fit the others */
  public ServiceCredential read(Service service) {
    return ServiceCredential.read(path(service));
  }

  /** The certificate alone, for those who look often. @throws DamagedFileException as above */
  public X509Certificate certificate(Service service) {
    return ServiceCredential.readCertificate(path(service));
  }

  /** Issues a credential with a new key; nothing is written yet. */
  public ServiceCredential issue(Service service, Clock clock) {
    return service == Service.SERVER
        ? authorities.issueServer(hostNames, validity, clock)
        : authorities.issueService(service.directory(), "service", null, validity, clock);
  }

  /** Puts a credential in the place of the one before. */
  public void write(Service service, ServiceCredential credential) {
    credential.write(path(service));
  }

  /** Those that should be renewed by now. */
  public List<Service> due(Instant now) {
    return Arrays.stream(Service.values())
        .filter(service -> isDue(service, now))
        .toList();
  }

  private boolean isDue(Service service, Instant now) {
    X509Certificate certificate = certificate(service);
    return isRunningOut(certificate, now)
        // Its CA was rolled over, or there is more to be sent above it.
        || !authorities.isOfToday(read(service), now)
        || service == Service.SERVER && !names(certificate).containsAll(hostNames);
  }

  /**
   * Counted from the end, because certificates begin before they are issued. One that would not
   * live longer for being renewed, because its CA ends, is left alone.
   */
  private boolean isRunningOut(X509Certificate certificate, Instant now) {
    Duration lastThird = validity.dividedBy(3);
    Instant end = certificate.getNotAfter().toInstant();
    Instant issuerEnd = authorities.serviceCa().getNotAfter().toInstant();
    return now.isAfter(end.minus(lastThird)) && issuerEnd.isAfter(end);
  }

  private static List<String> names(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? List.of()
          : names.stream().map(name -> name.get(1).toString()).toList();
    } catch (CertificateParsingException e) {
      return List.of();
    }
  }
}
