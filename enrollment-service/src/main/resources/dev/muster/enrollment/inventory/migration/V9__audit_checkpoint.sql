-- What the log's end was at a time, signed: whoever keeps a copy can tell later whether it was rewritten.
CREATE TABLE audit_checkpoint (
  seq       BIGINT PRIMARY KEY,
  at        TIMESTAMP WITH TIME ZONE NOT NULL,
  signed    BYTEA NOT NULL
);
