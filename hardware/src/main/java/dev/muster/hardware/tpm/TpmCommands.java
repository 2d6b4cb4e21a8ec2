/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.math.BigInteger;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.util.BigIntegers;

/** Says commands over one link, and reads the answers (TPM 2.0, part 3). Not thread-safe. */
final class TpmCommands {
  static final int OWNER = 0x40000001;
  static final int FIRST_PERSISTENT = 0x81000000;
  static final int LAST_OWNER_PERSISTENT = 0x817FFFFF;

  private static final int ENDORSEMENT = 0x4000000B;
  private static final int ENDORSEMENT_KEY = 0x81010001;
  private static final int NO_HIERARCHY = 0x40000007;
  private static final int FIRST_TRANSIENT = 0x80000000;
  private static final int NO_SESSIONS = 0x8001;
  private static final int SESSIONS = 0x8002;
  private static final int PASSWORD = 0x40000009;
  private static final int HASHCHECK_TICKET = 0x8024;
  private static final int CREATION_TICKET = 0x8021;
  private static final int CAP_HANDLES = 1;
  private static final int MAX_HANDLES = 254;
  private static final int POLICY = 1;
  private static final int NO_ALGORITHM = 0x0010;
  private static final int CONTINUE_SESSION = 1;
  private static final int AUTHORIZATION_BYTES = 9;
  /** Of what is kept, so much at a time: every TPM can. */
  private static final int NV_BYTES = 512;

  private static final byte[] NOTHING = {};
  private static final byte[] NO_PASSWORD_AND_NO_DATA = {0, 0, 0, 0};

  private final TpmLink link;
  private final Duration patience;

  /** @param patience with a TPM that asks to come again later */
  TpmCommands(TpmLink link, Duration patience) {
    this.link = link;
    this.patience = patience;
  }

  /** A key as it lies outside of the TPM: the private part can be read by the TPM alone. */
  record Created(byte[] publicArea, byte[] privatePart) {}

  /** Two numbers, of an ECDSA signature. */
  record EcdsaSignature(BigInteger r, BigInteger s) {}

  /** Wakes a TPM that nobody has woken since its power came. The kernel does it by itself. */
  void startup() throws IOException, TpmException {
    call(TpmCommand.STARTUP, new TpmWriter().u16(0)).end();
  }

  /** The storage key that the owner's seed and our template give, always the same. */
  int createPrimary() throws IOException, TpmException {
    return createPrimary(OWNER, EccPublic.storageTemplate());
  }

  private int createPrimary(int hierarchy, byte[] template) throws IOException, TpmException {
    TpmWriter parameters = new TpmWriter()
        .sized(NO_PASSWORD_AND_NO_DATA)
        .sized(template)
        .sized(NOTHING)
        .u32(0);
    Answer answer = callAuthorized(TpmCommand.CREATE_PRIMARY, parameters, true, hierarchy);
    TpmReader in = answer.parameters();
    in.sized(); // The public area: that of the template.
    skipCreation(in);
    in.sized(); // The name.
    in.end();
    return answer.handle();
  }

  /** A new P-256 key that signs, below {@code parent}. */
  Created create(int parent) throws IOException, TpmException {
    TpmWriter parameters = new TpmWriter()
        .sized(NO_PASSWORD_AND_NO_DATA)
        .sized(EccPublic.signingTemplate())
        .sized(NOTHING)
        .u32(0);
    TpmReader in = callAuthorized(TpmCommand.CREATE, parameters, false, parent).parameters();
    byte[] privatePart = in.sized();
    byte[] publicArea = in.sized();
    skipCreation(in);
    in.end();
    return new Created(publicArea, privatePart);
  }

  private static void skipCreation(TpmReader in) throws TpmAnswerException {
    in.sized(); // Creation data.
    in.sized(); // Their hash.
    in.expect("ticket", in.u16(), CREATION_TICKET);
    in.u32();
    in.sized();
  }

  /** @return the handle, good until it is flushed or the link is closed */
  int load(int parent, Created key) throws IOException, TpmException {
    TpmWriter parameters = new TpmWriter().sized(key.privatePart()).sized(key.publicArea());
    Answer answer = callAuthorized(TpmCommand.LOAD, parameters, true, parent);
    answer.parameters().sized(); // The name.
    answer.parameters().end();
    return answer.handle();
  }

  /** Keeps a loaded key for good, also at {@code persistent}. */
  void evictControl(int object, int persistent) throws IOException, TpmException {
    callAuthorized(TpmCommand.EVICT_CONTROL, new TpmWriter().u32(persistent), false, OWNER, object)
        .parameters()
        .end();
  }

  /** The public area of any key, as it is. */
  byte[] readPublic(int handle) throws IOException, TpmException {
    TpmReader in = call(TpmCommand.READ_PUBLIC, new TpmWriter().u32(handle));
    byte[] publicArea = in.sized();
    in.sized(); // The name.
    in.sized(); // The qualified name.
    in.end();
    return publicArea;
  }

  /** What is kept at an index that anybody may read. */
  byte[] readNv(int index) throws IOException, TpmException {
    TpmReader described = new TpmReader(
        call(TpmCommand.NV_READ_PUBLIC, new TpmWriter().u32(index)).sized());
    described.u32(); // The index,
    described.u16(); // the hash of its name,
    described.u32(); // attributes,
    described.sized(); // and a policy.
    int size = described.u16();
    TpmWriter content = new TpmWriter();
    for (int offset = 0; offset < size; offset += NV_BYTES) {
      TpmWriter part = new TpmWriter().u16(Math.min(NV_BYTES, size - offset)).u16(offset);
      TpmReader in =
          callAuthorized(TpmCommand.NV_READ, part, false, index, index).parameters();
      content.bytes(in.sized());
      in.end();
    }
    return content.toBytes();
  }

  /**
   * The endorsement key: what is kept where TCG wants it, if it is the one that was certified; else
   * it is made again from the seed.
   */
  int endorsementKey(RSAPublicKey certified) throws IOException, TpmException {
    try {
      if (isOf(certified, readPublic(ENDORSEMENT_KEY))) {
        return ENDORSEMENT_KEY;
      }
    } catch (TpmException e) {
      if (!e.is(TpmException.HANDLE)) {
        throw e;
      }
    }
    return createPrimary(ENDORSEMENT, EccPublic.endorsementTemplate());
  }

  /** The public area of an RSA key ends with its modulus. */
  private static boolean isOf(RSAPublicKey key, byte[] publicArea) {
    byte[] modulus =
        new TpmWriter().sized(BigIntegers.asUnsignedByteArray(key.getModulus())).toBytes();
    int start = publicArea.length - modulus.length;
    return start >= 0
        && Arrays.equals(publicArea, start, publicArea.length, modulus, 0, modulus.length);
  }

  /**
   * The secret of a challenge, if {@code object} is the key that it is about, and the endorsement
   * key can read it.
   */
  byte[] activateCredential(int object, int endorsementKey, CredentialChallenge challenge)
      throws IOException, TpmException {
    int session = startPolicySession();
    try {
      TpmWriter noLimits =
          new TpmWriter().sized(NOTHING).sized(NOTHING).sized(NOTHING).u32(0);
      TpmReader satisfied = callAuthorized(
              TpmCommand.POLICY_SECRET, noLimits, false, ENDORSEMENT, session)
          .parameters();
      satisfied.sized(); // No time-out, and no ticket.
      TpmWriter parameters =
          new TpmWriter().sized(challenge.blob()).sized(challenge.encryptedSeed());
      byte[] authorizations = new TpmWriter()
          .bytes(authorization(PASSWORD, 0))
          .bytes(authorization(session, CONTINUE_SESSION))
          .toBytes();
      TpmReader in = callAuthorized(
              TpmCommand.ACTIVATE_CREDENTIAL,
              parameters,
              false,
              authorizations,
              object,
              endorsementKey)
          .parameters();
      byte[] secret = in.sized();
      in.end();
      return secret;
    } finally {
      flush(session);
    }
  }

  private int startPolicySession() throws IOException, TpmException {
    TpmReader in = call(
        TpmCommand.START_AUTH_SESSION,
        new TpmWriter()
            .u32(NO_HIERARCHY) // Salted and
            .u32(NO_HIERARCHY) // bound by nothing:
            .sized(new byte[16]) // there is no secret that it could protect.
            .sized(NOTHING)
            .u8(POLICY)
            .u16(NO_ALGORITHM)
            .u16(EccPublic.SHA256));
    int session = in.u32();
    in.sized(); // The TPM's nonce.
    in.end();
    return session;
  }

  /** Signs 32 bytes, the SHA-256 digest of something. */
  EcdsaSignature sign(int key, byte[] digest) throws IOException, TpmException {
    TpmWriter parameters = new TpmWriter()
        .sized(digest)
        .u16(EccPublic.ECDSA)
        .u16(EccPublic.SHA256)
        .u16(HASHCHECK_TICKET)
        .u32(NO_HIERARCHY)
        .sized(NOTHING);
    TpmReader in = callAuthorized(TpmCommand.SIGN, parameters, false, key).parameters();
    in.expect("signature", in.u16(), EccPublic.ECDSA);
    in.expect("hash", in.u16(), EccPublic.SHA256);
    EcdsaSignature signature =
        new EcdsaSignature(new BigInteger(1, in.sized()), new BigInteger(1, in.sized()));
    in.end();
    if (signature.r().signum() == 0 || signature.s().signum() == 0) {
      throw new TpmAnswerException("a signature of zero");
    }
    return signature;
  }

  void flush(int handle) throws IOException, TpmException {
    call(TpmCommand.FLUSH_CONTEXT, new TpmWriter().u32(handle)).end();
  }

  /** What is loaded: of this program, or of whoever used the link before. */
  List<Integer> transientHandles() throws IOException, TpmException {
    TpmReader in = call(
        TpmCommand.GET_CAPABILITY,
        new TpmWriter().u32(CAP_HANDLES).u32(FIRST_TRANSIENT).u32(MAX_HANDLES));
    in.u8(); // Whether there is more.
    in.expect("capability", in.u32(), CAP_HANDLES);
    int count = in.u32();
    if (count < 0 || count > MAX_HANDLES) {
      throw new TpmAnswerException(count + " handles (expected: at most " + MAX_HANDLES + ")");
    }
    List<Integer> handles = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      handles.add(in.u32());
    }
    in.end();
    return handles;
  }

  /** Whether a handle is of something loaded, to be flushed when it is used no more. */
  static boolean isTransient(int handle) {
    return handle >>> 24 == FIRST_TRANSIENT >>> 24;
  }

  /** What comes back of a command that was authorized. */
  private record Answer(int handle, TpmReader parameters) {}

  private TpmReader call(TpmCommand command, TpmWriter parameters)
      throws IOException, TpmException {
    return exchange(command, NO_SESSIONS, parameters.toBytes());
  }

  /**
   * A command that uses keys or hierarchies, each of which wants to be authorized: the first by its
   * empty password, the others by nothing.
   */
  private Answer callAuthorized(
      TpmCommand command, TpmWriter parameters, boolean answersHandle, int... handles)
      throws IOException, TpmException {
    return callAuthorized(command, parameters, answersHandle, authorization(PASSWORD, 0), handles);
  }

  /** A password that is empty, or a session without a MAC. */
  private static byte[] authorization(int session, int attributes) {
    return new TpmWriter().u32(session).u16(0).u8(attributes).u16(0).toBytes();
  }

  private Answer callAuthorized(
      TpmCommand command,
      TpmWriter parameters,
      boolean answersHandle,
      byte[] authorizations,
      int... handles)
      throws IOException, TpmException {
    TpmWriter body = new TpmWriter();
    for (int handle : handles) {
      body.u32(handle);
    }
    body.u32(authorizations.length).bytes(authorizations).bytes(parameters.toBytes());
    TpmReader in = exchange(command, SESSIONS, body.toBytes());
    int handle = answersHandle ? in.u32() : 0;
    TpmReader answered = new TpmReader(in.take(in.u32()));
    for (int i = 0; i < authorizations.length / AUTHORIZATION_BYTES; i++) {
      in.sized(); // A nonce,
      in.u8(); // attributes,
      in.sized(); // and a MAC, which mean nothing where the password is empty.
    }
    in.end();
    return new Answer(handle, answered);
  }

  private TpmReader exchange(TpmCommand command, int tag, byte[] body)
      throws IOException, TpmException {
    byte[] message = new TpmWriter()
        .u16(tag)
        .u32(TpmLink.HEADER_BYTES + body.length)
        .u32(command.code())
        .bytes(body)
        .toBytes();
    long end = System.nanoTime() + patience.toNanos();
    for (int waitMs = 1; ; waitMs = Math.min(waitMs * 2, 100)) {
      TpmReader in = new TpmReader(link.exchange(message));
      int answerTag = in.u16();
      in.u32();
      int code = in.u32();
      if (code == 0) {
        in.expect("tag", answerTag, tag);
        return in;
      }
      in.end();
      if (!TpmException.asksForPatience(code) || System.nanoTime() - end > 0) {
        throw new TpmException(command, code);
      }
      pause(waitMs);
    }
  }

  private static void pause(int waitMs) throws IOException {
    try {
      Thread.sleep(waitMs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while the TPM was busy");
    }
  }
}
