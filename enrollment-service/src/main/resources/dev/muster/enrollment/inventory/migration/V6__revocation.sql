-- The CRL besides the complete one that names a certificate, by its distribution point; 0 if none.
ALTER TABLE certificate ADD COLUMN shard INTEGER DEFAULT 0 NOT NULL;

-- What CRLs are made from: small rows, so that a hundred thousand are read in no time. A row stays
-- until a CRL made after the end of the certificate has named it (RFC 5280, 3.3).
CREATE TABLE revocation (
  serial        VARCHAR(40) PRIMARY KEY,
  issuer        VARCHAR(16) NOT NULL,
  shard         INTEGER NOT NULL,
  not_after     TIMESTAMP WITH TIME ZONE NOT NULL,
  reason        VARCHAR(32) NOT NULL,
  revoked_at    TIMESTAMP WITH TIME ZONE NOT NULL,
  invalid_since TIMESTAMP WITH TIME ZONE
);

INSERT INTO revocation (serial, issuer, shard, not_after, reason, revoked_at)
  SELECT serial, issuer, 0, not_after, COALESCE(reason, 'unspecified'),
    COALESCE(revoked_at, issued_at) FROM certificate WHERE status IN ('revoked', 'held');

DROP INDEX certificate_status;

-- Which shards still have certificates that have not ended.
CREATE INDEX certificate_ending ON certificate (issuer, not_after, shard);

-- One row for each issuer: the last number given to a CRL.
CREATE TABLE crl_sequence (
  issuer VARCHAR(16) PRIMARY KEY,
  number BIGINT NOT NULL
);

INSERT INTO crl_sequence (issuer, number) SELECT issuer, MAX(number) FROM crl GROUP BY issuer;

-- The newest CRL of each shard; the complete one is shard 0. Its bytes stand apart, because what
-- is asked most often is when it was made.
CREATE TABLE crl_newest (
  issuer      VARCHAR(16) NOT NULL,
  shard       INTEGER NOT NULL,
  number      BIGINT NOT NULL,
  this_update TIMESTAMP WITH TIME ZONE NOT NULL,
  next_update TIMESTAMP WITH TIME ZONE NOT NULL,
  entries     INTEGER NOT NULL,
  digest      VARCHAR(64) NOT NULL,
  url         VARCHAR(500) NOT NULL,
  PRIMARY KEY (issuer, shard)
);

CREATE TABLE crl_content (
  issuer VARCHAR(16) NOT NULL,
  shard  INTEGER NOT NULL,
  number BIGINT NOT NULL,
  crl    BYTEA NOT NULL,
  PRIMARY KEY (issuer, shard)
);

DROP TABLE crl;

-- One row for each issuer: the shard that is being filled, how much of it is given away, and what
-- its URL begins with: a shard's certificates all name one and the same.
CREATE TABLE crl_shard (
  issuer VARCHAR(16) PRIMARY KEY,
  base   VARCHAR(400) NOT NULL,
  shard  INTEGER NOT NULL,
  used   INTEGER NOT NULL
);
