/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What firmware embeds: a device of a fleet. */
@SuppressWarnings("requires-automatic") // Paho names no module; its file does.
module dev.muster.device {
  requires transitive dev.muster.protocol;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires org.eclipse.paho.mqttv5.client;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.muster.device;
  exports dev.muster.device.key;

  uses dev.muster.device.key.KeyProvider;
}
