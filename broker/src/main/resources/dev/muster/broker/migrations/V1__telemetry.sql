-- Times are microseconds since 1970-01-01T00:00:00Z. The same text runs on H2 and on PostgreSQL.

-- What devices sent, as they sent it. The id grows in the order in which messages were committed.
CREATE TABLE message (
  id           BIGINT       NOT NULL PRIMARY KEY,
  fleet        VARCHAR(32)  NOT NULL,
  device       VARCHAR(63)  NOT NULL,
  stream       VARCHAR(64)  NOT NULL,
  boot         VARCHAR(32),
  seq          BIGINT,
  event_us     BIGINT       NOT NULL,
  received_us  BIGINT       NOT NULL,
  content_type VARCHAR(100),
  payload      BYTEA        NOT NULL
);
-- What makes a redelivery one; rows without an identity do not meet in it, their boot being NULL.
CREATE UNIQUE INDEX message_identity ON message (device, stream, boot, seq);
CREATE INDEX message_of_device ON message (device, id);

CREATE TABLE sample (
  message_id BIGINT           NOT NULL,
  place      INTEGER          NOT NULL,
  device     VARCHAR(63)      NOT NULL,
  stream     VARCHAR(64)      NOT NULL,
  metric     VARCHAR(128)     NOT NULL,
  unit       VARCHAR(4096),
  time_us    BIGINT           NOT NULL,
  num        DOUBLE PRECISION,
  txt        VARCHAR(4096),
  bool       BOOLEAN
);
-- The only index: each one more is a page written for nearly every sample.
CREATE INDEX sample_series ON sample (device, stream, metric, time_us);

-- The newest value of each metric by the time of the event, not of its arrival.
CREATE TABLE latest (
  device      VARCHAR(63)      NOT NULL,
  stream      VARCHAR(64)      NOT NULL,
  metric      VARCHAR(128)     NOT NULL,
  unit        VARCHAR(4096),
  time_us     BIGINT           NOT NULL,
  message_id  BIGINT           NOT NULL,
  received_us BIGINT           NOT NULL,
  num         DOUBLE PRECISION,
  txt         VARCHAR(4096),
  bool        BOOLEAN,
  PRIMARY KEY (device, stream, metric)
);

-- What could not be read, with the reason.
CREATE TABLE dead_letter (
  id           BIGINT       NOT NULL PRIMARY KEY,
  fleet        VARCHAR(32)  NOT NULL,
  device       VARCHAR(63)  NOT NULL,
  stream       VARCHAR(64)  NOT NULL,
  boot         VARCHAR(32),
  seq          BIGINT,
  received_us  BIGINT       NOT NULL,
  content_type VARCHAR(100),
  payload      BYTEA        NOT NULL,
  reason       VARCHAR(400) NOT NULL
);
CREATE UNIQUE INDEX dead_letter_identity ON dead_letter (device, stream, boot, seq);
