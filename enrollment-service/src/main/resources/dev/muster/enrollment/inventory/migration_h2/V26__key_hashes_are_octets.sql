-- Hashes of keys as what they are, 32 octets, no longer as 64 digits: with each certificate, indexes of them are written at
-- random places, and by pages. That half of them is read like a UUID is the way in which H2 reads digits.
ALTER TABLE certificate ALTER COLUMN public_key SET DATA TYPE BYTEA
  USING CAST(CAST(SUBSTRING(public_key FROM 1 FOR 32) AS UUID) AS BYTEA)
    || CAST(CAST(SUBSTRING(public_key FROM 33) AS UUID) AS BYTEA);
ALTER TABLE device ALTER COLUMN factory_key SET DATA TYPE BYTEA
  USING CAST(CAST(SUBSTRING(factory_key FROM 1 FOR 32) AS UUID) AS BYTEA)
    || CAST(CAST(SUBSTRING(factory_key FROM 33) AS UUID) AS BYTEA);
