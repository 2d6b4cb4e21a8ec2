-- Which certificate each CA has: two servers with CAs of one name and different keys notice each other.
ALTER TABLE authority ADD COLUMN fingerprint VARCHAR(64);
