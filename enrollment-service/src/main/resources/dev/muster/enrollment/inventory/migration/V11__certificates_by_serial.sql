-- A certificate is found by its serial number and compared with what is stored: the fingerprint can be computed from that,
-- and its index was written to at a random place with each certificate. The constraint goes with its column.
ALTER TABLE certificate DROP COLUMN fingerprint;
