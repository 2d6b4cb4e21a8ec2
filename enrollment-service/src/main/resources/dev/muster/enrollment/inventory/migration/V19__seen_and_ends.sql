-- Until when a device was connected: the end of time while it is, null if it never was. The broker tells.
ALTER TABLE device ADD COLUMN seen_until TIMESTAMP WITH TIME ZONE;
-- When its newest live certificate ends; null if it has none.
ALTER TABLE device ADD COLUMN certificate_ends TIMESTAMP WITH TIME ZONE;

UPDATE device SET certificate_ends = (SELECT MAX(c.not_after) FROM certificate c
  WHERE c.device = device.id AND c.status = 'active');

CREATE INDEX device_seen ON device (seen_until, id);
CREATE INDEX device_ending ON device (certificate_ends, id);
-- All that is asked about a row together with these, so that a page along the ids reads no row that is not in it.
CREATE INDEX device_timely ON device (id, seen_until, certificate_ends, fleet, status, manufacturer);
