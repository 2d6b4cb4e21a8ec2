-- Hashes of keys as what they are, 32 octets, no longer as 64 digits: with each certificate, indexes of them are written at
-- random places, and by pages.
ALTER TABLE certificate ALTER COLUMN public_key SET DATA TYPE BYTEA
  USING DECODE(public_key, 'hex');
ALTER TABLE device ALTER COLUMN factory_key SET DATA TYPE BYTEA
  USING DECODE(factory_key, 'hex');
