-- Operators whom a provider knows have longer names than accounts.
ALTER TABLE saved_view ALTER COLUMN owner SET DATA TYPE VARCHAR(400);
ALTER TABLE bulk_job ALTER COLUMN ordered_by SET DATA TYPE VARCHAR(400);
ALTER TABLE alarm ALTER COLUMN acknowledged_by SET DATA TYPE VARCHAR(400);
