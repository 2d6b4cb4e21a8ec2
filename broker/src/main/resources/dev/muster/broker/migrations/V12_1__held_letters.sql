-- When a message that claims to be of the future may be stored; NULL: it could not be read.
ALTER TABLE dead_letter ADD COLUMN due_us BIGINT;
CREATE INDEX dead_letter_due ON dead_letter (due_us);
