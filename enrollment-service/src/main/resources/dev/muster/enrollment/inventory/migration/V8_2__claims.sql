-- Only the hash of a token is kept: the token itself is shown once, to who made it.
CREATE TABLE claim_token (
  id           VARCHAR(16) PRIMARY KEY,
  token_hash   VARCHAR(64) NOT NULL UNIQUE,
  manufacturer VARCHAR(32) NOT NULL REFERENCES manufacturer (name),
  serial       VARCHAR(64),
  created_at   TIMESTAMP WITH TIME ZONE NOT NULL,
  expires_at   TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at   TIMESTAMP WITH TIME ZONE,
  used_at      TIMESTAMP WITH TIME ZONE,
  used_by      VARCHAR(63),
  used_key     VARCHAR(64)
);

CREATE INDEX claim_token_manufacturer ON claim_token (manufacturer, id);

-- Manufacturers whose devices need a token besides their IDevID.
CREATE TABLE claim_rule (
  manufacturer VARCHAR(32) PRIMARY KEY REFERENCES manufacturer (name)
);

-- A device that came by a token has no factory key.
ALTER TABLE device ALTER COLUMN factory_key DROP NOT NULL;
ALTER TABLE device ADD COLUMN identified_by VARCHAR(16) DEFAULT 'idevid' NOT NULL;
