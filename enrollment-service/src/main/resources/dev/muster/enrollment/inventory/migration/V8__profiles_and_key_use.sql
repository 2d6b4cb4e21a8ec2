-- Where an operator allows it, a key is certified again for the same device: then key_use counts.
-- For two devices, or for two requests at once, it stays unique. The constraint on public_key alone
-- has a name in no dialect; it goes with its column.
ALTER TABLE certificate ADD COLUMN key_hash VARCHAR(64);
UPDATE certificate SET key_hash = public_key;
ALTER TABLE certificate DROP COLUMN public_key;
ALTER TABLE certificate RENAME COLUMN key_hash TO public_key;
ALTER TABLE certificate ALTER COLUMN public_key SET NOT NULL;
ALTER TABLE certificate ADD COLUMN key_use INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE certificate ADD CONSTRAINT certificate_key UNIQUE (public_key, key_use);

-- The named profile it was issued under; null for the base one.
ALTER TABLE certificate ADD COLUMN profile VARCHAR(32);
