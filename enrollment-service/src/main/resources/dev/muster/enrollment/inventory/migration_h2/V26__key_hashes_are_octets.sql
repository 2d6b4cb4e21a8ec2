-- Hashes of keys as what they are, 32 octets, no longer as 64 digits: with each certificate, indexes of them are written at
-- random places, and by pages. That half of them is read like a UUID is the way in which H2 reads digits.
ALTER TABLE certificate ADD COLUMN key_hash BYTEA;
UPDATE certificate SET key_hash = CAST(CAST(SUBSTRING(public_key FROM 1 FOR 32) AS UUID) AS BYTEA)
  || CAST(CAST(SUBSTRING(public_key FROM 33) AS UUID) AS BYTEA);
ALTER TABLE certificate DROP CONSTRAINT certificate_key;
ALTER TABLE certificate DROP COLUMN public_key;
ALTER TABLE certificate RENAME COLUMN key_hash TO public_key;
ALTER TABLE certificate ALTER COLUMN public_key SET NOT NULL;
ALTER TABLE certificate ADD CONSTRAINT certificate_key UNIQUE (public_key, key_use);

ALTER TABLE device ADD COLUMN key_hash BYTEA;
UPDATE device SET key_hash = CAST(CAST(SUBSTRING(factory_key FROM 1 FOR 32) AS UUID) AS BYTEA)
  || CAST(CAST(SUBSTRING(factory_key FROM 33) AS UUID) AS BYTEA);
DROP INDEX device_factory_key;
ALTER TABLE device DROP COLUMN factory_key;
ALTER TABLE device RENAME COLUMN key_hash TO factory_key;
CREATE INDEX device_factory_key ON device (factory_key);
