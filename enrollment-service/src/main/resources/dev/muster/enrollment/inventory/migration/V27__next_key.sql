-- "released" told that the next new key is let in; that it has to wait for an approval could not be
-- told, and was taken from its last certificate, of which there may be none.
ALTER TABLE device ADD COLUMN next_key VARCHAR(8) DEFAULT 'judged' NOT NULL;
UPDATE device SET next_key = 'let-in' WHERE released;
ALTER TABLE device DROP COLUMN released;
