/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.desk.Caller;
import dev.muster.enrollment.desk.EnrollmentDesk;
import dev.muster.enrollment.desk.EnrollmentOutcome;
import dev.muster.enrollment.desk.KeyMaker;
import dev.muster.enrollment.desk.Labels;
import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.sql.SqlFailedException;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.est.KeyWish;
import dev.muster.protocol.log.Sparingly;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What EST does, whatever carries it: transports read requests and word answers, and decide
 * nothing.
 *
 * <p>Thread-safe.
 */
public final class EstOperations {
  private static final Logger LOG = LoggerFactory.getLogger(EstOperations.class);

  /** A request, in DER; more than any honest one. */
  public static final int MAX_CSR = 12 * 1024;

  /** Why there is no answer. */
  public enum Failure {
    /** Too much to do, or the registry or the CA is out of reach. */
    UNAVAILABLE,
    /** A fault of ours; it is in the log. */
    DEFECT
  }

  private final CertificateAuthorities authorities;
  private final Labels labels;
  private final EnrollmentDesk desk;
  private final KeyMaker keys;
  private final EstWorkers workers;
  private final boolean channelBinding;
  private final CaCertificatesMessage caCertificates;
  private final Sparingly turnedAway = new Sparingly(System::nanoTime);

  /** @param channelBinding whether requests must be linked to their connection */
  public EstOperations(
      CertificateAuthorities authorities,
      Labels labels,
      EnrollmentDesk desk,
      KeyMaker keys,
      EstWorkers workers,
      boolean channelBinding,
      Clock clock) {
    this.authorities = authorities;
    this.labels = labels;
    this.desk = desk;
    this.keys = keys;
    this.workers = workers;
    this.channelBinding = channelBinding;
    this.caCertificates = new CaCertificatesMessage(authorities, clock);
  }

  /** What a label in a path means; null for none. Empty if nothing is called that. */
  public Optional<Label> label(@Nullable String label) {
    return labels.find(label);
  }

  /** Whether it is served here. */
  public boolean offers(EstOperation operation) {
    return operation != EstOperation.SERVER_KEYGEN || keys.isOffered();
  }

  /** All CA certificates, as a certs-only message in DER; not to be changed. */
  public byte[] caCertificates() {
    return caCertificates.now();
  }

  /** The one that is to be trusted. */
  public X509Certificate root() {
    return authorities.root();
  }

  /**
   * What is wanted in a request, as CsrAttrs in DER.
   *
   * @param linkable whether the transport can tell the name of a connection
   */
  public byte[] csrAttributes(Label label, boolean linkable) {
    KeyWish key = labels.profile(label).keys().get(0).wish();
    CsrWishes.Link optional = linkable ? CsrWishes.Link.CHECKED : CsrWishes.Link.REFUSED;
    return CsrWishes.of(key, channelBinding ? CsrWishes.Link.REQUIRED : optional)
        .encode();
  }

  /**
   * For what is shown only to those we know, where a transport demands that (RFC 9148, 4). Blocks.
   *
   * @return why not; empty for a device or program that is known
   */
  public Optional<EnrollmentOutcome.Refused> stranger(Caller caller) {
    return desk.stranger(caller);
  }

  /** Does one of the operations that give a certificate. Blocks. @param csr in DER */
  public EnrollmentOutcome enroll(EstOperation wanted, Label label, Caller caller, byte[] csr) {
    return switch (wanted) {
      case SIMPLE_ENROLL -> desk.enroll(caller, label, csr);
      case SIMPLE_REENROLL -> desk.reenroll(caller, label, csr);
      case SERVER_KEYGEN -> desk.generate(caller, label, csr, keys);
      default -> throw new IllegalStateException("no enrollment: " + wanted);
    };
  }

  /**
   * Has work done by those who may block; there is an answer in any case.
   *
   * @param done takes it, on another thread, or on this one if there is too much to do
   */
  public <T> void work(
      EstOperation wanted,
      Caller caller,
      Supplier<T> task,
      Function<Failure, T> failed,
      Consumer<T> done) {
    try {
      lane(wanted, caller).execute(() -> done.accept(attempt(task, failed)));
    } catch (RejectedExecutionException e) {
      turnedAway.say(others ->
          LOG.warn("EST request turned away reason=\"too many at once\" others={}", others));
      done.accept(failed.apply(Failure.UNAVAILABLE));
    }
  }

  /**
   * Who shows no certificate of ours renews none, and has no claim to that lane. When to renew is
   * heard there, too: it may be at once.
   */
  private Executor lane(EstOperation wanted, Caller caller) {
    boolean renews = switch (wanted) {
      case SIMPLE_REENROLL, SERVER_KEYGEN, RENEWAL_INFO -> true;
      default -> false;
    };
    return renews && desk.holdsOurs(caller) ? workers.renewals() : workers.enrollments();
  }

  private static <T> T attempt(Supplier<T> task, Function<Failure, T> failed) {
    try {
      return task.get();
    } catch (IssuanceException e) {
      // With its cause, if there is one: what it says itself is in words.
      LOG.error("EST request failed reason=\"{}\"", e.getMessage(), e.getCause());
      return failed.apply(Failure.UNAVAILABLE);
    } catch (SqlFailedException e) {
      LOG.error("EST request failed reason=\"registry out of order\"", e);
      return failed.apply(Failure.UNAVAILABLE);
    } catch (RuntimeException e) {
      LOG.error("EST request failed reason=\"defect\"", e);
      return failed.apply(Failure.DEFECT);
    }
  }
}
