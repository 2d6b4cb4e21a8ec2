-- In H2, the reference to a device had brought an index of its own, written to at a random place with each certificate. It has
-- a name in no dialect, and goes with its column; the reference comes back when there is an index that serves both.
ALTER TABLE certificate ADD COLUMN holder VARCHAR(63);
UPDATE certificate SET holder = device;
DROP INDEX certificate_device;
ALTER TABLE certificate DROP COLUMN device;
ALTER TABLE certificate RENAME COLUMN holder TO device;
CREATE INDEX certificate_device ON certificate (device, issued_at);
ALTER TABLE certificate ADD CONSTRAINT certificate_of_device FOREIGN KEY (device) REFERENCES device (id);
