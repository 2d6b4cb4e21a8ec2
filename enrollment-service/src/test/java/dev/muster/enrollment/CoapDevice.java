/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.testing.CoapsClient;
import dev.muster.testing.TestPki;
import java.util.function.UnaryOperator;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.jspecify.annotations.Nullable;

/** A device that enrolls over CoAP. */
final class CoapDevice extends CoapsClient {
  /** @param identity null to show no certificate */
  CoapDevice(RunningService service, TestPki.@Nullable Credential identity) {
    this(service.coapsPort(), service, identity, settings -> settings);
  }

  private CoapDevice(
      int port,
      RunningService service,
      TestPki.@Nullable Credential identity,
      UnaryOperator<Configuration> settings) {
    super("127.0.0.1", port, service.authorities.root(), identity, settings);
  }

  /** One that knows the server by another port, and has room for small datagrams alone. */
  static CoapDevice inSmallBlocks(int port, RunningService service, TestPki.Credential identity) {
    return new CoapDevice(
        port,
        service,
        identity,
        settings -> settings
            .set(CoapConfig.MAX_MESSAGE_SIZE, 128)
            .set(CoapConfig.PREFERRED_BLOCK_SIZE, 128));
  }

  /** @param csr in DER */
  Response post(String path, byte[] csr) {
    return send(enrollment(csr), path);
  }

  static Request enrollment(byte[] csr) {
    Request request = Request.newPost();
    request.setPayload(csr);
    request.getOptions().setContentFormat(286);
    return request;
  }
}
