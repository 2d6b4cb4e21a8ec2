/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import dev.muster.broker.StartFailedException;
import dev.muster.broker.settings.InvalidSettingsException;
import dev.muster.protocol.tls.Renegotiation;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What HiveMQ loads from its {@code extensions} folder. HiveMQ serves although an extension does
 * not start, and another extension may let everybody in then; so this one starts in any case, and
 * lets nobody in if it cannot do its work.
 */
public final class StandAloneExtension implements ExtensionMain {
  private static final Logger LOG = LoggerFactory.getLogger(StandAloneExtension.class);

  private @Nullable StandAloneBroker broker;

  @Override
  public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
    Renegotiation.refuse();
    try {
      broker = StandAloneBroker.start(input, output, Clock.systemUTC());
    } catch (StartFailedException | InvalidSettingsException e) {
      LOG.error("Muster lets nobody in, because it could not start: {}", e.getMessage());
      letNobodyIn();
    } catch (RuntimeException | LinkageError e) {
      LOG.error("Muster lets nobody in, because it could not start", e);
      letNobodyIn();
    }
  }

  private static void letNobodyIn() {
    Services.securityRegistry().setAuthenticatorProvider(input -> new ClosedGate());
  }

  /** Without us, HiveMQ would grant everything to those who are still connected. */
  @Override
  public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {
    letNobodyIn();
    if (broker != null) {
      broker.close();
    }
  }
}
