/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import java.util.concurrent.CompletableFuture;

/** What a command may say while it is done. */
public interface CommandContext {
  /**
   * Tells how far it is, as the event {@code command-progress} with {@code id} and {@code text}.
   */
  void progress(String text);

  /**
   * Answers before the end; for commands that end the program, as a reboot. The answer counts
   * whatever is returned or thrown after it.
   *
   * @return completes when the answer is on disk, from where a later connection sends it if this
   *     one does not; exceptionally if it could not be written. On the callback thread: wait for it
   *     with a limit, as a call before it may not return
   */
  CompletableFuture<Void> answer(CommandResult result);
}
