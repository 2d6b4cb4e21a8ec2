-- The claim tokens of a device that leaves.
CREATE INDEX claim_token_device ON claim_token (manufacturer, serial);

-- Whether something was taken back since a CRL was made.
CREATE INDEX revocation_at ON revocation (issuer, revoked_at);

-- Of a program's certificate, where an alarm is about one.
ALTER TABLE alarm ADD COLUMN subject VARCHAR(500);
