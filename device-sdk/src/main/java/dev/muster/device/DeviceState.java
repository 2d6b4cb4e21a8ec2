/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** Where a device is in its life. */
public enum DeviceState {
  /** Built, not started. */
  NEW,
  /** Has no valid LDevID, and asks for one with its factory identity. */
  BOOTSTRAPPING,
  /** Has just received, or found in its state directory, a valid LDevID. */
  ENROLLED,
  /** Connects to the broker, or asks for the time before. */
  CONNECTING,
  /** Connected: what is published is sent at once. */
  ONLINE,
  /** Not connected, and waiting before it tries again. What is published is kept by its class. */
  OFFLINE,
  /** Asks for the next LDevID; connected as before while it does. */
  RENEWING,
  /** Closed, for good. */
  STOPPED
}
