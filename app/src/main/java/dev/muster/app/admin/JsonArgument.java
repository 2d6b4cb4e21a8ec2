/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads JSON on the command line, such that what is sent is what was typed. */
final class JsonArgument implements ITypeConverter<JsonNode> {
  private static final ObjectReader STRICT = OperatorAction.JSON
      .reader()
      .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
      .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  @Override
  public JsonNode convert(String value) {
    try {
      JsonNode json = STRICT.readTree(value);
      if (json.isMissingNode()) {
        throw new TypeConversionException("empty (expected: JSON)");
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new TypeConversionException("not JSON: " + e.getOriginalMessage()
          + " (hint: quote it for the shell, '{\"interval\": 10}')");
    }
  }
}
