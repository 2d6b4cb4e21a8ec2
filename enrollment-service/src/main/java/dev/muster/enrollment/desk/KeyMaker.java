/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.csr.KeylessCsr;
import dev.muster.enrollment.registrar.ServerKeygen;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes keys for devices that cannot make their own (RFC 7030, 4.4). A key is handed out once, with
 * the certificate, and kept in no file and no table: whoever loses the answer asks for another.
 * Over CoAP, an answer stays in memory for some minutes, as it may have to be sent again.
 *
 * <p>Thread-safe.
 */
public final class KeyMaker {
  private static final int RSA_BITS = 3072;

  private final ServerKeygen policy;
  private final Supplier<ServiceCredential> signer;

  /** @param signer gives what signs keys that leave encrypted */
  public KeyMaker(ServerKeygen policy, Supplier<ServiceCredential> signer) {
    this.policy = policy;
    this.signer = signer;
  }

  /** Whether keys are made at all. */
  public boolean isOffered() {
    return policy != ServerKeygen.NEVER;
  }

  Job begin(KeylessCsr.Check csr, @Nullable X509Certificate client, KeyKind kind) {
    return new Job(csr, client, kind);
  }

  /** One request. Belongs to one thread. */
  final class Job {
    private final KeylessCsr.Check csr;
    private final @Nullable X509Certificate client;
    private final KeyKind kind;
    private KeyEnvelope.Choice choice = new KeyEnvelope.Choice.Plain();
    private @Nullable KeyPair keys;

    private Job(KeylessCsr.Check csr, @Nullable X509Certificate client, KeyKind kind) {
      this.csr = csr;
      this.client = client;
      this.kind = kind;
    }

    /** The request, with a new key in it; made only if the key could be handed over. */
    CsrCheck check() {
      if (csr instanceof KeylessCsr.Check.Refused refused) {
        return refused.refusal();
      }
      KeylessCsr wish = ((KeylessCsr.Check.Accepted) csr).csr();
      choice = KeyEnvelope.choose(wish.protection(), client);
      if (choice instanceof KeyEnvelope.Choice.Impossible impossible) {
        return impossible.refusal();
      }
      if (choice instanceof KeyEnvelope.Choice.Plain && policy != ServerKeygen.PLAIN) {
        return new CsrCheck.Refused(
            "asymmetricDecryptKeyIdentifier",
            "absent (expected: the key under which the new one is to travel; RFC 7030, 4.4.1.2)");
      }
      KeyPair made = generate();
      keys = made;
      return new CsrCheck.Accepted(wish.with(made.getPublic()));
    }

    EnrollmentOutcome deliver(X509Certificate certificate) {
      KeyPair made = keys;
      if (made == null) {
        throw new IllegalStateException("a certificate for a key that was not made");
      }
      GeneratedKey key = choice instanceof KeyEnvelope.Choice.Sealed sealed
          ? new GeneratedKey(sealed.envelope().seal(made.getPrivate(), signer.get()), true)
          : new GeneratedKey(made.getPrivate().getEncoded(), false);
      return new EnrollmentOutcome.Generated(certificate, key);
    }

    private KeyPair generate() {
      try {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(
            switch (kind) {
              case P256, P384 -> "EC";
              case RSA -> "RSA";
              case ED25519 -> "Ed25519";
            });
        if (kind == KeyKind.RSA) {
          generator.initialize(RSA_BITS);
        } else if (kind != KeyKind.ED25519) {
          generator.initialize(
              new ECGenParameterSpec(kind == KeyKind.P256 ? "secp256r1" : "secp384r1"));
        }
        return generator.generateKeyPair();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("this JDK makes no " + kind.label() + " keys", e);
      }
    }
  }
}
