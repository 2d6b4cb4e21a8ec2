-- Orders to devices, and what came of them. Ids grow with time (UUID version 7).
CREATE TABLE command (
  id            VARCHAR(36) NOT NULL PRIMARY KEY,
  device        VARCHAR(63) NOT NULL,
  name          VARCHAR(64) NOT NULL,
  payload       VARCHAR(65536),
  state         VARCHAR(10) NOT NULL,
  created_us    BIGINT      NOT NULL,
  deadline_us   BIGINT      NOT NULL,
  sent_us       BIGINT,
  ended_us      BIGINT,
  -- What the device answered: also if that was too late to change the state.
  result_status VARCHAR(10),
  result        VARCHAR(65536),
  result_detail VARCHAR(1024),
  result_us     BIGINT
);
CREATE INDEX command_of_device ON command (device, id);
CREATE INDEX command_due ON command (state, deadline_us);
