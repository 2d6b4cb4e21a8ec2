-- The name by template of each device announced without a name of its own, so that it can be
-- reserved. An index on an expression is beyond H2.
ALTER TABLE manifest_entry ADD COLUMN template_id VARCHAR(100);

UPDATE manifest_entry SET template_id = LOWER(manufacturer || '-' || serial) WHERE device IS NULL;

CREATE INDEX manifest_entry_template ON manifest_entry (template_id);
