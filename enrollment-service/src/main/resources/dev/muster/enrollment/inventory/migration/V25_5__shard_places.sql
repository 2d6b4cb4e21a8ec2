-- When places in a shard were last given away: whoever took them may still have some, for a time.
CREATE TABLE crl_places (
  issuer   VARCHAR(16) NOT NULL,
  shard    INTEGER NOT NULL,
  taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (issuer, shard)
);

-- Of those there are, nobody knows.
INSERT INTO crl_places (issuer, shard, taken_at)
  SELECT issuer, shard, CURRENT_TIMESTAMP FROM crl_newest WHERE shard > 0;
