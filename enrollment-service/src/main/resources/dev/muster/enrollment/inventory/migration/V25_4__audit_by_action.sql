-- What was refused, for whoever looks for that alone.
CREATE INDEX audit_entry_action ON audit_entry (action, seq);
