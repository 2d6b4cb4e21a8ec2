/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What firmware embeds: a device of a fleet. */
@SuppressWarnings({
  "requires-automatic", // Paho names no module; its file does.
  "module" // The library for CoAP need not be there.
})
module dev.muster.device {
  requires transitive dev.muster.protocol;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires org.eclipse.paho.mqttv5.client;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.muster.device;
  exports dev.muster.device.key;
  exports dev.muster.device.internal.est to
      dev.muster.device.coap;
  exports dev.muster.device.internal.identity to
      dev.muster.device.coap;
  exports dev.muster.device.internal.json to
      dev.muster.device.coap;
  exports dev.muster.device.internal.log to
      dev.muster.device.coap;
  exports dev.muster.device.internal.loop to
      dev.muster.device.coap;
  exports dev.muster.device.internal.mqtt to
      dev.muster.device.coap;
  exports dev.muster.device.internal.tls to
      dev.muster.device.coap;

  uses dev.muster.device.internal.est.EstChannelProvider;
  uses dev.muster.device.internal.mqtt.TransportProvider;
  uses dev.muster.device.key.KeyProvider;
}
