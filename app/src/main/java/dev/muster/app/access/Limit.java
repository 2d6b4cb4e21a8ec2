/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

/** How a route is limited for who is limited to some fleets. */
enum Limit {
  /** Not at all: it tells nothing about a fleet, or only what is one's own. */
  OWN,
  /** The device that the path names must be of his fleets. */
  DEVICE,
  /** The query must name devices, and all must be of his fleets. */
  DEVICES,
  /** Whatever it tells, the route itself leaves out what is not of his fleets. */
  LISTED,
  /** It is closed to him: it is about the whole installation. */
  ALL
}
