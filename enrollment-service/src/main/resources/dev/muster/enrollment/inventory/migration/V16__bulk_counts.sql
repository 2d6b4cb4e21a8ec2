-- How many devices of a job are how far: lists of jobs need not count them.
ALTER TABLE bulk_job ADD COLUMN devices INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE bulk_job ADD COLUMN devices_done INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE bulk_job ADD COLUMN devices_unchanged INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE bulk_job ADD COLUMN devices_refused INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE bulk_job ADD COLUMN devices_cancelled INTEGER DEFAULT 0 NOT NULL;

UPDATE bulk_job SET
  devices = (SELECT COUNT(*) FROM bulk_device d WHERE d.job = bulk_job.id),
  devices_done = (SELECT COUNT(*) FROM bulk_device d WHERE d.job = bulk_job.id AND d.state = 'done'),
  devices_unchanged = (SELECT COUNT(*) FROM bulk_device d WHERE d.job = bulk_job.id AND d.state = 'unchanged'),
  devices_refused = (SELECT COUNT(*) FROM bulk_device d WHERE d.job = bulk_job.id AND d.state = 'refused'),
  devices_cancelled = (SELECT COUNT(*) FROM bulk_device d WHERE d.job = bulk_job.id AND d.state = 'cancelled');
