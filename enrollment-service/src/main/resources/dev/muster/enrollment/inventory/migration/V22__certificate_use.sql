-- When somebody first came with it: to a broker, or to the registrar. Of those from before, nobody has noted it.
ALTER TABLE certificate ADD COLUMN used_at TIMESTAMP WITH TIME ZONE;
