-- To count devices by what they are, without a look at each row.
CREATE INDEX device_facet ON device (fleet, status, manufacturer);

-- What operators want to look at again. A name that is given anew finds what its bearer before has left.
CREATE TABLE saved_view (
  owner VARCHAR(64)   NOT NULL,
  name  VARCHAR(64)   NOT NULL,
  path  VARCHAR(2000) NOT NULL,
  PRIMARY KEY (owner, name)
);
