-- How far each CA is, as far as it was recorded and audited; the files beside the keys decide.
CREATE TABLE authority (
  id    VARCHAR(16) PRIMARY KEY,
  state VARCHAR(16) NOT NULL,
  since TIMESTAMP WITH TIME ZONE NOT NULL
);
