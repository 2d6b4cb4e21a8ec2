-- How often a device has changed hands; certificates of an earlier epoch are revoked.
ALTER TABLE device ADD COLUMN epoch INTEGER DEFAULT 0 NOT NULL;

CREATE INDEX device_fleet ON device (fleet, id);
CREATE INDEX device_status ON device (status, id);
CREATE INDEX device_fleet_status ON device (fleet, status, id);

CREATE TABLE device_tag (
  device    VARCHAR(63) NOT NULL REFERENCES device (id),
  name      VARCHAR(32) NOT NULL,
  tag_value VARCHAR(64) NOT NULL,
  PRIMARY KEY (device, name)
);

CREATE INDEX device_tag_value ON device_tag (name, tag_value, device);

CREATE TABLE device_group (
  device VARCHAR(63) NOT NULL REFERENCES device (id),
  name   VARCHAR(32) NOT NULL,
  PRIMARY KEY (device, name)
);

CREATE INDEX device_group_name ON device_group (name, device);

-- The manifests taken in: by whom signed (null if by nobody), and what came of them.
CREATE TABLE manifest (
  manufacturer VARCHAR(32) NOT NULL REFERENCES manufacturer (name),
  sha256       VARCHAR(64) NOT NULL,
  signer       VARCHAR(500),
  added        INTEGER NOT NULL,
  refused      INTEGER NOT NULL,
  imported_at  TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (manufacturer, sha256)
);

-- What an operator should look at, until one has.
CREATE TABLE alarm (
  id              VARCHAR(36) PRIMARY KEY,
  kind            VARCHAR(32) NOT NULL,
  device          VARCHAR(63) NOT NULL,
  detail          VARCHAR(500) NOT NULL,
  raised_at       TIMESTAMP WITH TIME ZONE NOT NULL,
  acknowledged_at TIMESTAMP WITH TIME ZONE,
  acknowledged_by VARCHAR(200)
);

CREATE INDEX alarm_raised ON alarm (acknowledged_at, raised_at);
