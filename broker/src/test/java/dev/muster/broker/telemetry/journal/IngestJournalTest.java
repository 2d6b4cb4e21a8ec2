/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.broker.telemetry.FlushingDisk;
import dev.muster.broker.telemetry.FullChannel;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestJournalTest {
  @TempDir
  Path folder;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> texts(IngestJournal journal, long from) throws IOException {
    return journal.read(from, 1_000, Long.MAX_VALUE).entries().stream()
        .map(entry -> new String(entry.content(), StandardCharsets.UTF_8))
        .toList();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> names = Files.list(folder)) {
      return names.sorted().toList();
    }
  }

  @Test
  void records_areReadInTheirOrder_fromAnyOfThem() throws IOException {
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      journal.append(List.of(bytes("a"), bytes("")));
      journal.append(List.of(bytes("c")));
      assertThat(texts(journal, 0)).containsExactly("a", "", "c");
      List<IngestJournal.Entry> first = journal.read(0, 1, Long.MAX_VALUE).entries();
      assertThat(texts(journal, first.get(0).next())).containsExactly("", "c");
      assertThat(texts(journal, journal.end())).isEmpty();
      assertThat(journal.read(0, 1_000, 1).entries())
          .as("enough after one byte")
          .hasSize(1);
    }
  }

  @Test
  void append_returnsWhenItsRecordsAreFlushed_andFailsIfThatFails() throws IOException {
    FlushingDisk disk = new FlushingDisk();
    try (IngestJournal journal = JournalOnDisk.open(folder, 0, disk)) {
      journal.append(List.of(bytes("a"), bytes("b")));
      assertThat(disk.flushes()).as("one for both").isEqualTo(1);
      disk.beforeFlush(() -> {
        throw new IOException("written, and not flushed");
      });
      assertThatThrownBy(() -> journal.append(List.of(bytes("lost"))))
          .hasMessage("written, and not flushed");
      assertThat(texts(journal, 0)).containsExactly("a", "b");
      disk.beforeFlush(() -> {});
      journal.append(List.of(bytes("c")));
      assertThat(texts(journal, 0)).containsExactly("a", "b", "c");
      assertThat(disk.flushes()).isEqualTo(2);
    }
  }

  @Test
  void whatWasAppended_isThereAfterAStart_andPositionsGoOn() throws IOException {
    long end;
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      journal.append(List.of(bytes("a")));
      end = journal.end();
    }
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      assertThat(journal.end()).isEqualTo(end);
      journal.append(List.of(bytes("b")));
      assertThat(texts(journal, 0)).containsExactly("a", "b");
    }
    try (IngestJournal journal = IngestJournal.open(folder, end + 100)) {
      assertThat(journal.end()).as("the database counts further").isEqualTo(end + 100);
    }
  }

  @Test
  void aWriteThatWasCutOff_atAnyByte_leavesWhatCameBefore() throws IOException {
    long promised;
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      journal.append(List.of(bytes("a"), bytes("b")));
      promised = journal.end();
      journal.append(List.of(bytes("cut off")));
    }
    Path file = files().get(0);
    byte[] whole = Files.readAllBytes(file);
    for (int length = (int) promised; length < whole.length; length++) {
      for (boolean zeros : List.of(false, true)) {
        byte[] torn = new byte[zeros ? whole.length : length];
        System.arraycopy(whole, 0, torn, 0, length);
        Files.write(file, torn);
        try (IngestJournal journal = IngestJournal.open(folder, 0)) {
          assertThat(texts(journal, 0)).containsExactly("a", "b");
          journal.append(List.of(bytes("d")));
          assertThat(texts(journal, 0)).containsExactly("a", "b", "d");
          assertThat(journal.damagedBytes()).isZero();
        }
        Files.delete(files().get(1));
      }
    }
  }

  @Test
  void damageInTheMiddle_isPassedOver_countedAndKept() throws IOException {
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      journal.append(List.of(bytes("a"), bytes("b"), bytes("c")));
    }
    Path file = files().get(0);
    byte[] content = Files.readAllBytes(file);
    content[content.length / 2] ^= 1;
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      journal.append(List.of(bytes("d")));
      Files.write(file, content);
      assertThat(texts(journal, 0)).containsExactly("a", "d");
      assertThat(journal.damagedBytes()).isEqualTo(18);
      journal.release(journal.end());
      assertThat(files()).anyMatch(path -> path.toString().endsWith(".damaged"));
    }
  }

  @Test
  void files_goOnceWhatTheyHoldIsReleased() throws IOException {
    byte[] big = new byte[3 * 1024 * 1024];
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      for (int i = 0; i < 9; i++) {
        journal.append(List.of(big));
      }
      assertThat(files()).hasSize(3);
      journal.release(journal.read(0, 3, Long.MAX_VALUE).next());
      assertThat(logs()).hasSize(2);
      journal.discard();
    }
    assertThat(files()).isEmpty();
    assertThat(IngestJournal.isUsed(folder)).isFalse();
  }

  @Test
  void releasedFile_isWrittenOver_andWhatItHeldIsNeverReadAgain() throws IOException {
    byte[] big = new byte[1024 * 1024];
    long end;
    Object first;
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      first = inode(appendUntilItRolls(journal, big));
      appendUntilItRolls(journal, big);
      journal.release(journal.end());
      assertThat(files()).extracting(Path::getFileName).contains(Path.of("spare"));
      assertThat(inode(appendUntilItRolls(journal, big)))
          .as("in the bytes of the first file")
          .isEqualTo(first);
      journal.release(journal.end());
      journal.append(List.of(bytes("a")));
      end = journal.end();
    }
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      assertThat(journal.end()).as("not in what was there before").isEqualTo(end);
      journal.append(List.of(bytes("b")));
      List<String> read = texts(journal, end - Frame.HEADER - 1);
      assertThat(read).containsExactly("a", "b");
      assertThat(journal.damagedBytes()).isZero();
      journal.discard();
    }
    assertThat(files()).isEmpty();
  }

  /** @return the file that is begun */
  private Path appendUntilItRolls(IngestJournal journal, byte[] record) throws IOException {
    List<Path> before = logs();
    while (logs().size() <= before.size()) {
      journal.append(List.of(record));
    }
    List<Path> now = logs();
    return now.get(now.size() - 1);
  }

  private List<Path> logs() throws IOException {
    return files().stream().filter(path -> path.toString().endsWith(".log")).toList();
  }

  private static Object inode(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  @Test
  void recordsOfAllSizes_comeBack() throws IOException {
    Random random = new Random(1);
    List<byte[]> all = new ArrayList<>();
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      for (int i = 0; i < 50; i++) {
        List<byte[]> batch = Stream.generate(
                () -> new byte[random.nextInt(1 << random.nextInt(18))])
            .limit(random.nextInt(20))
            .toList();
        batch.forEach(random::nextBytes);
        all.addAll(batch);
        journal.append(batch);
      }
      assertThat(journal.read(0, 10_000, Long.MAX_VALUE).entries().stream()
              .map(IngestJournal.Entry::content)
              .toList())
          .containsExactlyElementsOf(all);
    }
  }

  @Test
  void fullDisk_isSaid_leavesNoTrace_andPasses() throws IOException {
    FullDisk disk = new FullDisk();
    try (IngestJournal journal = IngestJournal.open(folder, 0, disk)) {
      journal.append(List.of(bytes("a")));
      disk.full = true;
      for (int i = 0; i < 5; i++) {
        assertThatThrownBy(() -> journal.append(List.of(bytes("lost"))))
            .isInstanceOf(IOException.class);
      }
      assertThat(files()).hasSizeLessThanOrEqualTo(2);
      assertThat(texts(journal, 0)).containsExactly("a");
      disk.full = false;
      journal.append(List.of(bytes("b")));
      assertThat(texts(journal, 0)).containsExactly("a", "b");
    }
    try (IngestJournal journal = IngestJournal.open(folder, 0)) {
      assertThat(texts(journal, 0)).containsExactly("a", "b");
    }
  }

  /** Takes half of what is written, then no more; and does not flush. */
  private static final class FullDisk implements IngestJournal.Disk {
    private volatile boolean full;

    @Override
    public FileChannel open(Path path, Set<? extends OpenOption> options) throws IOException {
      FileChannel channel = FileChannel.open(path, options);
      return options.contains(StandardOpenOption.WRITE)
          ? new FullChannel(channel, () -> full)
          : channel;
    }
  }
}
