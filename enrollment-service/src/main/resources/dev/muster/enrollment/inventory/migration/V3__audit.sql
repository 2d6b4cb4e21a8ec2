-- Each entry holds the hash of the one before; nothing is ever changed or taken away.
CREATE TABLE audit_entry (
  seq    BIGINT PRIMARY KEY,
  at     TIMESTAMP WITH TIME ZONE NOT NULL,
  action VARCHAR(64) NOT NULL,
  object VARCHAR(128) NOT NULL,
  entry  VARCHAR(16000) NOT NULL,
  hash   VARCHAR(64) NOT NULL
);

CREATE INDEX audit_entry_object ON audit_entry (object, seq);

-- One row: whoever holds it writes the next entry.
CREATE TABLE audit_head (
  id   INTEGER PRIMARY KEY,
  seq  BIGINT NOT NULL,
  hash VARCHAR(64) NOT NULL
);

INSERT INTO audit_head (id, seq, hash)
  VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
