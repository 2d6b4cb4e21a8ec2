-- Up to which position of the journal in front of it the database holds what was acknowledged: written
-- together with that. 0 where there is no journal.
CREATE TABLE ingest_journal (
  only_row INTEGER NOT NULL PRIMARY KEY,
  position BIGINT  NOT NULL
);
INSERT INTO ingest_journal (only_row, position) VALUES (1, 0);
