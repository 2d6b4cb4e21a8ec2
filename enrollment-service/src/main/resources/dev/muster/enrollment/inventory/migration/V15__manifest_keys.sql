-- The SHA-256 of the public key that an announced device's IDevID has; null if its manifest did not tell.
ALTER TABLE manifest_entry ADD COLUMN key_id VARCHAR(64);
