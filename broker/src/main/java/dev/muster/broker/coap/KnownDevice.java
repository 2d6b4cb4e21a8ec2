/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authn.CertificateAuthenticator.Outcome;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.TopicPolicy;
import dev.muster.broker.session.ClientSession;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.topic.FleetTopics;
import java.util.Optional;

/** Who sends a request, and what it may do. */
record KnownDevice(ClientSession.Credential credential, TopicPolicy policy) {
  static KnownDevice of(Outcome.Admitted admitted) {
    ClientSession.Credential credential = new ClientSession.Credential(
        admitted.subject(),
        admitted.authority(),
        admitted.certificate().getSerialNumber(),
        admitted.certificate().getNotAfter().toInstant());
    return new KnownDevice(credential, admitted.policy());
  }

  ClientSubject subject() {
    return credential.subject();
  }

  DeviceId id() {
    return new DeviceId(subject().commonName());
  }

  FleetTopics topics() {
    String fleet = Optional.ofNullable(subject().organization()).orElseThrow();
    return new FleetTopics(new DeviceSubject(new FleetName(fleet), id()));
  }
}
