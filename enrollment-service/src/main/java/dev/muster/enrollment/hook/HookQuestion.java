/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.hook;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import org.jspecify.annotations.Nullable;

/**
 * A device that wants to enroll.
 *
 * @param serial the serial number in its IDevID
 * @param idevid of the IDevID; null if a claim token was shown in its place
 * @param proposed what it will be called unless the program says otherwise; null if its serial
 *     number makes no name
 * @param known whether it is in the registry; then its name stays, and its fleet if it has had a
 *     certificate, or was transferred
 * @param label the fleet that it asked for; null for none
 * @param from its address
 */
public record HookQuestion(
    String manufacturer,
    String serial,
    @Nullable Fingerprint idevid,
    @Nullable DeviceSubject proposed,
    boolean known,
    @Nullable FleetName label,
    String from) {}
