-- Whether a claim token is demanded is one of the manufacturer's terms, and stands nowhere else.
UPDATE manufacturer SET claim_required = TRUE WHERE name IN (SELECT manufacturer FROM claim_rule);
DROP TABLE claim_rule;
UPDATE trust_version SET version = version + 1 WHERE id = 1;
