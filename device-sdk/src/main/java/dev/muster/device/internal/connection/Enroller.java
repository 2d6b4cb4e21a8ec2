/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.ServerProtocolException;
import dev.muster.device.internal.est.ClaimToken;
import dev.muster.device.internal.est.EstClient;
import dev.muster.device.internal.est.IssuedCertificate;
import dev.muster.device.internal.est.RenewalAdvice;
import dev.muster.device.internal.identity.Claim;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.FactoryIdentity;
import dev.muster.device.internal.identity.PendingKey;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.identity.TrustStore;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.key.KeyUnavailableException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Talks to the enrollment server on a thread that may wait for it. Used by the owner thread, which
 * makes the keys and gets the answers.
 */
final class Enroller {
  /** What came of it, on the owner thread. */
  interface Outcome {
    void issued(PendingKey key, IssuedCertificate certificate);

    void failed(EnrollmentException problem);
  }

  private static final Logger LOG = DeviceLogger.of(Enroller.class);

  /**
   * A conversation has three, and each its time; who says one octet now and then, as some networks
   * do to hold programs up, would keep within that for days.
   */
  private static final int REQUESTS = 4;

  private final DeviceSettings settings;
  private final TrustStore trust;
  private final EventLoop owner;
  private final Executor threads;
  private @Nullable EstClient running;

  Enroller(DeviceSettings settings, TrustStore trust, EventLoop owner, Executor threads) {
    this.settings = settings;
    this.trust = trust;
    this.owner = owner;
    this.threads = threads;
  }

  boolean isBusy() {
    return running != null;
  }

  /** First enrollment, as the factory identity, with the claim token, or with both. */
  void enroll(Supplier<PendingKey> keys, Outcome outcome) {
    FactoryIdentity factory = settings.factoryIdentity();
    ClaimToken claim;
    try {
      claim = claim();
    } catch (IllegalArgumentException e) {
      refuse(String.valueOf(e.getMessage()), outcome);
      return;
    }
    if (factory == null && claim == null) {
      refuse(
          "no IDevID, and no claim token that was not used before (expected: one of them; muster"
              + " admin claims create makes a token)",
          outcome);
      return;
    }
    Credential shown = factory == null ? null : factory.credential();
    run(shown, claim, keys, (client, key) -> client.enroll(key.keys()), outcome);
  }

  private void refuse(String reason, Outcome outcome) {
    EnrollmentException problem = new EnrollmentRefusedException(reason, null);
    owner.execute(() -> outcome.failed(problem));
  }

  private @Nullable ClaimToken claim() {
    Claim claim = settings.claim();
    return claim == null ? null : claim.unused(settings.stateDirectory()).orElse(null);
  }

  /** Renewal, as the certificate in use and under its name. */
  void reenroll(Credential current, Supplier<PendingKey> keys, Outcome outcome) {
    run(
        current,
        null,
        keys,
        (client, key) -> client.reenroll(key.keys(), current.leaf().getSubjectX500Principal()),
        outcome);
  }

  /**
   * Asks the server for the time, which the device's clock learns.
   *
   * @param then runs on the owner thread, whatever came of it
   */
  void askTime(Credential shown, Runnable then) {
    EstClient client = open(shown, null);
    begin(client, () -> {
      try {
        client.askTime();
      } catch (EnrollmentException | RuntimeException e) {
        LOG.info("Time not learnt reason={}", e.getMessage());
      } finally {
        report(client, then);
      }
    });
  }

  /**
   * Asks when the server would like a certificate to be renewed.
   *
   * @param then on the owner thread; given null if the server has no opinion, or none was heard
   */
  void askWhenToRenew(Credential current, Consumer<@Nullable RenewalAdvice> then) {
    EstClient client = open(current, null);
    begin(client, () -> {
      RenewalAdvice advice = null;
      try {
        advice = client.renewalInfo(current.leaf());
      } catch (EnrollmentException | RuntimeException e) {
        LOG.info("Server's opinion on renewal not heard reason={}", e.getMessage());
      } finally {
        RenewalAdvice heard = advice;
        report(client, () -> then.accept(heard));
      }
    });
  }

  /** Ends the conversation in progress, whose outcome is not told any more. */
  void abort() {
    EstClient client = running;
    running = null;
    if (client != null) {
      client.abort();
    }
  }

  private interface Conversation {
    IssuedCertificate with(EstClient client, PendingKey key) throws EnrollmentException;
  }

  private EstClient open(@Nullable Credential shown, @Nullable ClaimToken claim) {
    TrustAnchors anchors = trust.current();
    TlsIdentity identity = shown == null
        ? TlsIdentity.anonymous(anchors, settings.clock())
        : TlsIdentity.of(shown, anchors, settings.clock());
    return new EstClient(
        settings.enrollment(),
        identity,
        claim,
        anchors,
        settings.timing().enrollmentTimeout(),
        settings.clock());
  }

  private void begin(EstClient client, Runnable conversation) {
    if (running != null) {
      throw new IllegalStateException("an enrollment is in progress");
    }
    threads.execute(() -> {
      try {
        owner.execute(() -> limit(client)); // From now on: it may have waited for its thread.
      } finally {
        conversation.run(); // Without memory, too: its end has to be told.
      }
    });
    running = client; // Its end is told on this thread, so not before.
  }

  private void limit(EstClient client) {
    owner.after(settings.timing().enrollmentTimeout().multipliedBy(REQUESTS), () -> {
      if (running == client) {
        client.abort(); // Its end is told as of any other.
      }
    });
  }

  private void run(
      @Nullable Credential shown,
      @Nullable ClaimToken claim,
      Supplier<PendingKey> keys,
      Conversation conversation,
      Outcome outcome) {
    try {
      PendingKey key = keys.get();
      EstClient client = open(shown, claim);
      begin(client, () -> converse(client, key, conversation, outcome));
    } catch (KeyUnavailableException e) {
      owner.execute(() -> outcome.failed(unavailable(e)));
    } catch (RuntimeException | Error e) {
      // A full disk, no thread, a defect of a vault: tried again, but not at once.
      LOG.warn("Certificate not asked for", e);
      owner.execute(() -> outcome.failed(unavailable(e)));
    }
  }

  private void report(EstClient client, Runnable outcome) {
    owner.execute(() -> {
      if (running == client) {
        running = null;
        outcome.run();
      }
    });
  }

  private void converse(
      EstClient client, PendingKey key, Conversation conversation, Outcome outcome) {
    Runnable report;
    try {
      IssuedCertificate issued = conversation.with(client, key);
      report = () -> outcome.issued(key, issued);
    } catch (EnrollmentException e) {
      report = () -> outcome.failed(e);
    } catch (KeyUnavailableException e) {
      report = () -> outcome.failed(unavailable(e));
    } catch (RuntimeException e) {
      // Parsers of what a server sent may throw anything; it ends here.
      report = () ->
          outcome.failed(new ServerProtocolException("the server's answer could not be read", e));
    } catch (Error e) {
      // No memory, or a class that a vault misses: its end has to be told all the same.
      LOG.error("Conversation failed", e);
      report = () -> outcome.failed(unavailable(e));
    }
    report(client, report);
  }

  private static EnrollmentException unavailable(Throwable e) {
    return new EnrollmentUnavailableException(String.valueOf(e.getMessage()), Duration.ZERO, e);
  }
}
