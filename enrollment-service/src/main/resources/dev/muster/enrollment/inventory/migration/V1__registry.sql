-- One dialect for H2 and PostgreSQL.
CREATE TABLE manufacturer (
  name       VARCHAR(32) PRIMARY KEY,
  admission  VARCHAR(16) NOT NULL,
  fleet      VARCHAR(32),
  created_at TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE TABLE manufacturer_ca (
  fingerprint  VARCHAR(64) PRIMARY KEY,
  manufacturer VARCHAR(32) NOT NULL REFERENCES manufacturer (name),
  certificate  BYTEA NOT NULL,
  added_at     TIMESTAMP WITH TIME ZONE NOT NULL
);

CREATE TABLE manifest_entry (
  manufacturer VARCHAR(32) NOT NULL REFERENCES manufacturer (name),
  serial       VARCHAR(64) NOT NULL,
  fleet        VARCHAR(32),
  device       VARCHAR(63) UNIQUE,
  tags         VARCHAR(1000),
  added_at     TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (manufacturer, serial)
);

CREATE TABLE device (
  id           VARCHAR(63) PRIMARY KEY,
  fleet        VARCHAR(32) NOT NULL,
  manufacturer VARCHAR(32) NOT NULL REFERENCES manufacturer (name),
  serial       VARCHAR(64) NOT NULL,
  factory_key  VARCHAR(64) NOT NULL,
  status       VARCHAR(16) NOT NULL,
  released     BOOLEAN NOT NULL,
  created_at   TIMESTAMP WITH TIME ZONE NOT NULL,
  enrolled_at  TIMESTAMP WITH TIME ZONE,
  UNIQUE (manufacturer, serial)
);

CREATE INDEX device_factory_key ON device (factory_key);

-- A public key is certified once, whoever asks.
CREATE TABLE certificate (
  serial      VARCHAR(40) PRIMARY KEY,
  issuer      VARCHAR(16) NOT NULL,
  role        VARCHAR(32) NOT NULL,
  device      VARCHAR(63) REFERENCES device (id),
  replaces    VARCHAR(40),
  fingerprint VARCHAR(64) NOT NULL UNIQUE,
  public_key  VARCHAR(64) NOT NULL UNIQUE,
  not_after   TIMESTAMP WITH TIME ZONE NOT NULL,
  issued_at   TIMESTAMP WITH TIME ZONE NOT NULL,
  status      VARCHAR(16) NOT NULL,
  reason      VARCHAR(32),
  revoked_at  TIMESTAMP WITH TIME ZONE,
  certificate BYTEA NOT NULL
);

CREATE INDEX certificate_device ON certificate (device, issued_at);
CREATE INDEX certificate_status ON certificate (status, issuer);

CREATE TABLE pending_enrollment (
  device     VARCHAR(63) NOT NULL REFERENCES device (id),
  public_key VARCHAR(64) NOT NULL,
  state      VARCHAR(16) NOT NULL,
  reason     VARCHAR(200) NOT NULL,
  since      TIMESTAMP WITH TIME ZONE NOT NULL,
  last_seen  TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (device, public_key)
);

CREATE TABLE crl (
  issuer      VARCHAR(16) NOT NULL,
  number      BIGINT NOT NULL,
  this_update TIMESTAMP WITH TIME ZONE NOT NULL,
  next_update TIMESTAMP WITH TIME ZONE NOT NULL,
  crl         BYTEA NOT NULL,
  PRIMARY KEY (issuer, number)
);
