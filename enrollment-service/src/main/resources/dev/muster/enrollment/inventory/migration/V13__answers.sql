-- What was made for a request that may be sent again. The key that it came with is not kept, and opens the answer.
CREATE TABLE answer (
  key_id  VARCHAR(64) PRIMARY KEY,
  request VARCHAR(64) NOT NULL,
  sealed  BYTEA NOT NULL,
  kept_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE INDEX answer_kept ON answer (kept_at);
