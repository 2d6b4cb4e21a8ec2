/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import dev.muster.broker.authz.Policies;
import dev.muster.broker.authz.PolicyFile;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a policy that has changed into force for those who are connected: they get its rights, lose
 * the subscriptions that it no longer grants, and are disconnected if it knows them no longer.
 */
public final class PolicyFollower {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyFollower.class);

  private final Policies policies;
  private final Sessions sessions;
  private final Disconnector disconnector;
  private final Subscriptions subscriptions;
  private Optional<String> toldProblem = Optional.empty();

  public PolicyFollower(
      Policies policies,
      Sessions sessions,
      Disconnector disconnector,
      Subscriptions subscriptions) {
    this.policies = policies;
    this.sessions = sessions;
    this.disconnector = disconnector;
    this.subscriptions = subscriptions;
  }

  /** Looks whether the policy's file has changed. For one thread; blocks to read the file. */
  public void look() {
    if (policies.reload()) {
      LOG.info("Policy changed sessions={}", sessions.size());
      sessions.all().forEach(this::bringUpToDate);
    }
    Optional<String> problem = policies.problem();
    if (!problem.equals(toldProblem)) {
      problem.ifPresent(text -> LOG.error("Policy not followed problem=\"{}\"", text));
      toldProblem = problem;
    }
  }

  /** Gives a session the rights of now; for whoever was let in while the policy changed. */
  public void bringUpToDate(ClientSession session) {
    PolicyFile now = policies.current();
    if (session.policy().isOf(now)) {
      return;
    }
    PolicyFile.Admission admission = now.admit(session.subject(), session.clientId());
    if (admission instanceof PolicyFile.Admission.Admitted admitted) {
      session.usePolicy(admitted.policy());
      dropUngranted(session);
    } else {
      String detail = detailOf(admission);
      LOG.info(
          "Session cut client={} subject={} reason=\"{}\"",
          session.clientId(),
          session.subject(),
          detail);
      disconnector.disconnect(session, Disconnector.Reason.NOT_AUTHORIZED, detail);
    }
  }

  private void dropUngranted(ClientSession session) {
    for (String filter : session.filters()) {
      if (!session.policy().subscribe(filter).allowed()) {
        LOG.info("Subscription ended client={} filter={}", session.clientId(), filter);
        session.unsubscribed(filter);
        subscriptions.remove(session, filter);
      }
    }
  }

  private static @Nullable String detailOf(PolicyFile.Admission admission) {
    if (admission instanceof PolicyFile.Admission.NoRole none) {
      return none.detail();
    }
    return admission instanceof PolicyFile.Admission.WrongClientId wrong ? wrong.detail() : null;
  }
}
