-- When the usual window closes in which a certificate is renewed: five sixths of its life are over.
ALTER TABLE certificate ADD COLUMN renew_by TIMESTAMP WITH TIME ZONE;
UPDATE certificate SET renew_by = issued_at + (not_after - issued_at) * 5 / 6;
ALTER TABLE certificate ALTER COLUMN renew_by SET NOT NULL;

-- Of a device's live certificates the latest; null if it has none.
ALTER TABLE device ADD COLUMN renew_by TIMESTAMP WITH TIME ZONE;
UPDATE device SET renew_by = (SELECT MAX(c.renew_by) FROM certificate c
  WHERE c.device = device.id AND c.status = 'active');

CREATE INDEX device_renewal ON device (renew_by, id);
DROP INDEX device_timely;
CREATE INDEX device_timely ON device (id, seen_until, certificate_ends, renew_by, fleet, status, manufacturer);
