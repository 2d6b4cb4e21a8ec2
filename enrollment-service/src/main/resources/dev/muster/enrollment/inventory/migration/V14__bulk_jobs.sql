-- What was ordered for many devices at once, and what became of each of them.
CREATE TABLE bulk_job (
  id           VARCHAR(32)    PRIMARY KEY,
  work         VARCHAR(16)    NOT NULL,
  details      VARCHAR(20000) NOT NULL,
  ordered_by   VARCHAR(128)   NOT NULL,
  ordered_from VARCHAR(64)    NOT NULL,
  created_at   TIMESTAMP WITH TIME ZONE NOT NULL,
  cancelled_at TIMESTAMP WITH TIME ZONE,
  ended_at     TIMESTAMP WITH TIME ZONE
);

CREATE TABLE bulk_device (
  job    VARCHAR(32)  NOT NULL REFERENCES bulk_job (id),
  device VARCHAR(63)  NOT NULL,
  state  VARCHAR(16)  NOT NULL,
  detail VARCHAR(500),
  PRIMARY KEY (job, device)
);

CREATE INDEX bulk_device_state ON bulk_device (job, state, device);
