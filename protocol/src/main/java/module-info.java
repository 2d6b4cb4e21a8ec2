/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What both ends of the wire agree on. */
module dev.muster.protocol {
  requires static transitive org.jspecify;

  exports dev.muster.protocol.est;
  exports dev.muster.protocol.file;
  exports dev.muster.protocol.identity;
  exports dev.muster.protocol.log;
  exports dev.muster.protocol.once;
  exports dev.muster.protocol.telemetry;
  exports dev.muster.protocol.tls;
  exports dev.muster.protocol.topic;
}
