-- The fleets of whoever has ordered a job, with spaces between; empty for all.
ALTER TABLE bulk_job ADD COLUMN fleets VARCHAR(2000) DEFAULT '' NOT NULL;
