/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  private static final int ROUNDS = Integer.getInteger("journal.rounds", 10);
  private static final long MEBIBYTE = 1024 * 1024;
  private static final long SMALL = 32 * 1024;

  @TempDir
  Path temp;

  private Path folder;

  @BeforeEach
  void chooseFolder() {
    folder = temp.resolve("journal");
  }

  private Journal open(long maxBytes) throws IOException {
    return Journal.open(folder, maxBytes);
  }

  private static Journal.Content content(String text) {
    return new Journal.Content(
        Long.parseLong(text.replaceAll("\\D", "")), text.getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> readAll(Journal journal) throws IOException {
    List<String> texts = new ArrayList<>();
    for (Journal.Entry entry = journal.read(0);
        entry != null;
        entry = journal.read(entry.number() + 1)) {
      texts.add(new String(entry.bytes(), StandardCharsets.UTF_8));
    }
    return texts;
  }

  private void write(int count) throws IOException {
    try (Journal journal = open(MEBIBYTE)) {
      for (int i = 0; i < count; i++) {
        journal.write(List.of(content("record " + i)));
      }
    }
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return all.get(0);
    }
  }

  @Test
  void open_nothingThere_isEmptyAndMakesNothing() throws IOException {
    try (Journal journal = open(MEBIBYTE)) {
      assertThat(readAll(journal)).isEmpty();
    }
    assertThat(folder).doesNotExist();
  }

  @Test
  void write_openedAgain_allAreThereInOrder() throws IOException {
    write(5);

    assertThat(readAll(open(MEBIBYTE)))
        .containsExactly("record 0", "record 1", "record 2", "record 3", "record 4");
  }

  @Test
  void done_outOfOrderAndOpenedAgain_othersAreLeft() throws IOException {
    try (Journal journal = open(MEBIBYTE)) {
      long first = journal.write(List.of(content("a1"), content("a2"), content("a3")));
      journal.done(first + 1);
      journal.noteDone();
    }

    assertThat(readAll(open(MEBIBYTE))).containsExactly("a1", "a3");
  }

  @Test
  void done_notNotedBeforeAKill_isReadAgain() throws IOException {
    Journal killed = open(MEBIBYTE);
    killed.done(killed.write(List.of(content("a1"), content("a2"))));

    assertThat(readAll(open(MEBIBYTE))).containsExactly("a1", "a2");
  }

  @Test
  void done_all_leavesNoFile() throws IOException {
    try (Journal journal = open(MEBIBYTE)) {
      journal.done(journal.write(List.of(content("a1"))));
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void truncated_anywhere_allBeforeTheTearAreThere() throws IOException {
    write(6);
    Path file = onlyFile();
    byte[] whole = Files.readAllBytes(file);
    for (int length = whole.length; length >= 0; length--) {
      Files.write(file, Arrays.copyOf(whole, length));
      List<String> left = readAll(open(MEBIBYTE));

      int least =
          Math.max(0, (whole.length - length == 0 ? 6 : 6 - 1 - (whole.length - length) / 35));
      assertThat(left)
          .as("cut to %d of %d", length, whole.length)
          .hasSizeGreaterThanOrEqualTo(least);
      for (int i = 0; i < left.size(); i++) {
        assertThat(left.get(i)).isEqualTo("record " + i);
      }
    }
  }

  @Test
  void zeroFilled_fromAnywhere_allBeforeAreThereAndNewOnesFollow() throws IOException {
    write(6);
    Path file = onlyFile();
    byte[] whole = Files.readAllBytes(file);
    for (int from = 0; from < whole.length; from += 7) {
      byte[] damaged = whole.clone();
      Arrays.fill(damaged, from, damaged.length, (byte) 0);
      Files.write(file, damaged);
      try (Journal journal = open(MEBIBYTE)) {
        int before = readAll(journal).size();
        journal.write(List.of(content("new 1")));

        assertThat(readAll(journal)).hasSize(before + 1).endsWith("new 1");
      }
      try (Stream<Path> files = Files.list(folder)) {
        for (Path left : files.toList()) {
          Files.delete(left);
        }
      }
    }
  }

  @Test
  void bitFlipped_anywhere_atMostOneRecordIsMissingAndCounted() throws IOException {
    write(6);
    Path file = onlyFile();
    byte[] whole = Files.readAllBytes(file);
    for (int position = 0; position < whole.length; position++) {
      byte[] damaged = whole.clone();
      damaged[position] ^= (byte) (1 << position % 8);
      Files.write(file, damaged);
      Journal journal = open(MEBIBYTE);
      List<String> left = readAll(journal);

      assertThat(left).as("flipped at %d", position).hasSizeBetween(5, 6);
      boolean lastIsMissing = !left.contains("record 5");
      if (left.size() == 5 && !lastIsMissing) {
        assertThat(journal.lost().count()).isEqualTo(1);
      }
    }
  }

  @Test
  void otherFiles_inTheFolder_areLeftAlone() throws IOException {
    write(2);
    Files.writeString(folder.resolve("notes.txt"), "not ours");
    Files.write(folder.resolve("00000000000000ff.log"), new byte[3]);

    assertThat(readAll(open(MEBIBYTE))).containsExactly("record 0", "record 1");
    assertThat(folder.resolve("notes.txt")).hasContent("not ours");
  }

  @Test
  void write_beyondTheLimit_oldestGoAndAreCounted() throws IOException {
    try (Journal journal = open(64 * 1024)) {
      for (int i = 0; i < 1000; i++) {
        journal.write(List.of(content("record " + i + " ".repeat(200))));
      }
      List<String> left = readAll(journal);

      assertThat(journal.bytes()).isLessThanOrEqualTo(64 * 1024);
      assertThat(left.get(left.size() - 1)).startsWith("record 999 ");
      assertThat(left.size() + journal.lost().count()).isEqualTo(1000);
      assertThat(left).hasSizeGreaterThan(200);
      assertThat(journal.lost().fromMs()).isZero();
      assertThat(journal.lost().toMs()).isEqualTo(999 - left.size());
    }
    assertThat(open(64 * 1024).lost().count()).isPositive();
  }

  /** So many that they are in five files of at most 4 KiB: 15 in each, and 7 in the last. */
  private List<Path> writeFiveFiles() throws IOException {
    try (Journal journal = open(SMALL)) {
      for (int i = 0; i < 67; i++) {
        journal.write(List.of(content("record " + i + " ".repeat(220))));
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.sorted().toList();
      assertThat(all).hasSize(5);
      return all;
    }
  }

  /** Reads on when a file could not be read. @return how often that was so */
  private static int readAllPatiently(Journal journal, List<String> texts) {
    int failures = 0;
    for (long wanted = 0; ; ) {
      try {
        Journal.Entry entry = journal.read(wanted);
        if (entry == null) {
          return failures;
        }
        texts.add(new String(entry.bytes(), StandardCharsets.UTF_8).strip());
        wanted = entry.number() + 1;
      } catch (IOException e) {
        assertThat(++failures).as("%s", e).isLessThan(100);
      }
    }
  }

  /** A folder can be opened, and fails to be read: so does a file whose sectors are gone. */
  private static void breakForGood(Path file) throws IOException {
    Files.delete(file);
    Files.createDirectory(file);
  }

  @Test
  void file_cannotBeRead_isWaitedForAndThenPassedOver_andCostsNoOther() throws IOException {
    breakForGood(writeFiveFiles().get(1));
    Journal journal = open(SMALL);
    journal.write(List.of(content("new 1")));

    List<String> left = new ArrayList<>();
    int failures = readAllPatiently(journal, left);

    assertThat(failures).isPositive();
    assertThat(left)
        .hasSize(67 - 15 + 1)
        .startsWith("record 0")
        .contains("record 14", "record 30", "record 66")
        .endsWith("new 1");
    assertThat(journal.lost().count()).isEqualTo(15);
  }

  @Test
  void file_canBeReadAgain_isReadInFull() throws IOException {
    Path file = writeFiveFiles().get(1);
    byte[] whole = Files.readAllBytes(file);
    Journal journal = open(SMALL);
    breakForGood(file);
    assertThatThrownBy(() -> journal.read(20)).isInstanceOf(IOException.class);
    Files.delete(file);
    Files.write(file, whole);

    assertThat(readAll(journal)).hasSize(67);
    assertThat(journal.lost().count()).isZero();
  }

  @Test
  void file_newestCannotBeRead_newOnesAreWrittenAndRead() throws IOException {
    breakForGood(writeFiveFiles().get(4));
    try (Journal journal = open(SMALL)) {
      journal.write(List.of(content("new 1")));
    }

    List<String> left = new ArrayList<>();
    readAllPatiently(open(SMALL), left);

    assertThat(left).hasSize(61).endsWith("new 1");
  }

  @Test
  void write_beyondTheLimit_oldestCannotBeRead_makesRoomAllTheSame() throws IOException {
    Path oldest = writeFiveFiles().get(0);
    breakForGood(oldest);
    Journal journal = open(SMALL);

    for (int i = 0; i < 100; i++) {
      journal.write(List.of(content("new " + i + " ".repeat(220))));
    }

    assertThat(oldest).doesNotExist();
    assertThat(journal.bytes()).isLessThanOrEqualTo(SMALL);
    assertThat(readAll(journal).size() + journal.lost().count()).isEqualTo(167);
  }

  @Test
  void write_noFolderPossible_failsAndLaterSucceeds() throws IOException {
    Files.writeString(folder, "a file where the folder should be");
    Journal journal = Journal.open(folder, MEBIBYTE);
    assertThatThrownBy(() -> journal.write(List.of(content("a1")))).isInstanceOf(IOException.class);

    Files.delete(folder);
    journal.write(List.of(content("a1"), content("a2")));

    assertThat(readAll(journal)).containsExactly("a1", "a2");
    assertThat(journal.lost().count()).isZero();
  }

  @Test
  void write_diskFailsAgainAndAgain_leavesNoFilesBehindAndLosesNothing() throws IOException {
    Journal journal = open(MEBIBYTE);
    journal.write(List.of(content("a1")));
    for (int i = 0; i < 100; i++) {
      Consumer<Journal> failing =
          i % 2 == 0 ? JournalTest::failInTheFolder : JournalTest::failInTheFile;
      failing.accept(journal);
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }

    journal.write(List.of(content("a2")));

    assertThat(readAll(journal)).containsExactly("a1", "a2");
    assertThat(readAll(open(MEBIBYTE))).containsExactly("a1", "a2");
    assertThat(journal.lost().count()).isZero();
  }

  @Test
  void noteDone_diskFails_leavesNoFileBehind() throws IOException {
    write(3);
    Journal journal = open(MEBIBYTE);
    journal.done(2);
    Path before = onlyFile();
    Thread.currentThread().interrupt();

    assertThatThrownBy(journal::noteDone).isInstanceOf(IOException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(onlyFile()).isEqualTo(before);
    journal.noteDone();
    assertThat(readAll(open(MEBIBYTE))).containsExactly("record 0", "record 2");
  }

  @Test
  void write_diskFailsAfterDoneWasNoted_doneStaysDoneOverAKill() throws IOException {
    write(3);
    Journal killed = open(MEBIBYTE);
    killed.done(1);
    killed.noteDone(); // In a file of its own, which holds no record.
    failInTheFile(killed);
    failInTheFolder(killed);

    assertThat(readAll(open(MEBIBYTE))).containsExactly("record 1", "record 2");
  }

  @Test
  void write_diskFailsAfterAllOfTheNewestFileWasDone_doneStaysDoneOverAKill() throws IOException {
    write(3);
    Journal killed = open(MEBIBYTE);
    long newest = killed.write(List.of(content("b1")));
    killed.done(1);
    killed.done(newest);
    killed.noteDone();
    failInTheFile(killed);

    assertThat(readAll(open(MEBIBYTE))).containsExactly("record 1", "record 2");
  }

  @Test
  void write_afterAFileWithoutRecords_isReadBackAndLeavesNoneBehind() throws IOException {
    write(3);
    Journal killed = open(MEBIBYTE);
    killed.done(1);
    killed.noteDone();

    Journal journal = open(MEBIBYTE);
    failInTheFile(journal);
    journal.write(List.of(content("b1")));

    assertThat(readAll(journal)).containsExactly("record 1", "record 2", "b1");
    assertThat(readAll(open(MEBIBYTE))).containsExactly("record 1", "record 2", "b1");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void write_tooLargeForAFileWithoutRecords_isOnTheDisk() throws IOException {
    write(3);
    try (Journal journal = open(SMALL)) {
      journal.done(1);
      journal.noteDone(); // In a file of its own, which holds no record.

      journal.write(List.of(content("large 1" + " ".repeat(4080))));
      journal.write(List.of(content("small 2")));
    }

    Journal reopened = open(SMALL);
    List<String> left = readAll(reopened);
    assertThat(left).hasSize(4).startsWith("record 1", "record 2").endsWith("small 2");
    assertThat(left.get(2)).startsWith("large 1");
    assertThat(reopened.lost().count()).isZero();
  }

  @Test
  void write_afterMoreNotesThanAFileTakes_isOnTheDisk() throws IOException {
    write(200);
    try (Journal journal = open(SMALL)) {
      for (int number = 2; number < 100; number += 2) {
        journal.done(number);
        journal.noteDone();
      }

      journal.write(List.of(content("new 1")));
    }

    assertThat(readAll(open(SMALL))).hasSize(200 - 49 + 1).endsWith("new 1");
  }

  /** An interrupted thread cannot write: here, it cannot even begin a file. */
  private static void failInTheFolder(Journal journal) {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> journal.write(List.of(content("b1"))))
        .isInstanceOf(ClosedByInterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  /** The thread is interrupted after the file was begun, before the record is written to it. */
  private static void failInTheFile(Journal journal) {
    List<Journal.Content> batch = new AbstractList<>() {
      private boolean given;

      @Override
      public Journal.Content get(int index) {
        given = true;
        return content("b1");
      }

      @Override
      public int size() {
        if (given) {
          Thread.currentThread().interrupt();
        }
        return 1;
      }
    };
    assertThatThrownBy(() -> journal.write(batch)).isInstanceOf(ClosedByInterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  /**
   * Against a model, longer with {@code -Djournal.rounds=1000}; every file handle is dropped now
   * and then, as a kill does, and writes fail.
   */
  @Test
  void anything_inAnyOrder_isAsInTheModel() throws IOException {
    for (int seed = 0; seed < ROUNDS; seed++) {
      Random random = new Random(seed);
      folder = temp.resolve("seed" + seed);
      TreeMap<Long, String> model = new TreeMap<>();
      Journal journal = open(MEBIBYTE);
      for (int step = 0; step < 200; step++) {
        int choice = random.nextInt(12);
        if (choice < 5) {
          List<Journal.Content> batch = new ArrayList<>();
          int size = 1 + random.nextInt(4);
          for (int i = 0; i < size; i++) {
            batch.add(content("s" + step + "-" + i + "x".repeat(random.nextInt(3000))));
          }
          long number = journal.write(batch);
          for (Journal.Content written : batch) {
            model.put(number++, new String(written.bytes(), StandardCharsets.UTF_8));
          }
        } else if (choice < 8 && !model.isEmpty()) {
          List<Long> numbers = new ArrayList<>(model.keySet());
          long number = numbers.get(random.nextInt(Math.min(10, numbers.size())));
          journal.done(number);
          model.remove(number);
        } else if (choice == 8) {
          journal.noteDone();
          journal = open(MEBIBYTE);
        } else if (choice == 9) {
          failInTheFile(journal);
        } else if (choice == 10) {
          failInTheFolder(journal);
        } else {
          assertThat(readAll(journal)).as("seed %d", seed).isEqualTo(List.copyOf(model.values()));
        }
      }
      journal.noteDone();
      assertThat(readAll(open(MEBIBYTE))).isEqualTo(List.copyOf(model.values()));
    }
  }
}
