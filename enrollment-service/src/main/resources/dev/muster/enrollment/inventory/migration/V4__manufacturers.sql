-- The terms on which a manufacturer's devices come in.
ALTER TABLE manufacturer ADD COLUMN identity VARCHAR(128) DEFAULT 'subject.serialNumber' NOT NULL;
ALTER TABLE manufacturer ADD COLUMN expired_idevids BOOLEAN DEFAULT FALSE NOT NULL;
ALTER TABLE manufacturer ADD COLUMN future_tolerance_s BIGINT DEFAULT 300 NOT NULL;
ALTER TABLE manufacturer ADD COLUMN renewal_grace_s BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE manufacturer ADD COLUMN claim_required BOOLEAN DEFAULT FALSE NOT NULL;
ALTER TABLE manufacturer ADD COLUMN crl_mode VARCHAR(8) DEFAULT 'closed' NOT NULL;
ALTER TABLE manufacturer ADD COLUMN distrusted_from TIMESTAMP WITH TIME ZONE;
ALTER TABLE manufacturer ADD COLUMN distrust_renewals BOOLEAN DEFAULT FALSE NOT NULL;

ALTER TABLE manufacturer_ca ADD COLUMN proven_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE manufacturer_ca ADD COLUMN challenge VARCHAR(64);
ALTER TABLE manufacturer_ca ADD COLUMN challenge_until TIMESTAMP WITH TIME ZONE;
ALTER TABLE manufacturer_ca ADD COLUMN distrusted_from TIMESTAMP WITH TIME ZONE;
ALTER TABLE manufacturer_ca ADD COLUMN distrust_renewals BOOLEAN DEFAULT FALSE NOT NULL;
ALTER TABLE manufacturer_ca ADD COLUMN crl_url VARCHAR(500);

-- Those registered before anybody asked for proof have been letting devices in and go on doing so.
UPDATE manufacturer_ca SET proven_at = added_at;

CREATE INDEX manufacturer_ca_manufacturer ON manufacturer_ca (manufacturer);

-- The newest CRL of a manufacturer's CA.
CREATE TABLE manufacturer_crl (
  ca          VARCHAR(64) PRIMARY KEY REFERENCES manufacturer_ca (fingerprint),
  this_update TIMESTAMP WITH TIME ZONE NOT NULL,
  next_update TIMESTAMP WITH TIME ZONE,
  crl         BYTEA NOT NULL,
  stored_at   TIMESTAMP WITH TIME ZONE NOT NULL
);

-- Counts changes of manufacturers and fleets, so that each service process can tell cheaply
-- whether what it has in memory is of today.
CREATE TABLE trust_version (
  id      INTEGER PRIMARY KEY,
  version BIGINT NOT NULL
);

INSERT INTO trust_version (id, version) VALUES (1, 0);

-- By whose signature a device came in.
ALTER TABLE device ADD COLUMN idevid_ca VARCHAR(64);
ALTER TABLE device ADD COLUMN idevid_serial VARCHAR(40);

CREATE INDEX device_manufacturer ON device (manufacturer, id);
