-- The newest dead letters of a device, without reading and sorting all of them.
CREATE INDEX dead_letter_of_device ON dead_letter (device, id DESC);
