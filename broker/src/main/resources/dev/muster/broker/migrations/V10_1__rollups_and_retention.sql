-- The last ids given away. A writer takes the row before it writes, so that ids grow in the order of
-- commits even with several brokers on one database, and none is used again after its message is gone.
CREATE TABLE telemetry_ids (
  only_row    INTEGER NOT NULL PRIMARY KEY,
  message     BIGINT  NOT NULL,
  dead_letter BIGINT  NOT NULL
);
INSERT INTO telemetry_ids (only_row, message, dead_letter) VALUES
  (1, (SELECT COALESCE(MAX(id), 0) FROM message), (SELECT COALESCE(MAX(id), 0) FROM dead_letter));

-- The rollups read samples in the order of commits, and old ones are deleted in it. Grows at its end only.
CREATE INDEX sample_of_message ON sample (message_id);

-- As before, and with what orders values of one time: a page of values is read without sorting the rest.
DROP INDEX sample_series;
CREATE INDEX sample_in_order ON sample (device, stream, metric, time_us, message_id, place);

-- Names a series in the rollups, and breaks ties among values of one time.
ALTER TABLE latest ADD COLUMN series BIGINT GENERATED ALWAYS AS IDENTITY;
ALTER TABLE latest ADD COLUMN seq BIGINT;

-- Numbers of a series within a minute, an hour, a day (UTC). Where: series * 2^32 + 2^31 + the number of
-- the minute, hour or day since 1970. H2 keeps rows in the order of a BIGINT primary key, so that what
-- a query reads lies together, and there is no other index to write.
CREATE TABLE rollup_1m (
  place    BIGINT           NOT NULL PRIMARY KEY,
  number   BIGINT           NOT NULL,
  lowest    DOUBLE PRECISION NOT NULL,
  highest     DOUBLE PRECISION NOT NULL,
  mean     DOUBLE PRECISION NOT NULL,
  last_num DOUBLE PRECISION NOT NULL,
  last_us  BIGINT           NOT NULL,
  last_seq BIGINT           NOT NULL
);
CREATE TABLE rollup_1h (
  place    BIGINT           NOT NULL PRIMARY KEY,
  number   BIGINT           NOT NULL,
  lowest    DOUBLE PRECISION NOT NULL,
  highest     DOUBLE PRECISION NOT NULL,
  mean     DOUBLE PRECISION NOT NULL,
  last_num DOUBLE PRECISION NOT NULL,
  last_us  BIGINT           NOT NULL,
  last_seq BIGINT           NOT NULL
);
CREATE TABLE rollup_1d (
  place    BIGINT           NOT NULL PRIMARY KEY,
  number   BIGINT           NOT NULL,
  lowest    DOUBLE PRECISION NOT NULL,
  highest     DOUBLE PRECISION NOT NULL,
  mean     DOUBLE PRECISION NOT NULL,
  last_num DOUBLE PRECISION NOT NULL,
  last_us  BIGINT           NOT NULL,
  last_seq BIGINT           NOT NULL
);

-- Up to which message each of them has counted: written together with what it counted.
CREATE TABLE rollup_mark (
  tier    VARCHAR(2) NOT NULL PRIMARY KEY,
  message BIGINT     NOT NULL
);
INSERT INTO rollup_mark (tier, message) VALUES ('1m', 0), ('1h', 0), ('1d', 0);
