/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A device in the registry; its key there is (manufacturer, serial).
 *
 * @param serial the serialNumber attribute of its IDevID, as it stands there
 * @param factoryKey the public key of its IDevID, never to be certified again; null if it has shown
 *     no IDevID
 * @param nextKey what an operator has said of its next new key
 * @param enrolledAt when it first received a certificate; null if it has not yet
 * @param epoch how often it has changed hands
 * @param identifiedBy how it proved who it is when it was first let in
 */
public record DeviceRecord(
    DeviceId id,
    FleetName fleet,
    String manufacturer,
    String serial,
    @Nullable Fingerprint factoryKey,
    DeviceStatus status,
    NextKey nextKey,
    Instant createdAt,
    @Nullable Instant enrolledAt,
    int epoch,
    Identification identifiedBy) {

  /** Whether another certificate changes nothing here. */
  public boolean isEnrolled() {
    return status == DeviceStatus.ACTIVE && nextKey == NextKey.JUDGED && enrolledAt != null;
  }

  /** Whether its next new key is let in without asking. */
  public boolean isReleased() {
    return nextKey == NextKey.LET_IN;
  }

  /** Whom its certificates name. */
  public DeviceSubject subject() {
    return new DeviceSubject(fleet, id);
  }
}
