-- Whether a device is connected, and since when it is so.
CREATE TABLE presence (
  device   VARCHAR(63)  NOT NULL PRIMARY KEY,
  fleet    VARCHAR(32)  NOT NULL,
  online   BOOLEAN      NOT NULL,
  since_us BIGINT       NOT NULL,
  reason   VARCHAR(200) NOT NULL
);

-- The connections of devices, each until its end. The id grows with time.
CREATE TABLE device_connection (
  id              BIGINT       NOT NULL PRIMARY KEY,
  device          VARCHAR(63)  NOT NULL,
  connected_us    BIGINT       NOT NULL,
  disconnected_us BIGINT,
  reason          VARCHAR(200),
  address         VARCHAR(64)  NOT NULL,
  mqtt            VARCHAR(5)   NOT NULL,
  tls             VARCHAR(20)  NOT NULL,
  cipher          VARCHAR(100) NOT NULL,
  certificate     VARCHAR(64)  NOT NULL
);
CREATE INDEX device_connection_of_device ON device_connection (device, id);
CREATE INDEX device_connection_age ON device_connection (connected_us);

-- Sessions that throw each other out, or come too often.
CREATE TABLE session_alarm (
  id              BIGINT       NOT NULL PRIMARY KEY,
  kind            VARCHAR(10)  NOT NULL,
  client          VARCHAR(128) NOT NULL,
  subject         VARCHAR(200) NOT NULL,
  certificate     VARCHAR(64)  NOT NULL,
  addresses       VARCHAR(200) NOT NULL,
  raised_us       BIGINT       NOT NULL,
  last_us         BIGINT       NOT NULL,
  times           BIGINT       NOT NULL,
  acknowledged_us BIGINT
);
