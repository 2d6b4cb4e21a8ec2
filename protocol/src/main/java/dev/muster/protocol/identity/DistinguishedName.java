/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/**
 * The attributes of an X.501 name, read from its DER and not from a printed form, so that no
 * escaping can make one value look like two.
 *
 * <p>Stricter than X.501: each relative distinguished name holds exactly one attribute, and text
 * comes as {@code UTF8String}, {@code PrintableString} or {@code IA5String}.
 */
public final class DistinguishedName {
  /** {@code id-at-commonName} (RFC 5280, appendix A.1), as the DER of the OID's content. */
  private static final byte[] COMMON_NAME = {0x55, 0x04, 0x03};

  private static final byte[] SERIAL_NUMBER = {0x55, 0x04, 0x05};
  private static final byte[] ORGANIZATION = {0x55, 0x04, 0x0a};
  private static final byte[] ORGANIZATIONAL_UNIT = {0x55, 0x04, 0x0b};

  private record Attribute(byte[] type, String value) {}

  private final List<Attribute> attributes;

  private DistinguishedName(List<Attribute> attributes) {
    this.attributes = List.copyOf(attributes);
  }

  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException if a relative distinguished name has several values, or text
   *     comes in another type
   */
  public static DistinguishedName of(X500Principal principal) {
    return parse(requireNonNull(principal, "principal").getEncoded());
  }

  /**
   * Reads a name from its DER.
   *
   * @throws IllegalArgumentException as {@link #of}, or if the bytes are no DER
   */
  public static DistinguishedName parse(byte[] der) {
    Der whole = new Der(der, 0, der.length);
    Der name = whole.read(Der.SEQUENCE);
    whole.expectEnd();
    List<Attribute> attributes = new ArrayList<>();
    while (name.hasMore()) {
      Der relative = name.read(Der.SET);
      Der attribute = relative.read(Der.SEQUENCE);
      if (relative.hasMore()) {
        throw new IllegalArgumentException(
            "name: a relative distinguished name has several values (expected: one)");
      }
      byte[] type = attribute.read(Der.OID).bytes();
      attributes.add(new Attribute(type, attribute.readText()));
      attribute.expectEnd();
    }
    return new DistinguishedName(attributes);
  }

  /** CN; empty if absent. @throws IllegalArgumentException if there are several */
  public Optional<String> commonName() {
    return only(COMMON_NAME, "CN");
  }

  /** O; empty if absent. @throws IllegalArgumentException if there are several */
  public Optional<String> organization() {
    return only(ORGANIZATION, "O");
  }

  /** OU; empty if absent. @throws IllegalArgumentException if there are several */
  public Optional<String> organizationalUnit() {
    return only(ORGANIZATIONAL_UNIT, "OU");
  }

  /** serialNumber (2.5.4.5), the product serial number of 802.1AR; empty if absent. */
  public Optional<String> serialNumber() {
    return only(SERIAL_NUMBER, "serialNumber");
  }

  /** How many attributes the name has. */
  public int size() {
    return attributes.size();
  }

  private Optional<String> only(byte[] type, String label) {
    List<String> values = attributes.stream()
        .filter(attribute -> Arrays.equals(attribute.type, type))
        .map(Attribute::value)
        .toList();
    if (values.size() > 1) {
      throw new IllegalArgumentException(
          "name: " + values.size() + " values of " + label + " (expected: one)");
    }
    return values.stream().findFirst();
  }

  /** A cursor over definite-length DER; enough for a name. */
  private static final class Der {
    static final int OID = 0x06;
    static final int UTF8_STRING = 0x0c;
    static final int PRINTABLE_STRING = 0x13;
    static final int IA5_STRING = 0x16;
    static final int SEQUENCE = 0x30;
    static final int SET = 0x31;

    private final byte[] data;
    private int position;
    private final int end;

    Der(byte[] data, int start, int end) {
      this.data = data;
      this.position = start;
      this.end = end;
    }

    boolean hasMore() {
      return position < end;
    }

    void expectEnd() {
      if (hasMore()) {
        throw new IllegalArgumentException("name: not DER (trailing bytes)");
      }
    }

    byte[] bytes() {
      return Arrays.copyOfRange(data, position, end);
    }

    Der read(int tag) {
      int actual = next();
      if (actual != tag) {
        throw new IllegalArgumentException(
            String.format("name: tag 0x%02x (expected: 0x%02x)", actual, tag));
      }
      return content();
    }

    String readText() {
      int tag = next();
      if (tag != UTF8_STRING && tag != PRINTABLE_STRING && tag != IA5_STRING) {
        throw new IllegalArgumentException(String.format(
            "name: string type 0x%02x (expected: UTF8String, PrintableString or IA5String)", tag));
      }
      Charset charset = tag == UTF8_STRING ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII;
      try {
        return charset.newDecoder().decode(ByteBuffer.wrap(content().bytes())).toString();
      } catch (CharacterCodingException e) {
        throw new IllegalArgumentException("name: text is not valid " + charset, e);
      }
    }

    private Der content() {
      int length = next();
      if (length > 0x7f) {
        int octets = length & 0x7f;
        if (octets == 0 || octets > 2) {
          throw new IllegalArgumentException("name: not DER (length of " + octets + " octets)");
        }
        length = 0;
        for (int i = 0; i < octets; i++) {
          length = length << 8 | next();
        }
      }
      if (length > end - position) {
        throw new IllegalArgumentException("name: not DER (cut short)");
      }
      Der content = new Der(data, position, position + length);
      position += length;
      return content;
    }

    private int next() {
      if (!hasMore()) {
        throw new IllegalArgumentException("name: not DER (cut short)");
      }
      return data[position++] & 0xff;
    }
  }
}
