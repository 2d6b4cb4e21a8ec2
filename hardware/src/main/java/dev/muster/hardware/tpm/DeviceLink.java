/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * The kernel's device file: {@code /dev/tpmrm0}, where each program has its own objects, or
 * {@code /dev/tpm0}, which is for one program at a time. How long the TPM may take for an answer is
 * the kernel's to see to: it knows for each command, and reading then fails.
 */
final class DeviceLink implements TpmLink {
  private final FileChannel device;

  private DeviceLink(FileChannel device) {
    this.device = device;
  }

  static DeviceLink open(Path file) throws IOException {
    return new DeviceLink(
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public byte[] exchange(byte[] command) throws IOException {
    // The kernel wants a command in one piece.
    if (device.write(ByteBuffer.wrap(command)) != command.length) {
      throw new IOException("the TPM has not taken a whole command");
    }
    ByteBuffer answer = ByteBuffer.allocate(MAX_ANSWER_BYTES);
    readTo(answer, HEADER_BYTES);
    int size = TpmLink.size(answer.array());
    readTo(answer, size);
    if (answer.position() > size) {
      throw new TpmAnswerException("bytes that nobody asked for");
    }
    return Arrays.copyOf(answer.array(), size);
  }

  /** One read gives all of an answer, except from drivers that are not the kernel's. */
  private void readTo(ByteBuffer answer, int length) throws IOException {
    while (answer.position() < length) {
      if (device.read(answer) <= 0) {
        throw new IOException("the TPM's answer ended after " + answer.position() + " bytes");
      }
    }
  }

  @Override
  public void close() throws IOException {
    device.close();
  }
}
