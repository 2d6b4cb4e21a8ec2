/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.simulator.FleetOperator;
import java.util.List;

/** An operator of a simulated fleet, over the operator API. */
final class FleetOrders implements FleetOperator {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OperatorClient operator;

  FleetOrders(OperatorClient operator) {
    this.operator = operator;
  }

  @Override
  public void revoke(List<DeviceId> devices) {
    ObjectNode order = JSON.createObjectNode().put("reason", "cessationOfOperation");
    devices.forEach(device -> order.withArray("ids").add(device.value()));
    operator.post("bulk/revoke", order);
  }

  @Override
  public void desire(DeviceId device, String patch) {
    try {
      operator.patch(path(device) + "/twin", JSON.readTree(patch));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("patch: no JSON", e);
    }
  }

  @Override
  public void command(DeviceId device, String name) {
    operator.post(path(device) + "/commands", JSON.createObjectNode().put("name", name));
  }

  private static String path(DeviceId device) {
    return "devices/" + OperatorClient.segment(device.value());
  }
}
