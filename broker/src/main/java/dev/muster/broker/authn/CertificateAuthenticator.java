/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authn;

import dev.muster.broker.authz.ClientLimits;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.TopicPolicy;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.broker.trust.KnownIssuers;
import dev.muster.protocol.identity.Quoted;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Decides whether a client is let in, and as whom.
 *
 * <p>The TLS handshake has proved that the client holds the key and that one of our CAs issued the
 * certificate, but with a resumed session only that this was so up to a day ago. So all is asked
 * anew. Does no I/O: at most a signature to verify, the rest comparisons. Safe for use by several
 * threads.
 */
public final class CertificateAuthenticator {
  private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
  private static final int DIGITAL_SIGNATURE = 0;

  /** Free of what means something to a topic, a log line or a shell. */
  private static final Pattern CLIENT_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,127}");

  /**
   * What a client came with.
   *
   * @param chain as the TLS peer sent it, leaf first; empty: none
   */
  public record Connect(
      List<X509Certificate> chain, String clientId, boolean mqtt5, int keepAliveSeconds) {
    public Connect {
      chain = List.copyOf(chain);
    }
  }

  /** What a client that is refused may know. */
  public enum Refusal {
    NOT_AUTHORIZED,
    CLIENT_ID_NOT_VALID,
    /** As many are connected as may be. */
    QUOTA_EXCEEDED,
    /** Not the client's fault; it should come again. */
    UNAVAILABLE
  }

  /** What was decided. */
  public sealed interface Outcome {
    /** @param authority the id of the CA that issued the certificate */
    record Admitted(
        ClientSubject subject, String authority, X509Certificate certificate, TopicPolicy policy)
        implements Outcome {}

    record Refused(Refusal refusal, String detail) implements Outcome {}
  }

  /** Whom one of our CAs vouches for. */
  private record Vouched(ClientSubject subject, String authority, X509Certificate certificate) {
    Outcome with(TopicPolicy rights) {
      return new Outcome.Admitted(subject, authority, certificate, rights);
    }
  }

  /** Ends a decision early; never leaves this class. */
  private static final class RefusedException extends Exception {
    private final Refusal refusal;

    RefusedException(Refusal refusal, String detail) {
      super(detail, null, false, false);
      this.refusal = refusal;
    }
  }

  private final KnownIssuers issuers = new KnownIssuers();
  private final RevocationView revocations;
  private final Supplier<PolicyFile> policy;
  private final int serverKeepAliveSeconds;
  private final Clock clock;

  /**
   * @param policy the one in force; asked with each client
   * @param serverKeepAliveSeconds what clients of MQTT 5 are told to keep to if they ask for more
   *     (MQTT 5, 3.2.2.3.14)
   */
  public CertificateAuthenticator(
      RevocationView revocations,
      Supplier<PolicyFile> policy,
      int serverKeepAliveSeconds,
      Clock clock) {
    this.revocations = revocations;
    this.policy = policy;
    this.serverKeepAliveSeconds = serverKeepAliveSeconds;
    this.clock = clock;
  }

  /** Decides; expected refusals are values. */
  public Outcome authenticate(Connect connect) {
    try {
      Vouched vouched = vouched(connect.chain());
      checkClientId(connect);
      TopicPolicy rights = admit(vouched.subject(), connect.clientId());
      checkKeepAlive(connect, rights.limits());
      return vouched.with(rights);
    } catch (RefusedException e) {
      return new Outcome.Refused(e.refusal, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Decides about a client that has no id but the name in its certificate, and keeps no connection.
   *
   * @param chain as in {@link Connect}
   */
  public Outcome authenticate(List<X509Certificate> chain) {
    try {
      Vouched vouched = vouched(chain);
      return vouched.with(admit(vouched.subject(), vouched.subject().commonName()));
    } catch (RefusedException e) {
      return new Outcome.Refused(e.refusal, String.valueOf(e.getMessage()));
    }
  }

  private Vouched vouched(List<X509Certificate> chain) throws RefusedException {
    if (chain.isEmpty()) {
      throw new RefusedException(Refusal.NOT_AUTHORIZED, "no client certificate");
    }
    X509Certificate leaf = chain.get(0);
    String authority = issuerOf(leaf);
    checkUse(leaf);
    checkValidity(leaf);
    checkRevocation(authority, leaf);
    return new Vouched(subjectOf(authority, leaf), authority, leaf);
  }

  /** Whether a client may have this id at all; the policy says which of them is whose. */
  public static boolean isClientId(String clientId) {
    return CLIENT_ID.matcher(clientId).matches();
  }

  /**
   * Whom a chain names, without any word on whether they are let in.
   *
   * @return empty if no CA of ours has issued it, or not such a subject
   */
  public Optional<ClientSubject> subjectOf(List<X509Certificate> chain) {
    try {
      if (chain.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(subjectOf(issuerOf(chain.get(0)), chain.get(0)));
    } catch (RefusedException e) {
      return Optional.empty();
    }
  }

  private String issuerOf(X509Certificate leaf) throws RefusedException {
    Optional<String> issuer = issuers.issuerOf(leaf, revocations.authorities());
    return issuer.orElseThrow(() -> new RefusedException(
        Refusal.NOT_AUTHORIZED,
        "certificate of an unknown CA: "
            + Quoted.of(leaf.getIssuerX500Principal().getName())));
  }

  private static void checkUse(X509Certificate leaf) throws RefusedException {
    boolean[] keyUsage = leaf.getKeyUsage();
    boolean signs = keyUsage == null || keyUsage[DIGITAL_SIGNATURE];
    if (leaf.getBasicConstraints() >= 0 || !signs || !hasClientAuth(leaf)) {
      throw new RefusedException(
          Refusal.NOT_AUTHORIZED,
          "certificate not made for TLS clients (expected: EKU clientAuth)");
    }
  }

  private static boolean hasClientAuth(X509Certificate leaf) {
    try {
      List<String> purposes = leaf.getExtendedKeyUsage();
      return purposes != null && purposes.contains(CLIENT_AUTH);
    } catch (CertificateParsingException e) {
      return false;
    }
  }

  private void checkValidity(X509Certificate leaf) throws RefusedException {
    Instant now = clock.instant();
    Instant notBefore = leaf.getNotBefore().toInstant();
    Instant notAfter = leaf.getNotAfter().toInstant();
    if (now.isBefore(notBefore)) {
      throw new RefusedException(
          Refusal.NOT_AUTHORIZED, "certificate not valid before " + notBefore);
    }
    if (now.isAfter(notAfter)) {
      throw new RefusedException(Refusal.NOT_AUTHORIZED, "certificate expired at " + notAfter);
    }
  }

  private void checkRevocation(String authority, X509Certificate leaf) throws RefusedException {
    RevocationView.Standing standing = revocations.standing(authority, leaf.getSerialNumber());
    if (standing == RevocationView.Standing.REVOKED) {
      throw new RefusedException(Refusal.NOT_AUTHORIZED, "certificate revoked");
    }
    if (standing == RevocationView.Standing.UNTRUSTED) {
      throw new RefusedException(Refusal.NOT_AUTHORIZED, "certificate of an unknown CA");
    }
    if (standing == RevocationView.Standing.UNKNOWN) {
      throw new RefusedException(
          Refusal.UNAVAILABLE, "no valid CRL of the " + authority + " CA: try again later");
    }
  }

  /** Rights hang on the kind of the CA: a roll-over takes none, and gives none. */
  private static ClientSubject subjectOf(String authority, X509Certificate leaf)
      throws RefusedException {
    try {
      return ClientSubject.of(IssuingAuthorities.kindOf(authority), leaf.getSubjectX500Principal());
    } catch (IllegalArgumentException e) {
      throw new RefusedException(Refusal.NOT_AUTHORIZED, String.valueOf(e.getMessage()));
    }
  }

  private static void checkClientId(Connect connect) throws RefusedException {
    if (!isClientId(connect.clientId())) {
      throw new RefusedException(
          Refusal.CLIENT_ID_NOT_VALID,
          "client id: " + Quoted.of(connect.clientId())
              + " (expected: 1 to 128 of [A-Za-z0-9._:-], starting with a letter or digit)");
    }
  }

  /**
   * The keep-alive that holds for a client. 0 stands for none at all (MQTT 5, 3.1.2.10), which a
   * client of MQTT 5 does not get.
   */
  public int keepAliveSeconds(Connect connect) {
    int asked = connect.keepAliveSeconds();
    boolean told = connect.mqtt5() && (asked == 0 || asked > serverKeepAliveSeconds);
    return told ? serverKeepAliveSeconds : asked;
  }

  private void checkKeepAlive(Connect connect, ClientLimits limits) throws RefusedException {
    int seconds = keepAliveSeconds(connect);
    if (seconds < limits.minKeepAliveSeconds() || seconds > limits.maxKeepAliveSeconds()) {
      throw new RefusedException(
          Refusal.NOT_AUTHORIZED,
          "keep-alive: " + seconds + " (expected: " + limits.minKeepAliveSeconds() + " to "
              + limits.maxKeepAliveSeconds() + " seconds)");
    }
  }

  private TopicPolicy admit(ClientSubject subject, String clientId) throws RefusedException {
    PolicyFile.Admission admission = policy.get().admit(subject, clientId);
    if (admission instanceof PolicyFile.Admission.Admitted admitted) {
      return admitted.policy();
    }
    if (admission instanceof PolicyFile.Admission.WrongClientId wrong) {
      throw new RefusedException(Refusal.CLIENT_ID_NOT_VALID, wrong.detail());
    }
    if (admission instanceof PolicyFile.Admission.NoRole none) {
      throw new RefusedException(Refusal.NOT_AUTHORIZED, none.detail());
    }
    throw new IllegalStateException("admission " + admission);
  }
}
