/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.muster.device.key.KeyUnavailableException;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is at the other end, the program hears what is wrong, and soon. */
class TpmTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int HANDLE = 0x81020000;
  private static final byte[] DIGEST = new byte[32];
  private static final String NO_HANDLES = "8001 00000013 00000000 00 00000001 00000000";
  private static final String ONES = "11".repeat(32);
  private static final String TWOS = "22".repeat(32);
  private static final String SIGNED =
      "8002 0000005b 00000000 00000048 0018 000b 0020" + ONES + " 0020" + TWOS + " 0000 01 0000";

  private FakeTpm fake;
  private Tpm tpm;

  @AfterEach
  void close() throws IOException {
    tpm.close();
    fake.close();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static byte[] refusal(int code) {
    return new TpmWriter().u16(0x8001).u32(10).u32(code).toBytes();
  }

  /** The question for handles, with which every link begins, is answered as it should be. */
  private void start(IntFunction<byte[]> answers) throws IOException {
    fake = new FakeTpm(
        code -> code == TpmCommand.GET_CAPABILITY.code() ? bytes(NO_HANDLES) : answers.apply(code));
    tpm = new Tpm(
        "tpm:test",
        () -> SocketLink.open("127.0.0.1", fake.port(), Duration.ofMillis(300)),
        Duration.ofMillis(300));
  }

  private void startInTurns(List<byte[]> answers) throws IOException {
    Iterator<byte[]> next = answers.iterator();
    start(code -> next.next());
  }

  @Test
  void sign_answer_isRead() throws Exception {
    start(code -> bytes(SIGNED));

    TpmCommands.EcdsaSignature signature = tpm.sign(HANDLE, DIGEST);

    assertThat(signature.r().toString(16)).isEqualTo(ONES);
    assertThat(signature.s().toString(16)).isEqualTo(TWOS);
  }

  static Stream<Arguments> sign_malformedAnswer_isRefused() {
    return Stream.of(
        Arguments.of("80", "closed the connection"),
        Arguments.of("8001 00000004 00000000", "size 4 (expected: 10 to 4096)"),
        Arguments.of("8001 ffffffff 00000000", "size 4294967295 (expected: 10 to 4096)"),
        Arguments.of("8001 0000000a 00000000", "tag: 0x8001 (expected: 0x8002)"),
        Arguments.of("8002 0000000a 00000000", "ends after 10 bytes"),
        Arguments.of("8002 0000000e 00000000 00000048", "ends after 14 bytes"),
        Arguments.of("8002 0000000e 00000000 ffffffff", "ends after 14 bytes"),
        Arguments.of(SIGNED.replace("00000048", "00000047"), "ends after 91 bytes"),
        Arguments.of(SIGNED.replace("00000048", "00000049"), "ends after 91 bytes"),
        Arguments.of(SIGNED.replace("0018 000b", "0014 000b"), "signature: 0x14 (expected: 0x18)"),
        Arguments.of(SIGNED.replace("0018 000b", "0018 000c"), "hash: 0xc (expected: 0xb)"),
        Arguments.of(SIGNED.replace("0020" + TWOS, "001f" + TWOS), "1 bytes too many"),
        Arguments.of(SIGNED.replace(ONES, "00".repeat(32)), "a signature of zero"),
        Arguments.of("8001 0000000c 00000101 0000", "2 bytes too many"));
  }

  @ParameterizedTest
  @MethodSource
  void sign_malformedAnswer_isRefused(String answer, String said) throws IOException {
    // Shorter than it says: the connection ends.
    byte[] bytes = bytes(answer);
    start(code -> bytes);
    if (bytes.length < 10) {
      fake.closeAfterEach();
    }

    assertThatThrownBy(() -> tpm.sign(HANDLE, DIGEST))
        .isInstanceOf(KeyUnavailableException.class)
        .hasMessageStartingWith("tpm:test: ")
        .hasMessageContaining(said);
  }

  @Test
  void sign_bytesThatNobodyAskedFor_areNotTakenForTheNextAnswer() throws Exception {
    startInTurns(List.of(bytes(SIGNED + "8001"), bytes(SIGNED)));
    tpm.sign(HANDLE, DIGEST);

    assertThat(tpm.sign(HANDLE, DIGEST).r().toString(16)).isEqualTo(ONES);
    assertThat(fake.connections()).isEqualTo(2);
  }

  @Test
  void sign_silence_endsAtTheTimeLimit_andIsNotRepeated() throws Exception {
    start(code -> null);

    assertThatThrownBy(() -> tpm.sign(HANDLE, DIGEST))
        .isInstanceOf(KeyUnavailableException.class)
        .hasMessage("tpm:test: the TPM has not answered within 300 ms");
    assertThat(fake.connections()).isEqualTo(1);
  }

  @Test
  void sign_linkBroken_isDoneOverTheNext() throws Exception {
    startInTurns(List.of(new byte[0], bytes(SIGNED)));

    assertThat(tpm.sign(HANDLE, DIGEST).r().toString(16)).isEqualTo(ONES);
    assertThat(fake.connections()).isEqualTo(2);
  }

  @Test
  void sign_tpmAsksForPatience_isDoneALittleLater() throws Exception {
    startInTurns(List.of(refusal(0x922), refusal(0x90A), refusal(0x908), bytes(SIGNED)));

    assertThat(tpm.sign(HANDLE, DIGEST).r().toString(16)).isEqualTo(ONES);
  }

  @Test
  void sign_tpmAsksForPatienceForEver_endsAtTheTimeLimit() throws Exception {
    start(code -> refusal(0x922));

    assertThatThrownBy(() -> tpm.sign(HANDLE, DIGEST))
        .isInstanceOf(TpmException.class)
        .hasMessage("TPM2_Sign: RETRY (0x922)");
  }

  @Test
  void open_tpmWithoutPowerUntilNow_isStarted() throws Exception {
    Iterator<byte[]> next = List.of(
            refusal(TpmException.INITIALIZE), bytes("8001 0000000a 00000000"), bytes(SIGNED))
        .iterator();
    fake = new FakeTpm(code -> next.next());
    tpm = new Tpm(
        "tpm:test",
        () -> SocketLink.open("127.0.0.1", fake.port(), Duration.ofSeconds(1)),
        Duration.ofSeconds(1));

    tpm.sign(HANDLE, DIGEST);

    assertThat(fake.commands()).containsExactly(0x17A, 0x144, 0x15D);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      0x921   | TPM2_Sign: LOCKOUT (0x921); too many wrong passwords; it opens by itself, or by tpm2_dictionarylockout --clear-lockout
      0x18b   | TPM2_Sign: HANDLE (0x18b) for handle 1
      0x9a2   | TPM2_Sign: BAD_AUTH (0x9a2) for session 1; keys and hierarchies with a password are not for us; see ?parent= for a storage key without
      0x2d5   | TPM2_Sign: SIZE (0x2d5) for parameter 2
      0x101   | TPM2_Sign: FAILURE (0x101); the TPM has failed its self-test, and wants a reset
      0xb0143 | TPM2_Sign: COMMAND_CODE (0xb0143), says the resource manager
      0x1ff   | TPM2_Sign: unknown code (0x1ff) for parameter 1
      """)
  void sign_refused_saysWhatAndWhy(String code, String message) throws IOException {
    start(command -> refusal(Integer.decode(code)));

    assertThatThrownBy(() -> tpm.sign(HANDLE, DIGEST))
        .isInstanceOf(TpmException.class)
        .hasMessage(message);
  }

  @Test
  void sign_afterClose_isRefused() throws Exception {
    start(code -> bytes(SIGNED));
    tpm.sign(HANDLE, DIGEST);
    tpm.close();

    assertThatThrownBy(() -> tpm.sign(HANDLE, DIGEST))
        .isInstanceOf(KeyUnavailableException.class)
        .hasMessage("tpm:test: let go of");
  }

  @Test
  void close_whileACommandHangs_endsThatCommand() throws Exception {
    Duration longerThanTheTest = Duration.ofMinutes(10);
    fake = new FakeTpm(code -> code == TpmCommand.GET_CAPABILITY.code() ? bytes(NO_HANDLES) : null);
    tpm = new Tpm(
        "tpm:test",
        () -> SocketLink.open("127.0.0.1", fake.port(), longerThanTheTest),
        longerThanTheTest);
    CompletableFuture<Throwable> hanging =
        CompletableFuture.supplyAsync(() -> catchThrowable(() -> tpm.sign(HANDLE, DIGEST)));
    await().atMost(LIMIT).until(() -> fake.commands().contains(TpmCommand.SIGN.code()));

    tpm.close();

    assertThat(hanging.get(LIMIT.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(KeyUnavailableException.class)
        .hasMessage("tpm:test: let go of");
  }

  @Test
  void close_whileTheLinkIsOpened_leavesNoLink() throws Exception {
    AtomicBoolean linkClosed = new AtomicBoolean();
    fake = new FakeTpm(code -> null);
    TpmLink link = new TpmLink() {
      @Override
      public byte[] exchange(byte[] command) {
        throw new AssertionError("nobody may use it");
      }

      @Override
      public void close() {
        linkClosed.set(true);
      }
    };
    tpm = new Tpm(
        "tpm:test",
        () -> {
          tpm.close();
          return link;
        },
        Duration.ofSeconds(1));

    assertThatThrownBy(() -> tpm.sign(HANDLE, DIGEST))
        .isInstanceOf(KeyUnavailableException.class)
        .hasMessage("tpm:test: let go of");
    assertThat(linkClosed).isTrue();
  }
}
