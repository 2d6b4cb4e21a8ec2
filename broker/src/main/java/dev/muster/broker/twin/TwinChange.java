/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A change that somebody asks for.
 *
 * @param content a merge patch (RFC 7396), or the whole document
 * @param replace whether it is the whole document
 * @param ifVersions the versions of which the document must have one; empty if any will do
 */
public record TwinChange(ObjectNode content, boolean replace, Optional<Set<Long>> ifVersions) {
  /** @param ifVersion empty if whatever it is will do */
  public TwinChange(ObjectNode content, boolean replace, OptionalLong ifVersion) {
    this(
        content,
        replace,
        ifVersion.isPresent() ? Optional.of(Set.of(ifVersion.getAsLong())) : Optional.empty());
  }

  ObjectNode on(ObjectNode document) {
    // A whole document is a patch on nothing: so that none ever holds a null.
    return MergePatch.apply(replace ? Twin.Part.EMPTY.content() : document, content);
  }
}
