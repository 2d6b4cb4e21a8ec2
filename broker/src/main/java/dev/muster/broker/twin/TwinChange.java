/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalLong;

/**
 * A change that somebody asks for.
 *
 * @param content a merge patch (RFC 7396), or the whole document
 * @param replace whether it is the whole document
 * @param ifVersion the version that the document must have
 */
public record TwinChange(ObjectNode content, boolean replace, OptionalLong ifVersion) {
  ObjectNode on(ObjectNode document) {
    // A whole document is a patch on nothing: so that none ever holds a null.
    return MergePatch.apply(replace ? Twin.Part.EMPTY.content() : document, content);
  }
}
