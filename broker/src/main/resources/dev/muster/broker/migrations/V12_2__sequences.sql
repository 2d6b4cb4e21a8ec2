-- Which sequence numbers of a start of a device (boot) have come: ranges that do not touch each other. What
-- lies between two of them is missing. Kept apart from the messages, which are deleted by age.
CREATE TABLE sequence_range (
  device    VARCHAR(63) NOT NULL,
  boot      VARCHAR(32) NOT NULL,
  first_seq BIGINT      NOT NULL,
  last_seq  BIGINT      NOT NULL,
  -- When the newest of the range was received.
  seen_us   BIGINT      NOT NULL,
  PRIMARY KEY (device, boot, first_seq)
);

-- Up to which row of each table they are counted: written together with what was counted.
CREATE TABLE sequence_mark (
  source VARCHAR(11) NOT NULL PRIMARY KEY,
  id     BIGINT      NOT NULL
);
INSERT INTO sequence_mark (source, id) VALUES ('message', 0), ('dead_letter', 0);
