/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.MessageFormatException;
import org.eclipse.californium.core.coap.option.StandardOptionRegistry;
import org.eclipse.californium.core.network.serialization.MessageHeader;
import org.eclipse.californium.core.network.serialization.UdpDataParser;
import org.eclipse.californium.elements.util.DatagramReader;

/**
 * Rejects as malformed (RFC 7252, 4.2) a block that is larger than it says. Californium takes that
 * for a defect of its own, and logs each as an error, which anybody with a session could repeat
 * until the disk is full.
 */
final class MessageParser extends UdpDataParser {
  MessageParser() {
    super(true, StandardOptionRegistry.getDefaultOptionRegistry());
  }

  @Override
  protected Message parseMessage(DatagramReader reader, MessageHeader header, Message target) {
    try {
      return super.parseMessage(reader, header, target);
    } catch (IllegalStateException e) {
      throw new MessageFormatException(e.getMessage());
    }
  }
}
