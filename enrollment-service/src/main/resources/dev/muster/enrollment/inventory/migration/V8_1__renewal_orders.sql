-- What an operator wants renewed before its time.
CREATE TABLE renewal_order (
  id            VARCHAR(36) PRIMARY KEY,
  issuer        VARCHAR(16),
  fleet         VARCHAR(32),
  issued_before TIMESTAMP WITH TIME ZONE NOT NULL,
  opens         TIMESTAMP WITH TIME ZONE NOT NULL,
  closes        TIMESTAMP WITH TIME ZONE NOT NULL
);
