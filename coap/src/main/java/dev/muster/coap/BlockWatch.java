/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.stack.AbstractLayer;

/**
 * Sees what the layer of blocks sends, block by block, and with that what it still keeps: the rest
 * of an answer, until the last block was fetched, and no body of which a block was refused.
 */
final class BlockWatch extends AbstractLayer {
  private final Transfers bodies;
  private final Transfers answers;

  BlockWatch(Transfers bodies, Transfers answers) {
    this.bodies = bodies;
    this.answers = answers;
  }

  @Override
  public void sendResponse(Exchange exchange, Response response) {
    Request request = exchange.getRequest();
    BlockOption block = response.getOptions().getBlock2();
    if (response.isError()) {
      refused(request, response);
    } else if (block != null) {
      sent(Transfers.keyOf(request), block);
    }
    super.sendResponse(exchange, response);
  }

  /** Where the answer names a size, what has come before that is kept for its time. */
  private void refused(Request request, Response response) {
    OptionSet asked = request.getOptions();
    boolean kept = response.getOptions().hasSize1()
        && asked.hasBlock1()
        && asked.getBlock1().getNum() > 0;
    if (asked.hasBlock1() && !kept) {
      bodies.end(Transfers.keyOf(request));
    }
  }

  private void sent(Transfers.Key key, BlockOption block) {
    if (!block.isM()) {
      answers.end(key);
    } else if (block.getNum() == 0) {
      answers.begin(key);
    } else {
      answers.goOn(key);
    }
  }
}
