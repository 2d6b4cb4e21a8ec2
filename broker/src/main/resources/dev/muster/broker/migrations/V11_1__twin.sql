-- What a device should be like, and what it says it is like: JSON objects, as text.
CREATE TABLE twin (
  device           VARCHAR(63)    NOT NULL PRIMARY KEY,
  desired          VARCHAR(32768) NOT NULL,
  desired_version  BIGINT         NOT NULL,
  desired_us       BIGINT,
  reported         VARCHAR(32768) NOT NULL,
  reported_version BIGINT         NOT NULL,
  reported_us      BIGINT,
  -- The version of desired that the device says it has taken over; 0: none.
  applied_version  BIGINT         NOT NULL
);
