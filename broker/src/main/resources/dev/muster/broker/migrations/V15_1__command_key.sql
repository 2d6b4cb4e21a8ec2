-- Which command was made for a request that may be sent again; the key that it came with is not kept.
CREATE TABLE command_key (
  id      VARCHAR(64) NOT NULL PRIMARY KEY,
  request VARCHAR(64) NOT NULL,
  command VARCHAR(36) NOT NULL,
  kept_us BIGINT      NOT NULL
);
CREATE INDEX command_key_kept ON command_key (kept_us);
