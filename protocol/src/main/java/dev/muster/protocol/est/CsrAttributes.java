/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a CA would like to find in a request (RFC 7030, 4.5.2, as RFC 9908 reads it).
 *
 * <p>There are two forms, and one message may hold both: the older list of object identifiers and
 * attributes, and a template. Whoever knows templates follows the template alone (RFC 9908, 4); the
 * questions below are answered so. What is not understood is kept, to be written again, and
 * otherwise ignored.
 */
public record CsrAttributes(List<Element> elements) {
  /** id-aa-certificationRequestInfoTemplate (RFC 9908). */
  public static final String TEMPLATE = "1.2.840.113549.1.9.16.2.61";
  /** pkcs-9-at-extensionRequest (RFC 2985). */
  public static final String EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
  /** pkcs-9-at-challengePassword (RFC 2985): the request shall carry a channel binding. */
  public static final String CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";
  /**
   * id-aa-estIdentityLinking (RFC 7894, 3.3): a channel binding is understood in this attribute,
   * too.
   */
  public static final String EST_IDENTITY_LINKING = "1.2.840.113549.1.9.16.2.58";
  /** ecdsa-with-SHA256 (RFC 5758). */
  public static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

  private static final int MAX_SIZE_BITS = 16;

  /** One wish. */
  public sealed interface Element {
    /** An attribute to be given, or a signature algorithm to be used. */
    record Wish(String oid) implements Element {}

    /** The kind of key. */
    record Key(KeyWish key) implements Element {}

    /** Extensions to be asked for. */
    record Extensions(List<ExtensionWish> extensions) implements Element {
      public Extensions {
        extensions = List.copyOf(extensions);
      }
    }

    /** A request with gaps. */
    record Template(CsrTemplate template) implements Element {}

    /** An attribute of another type. @param values hexadecimal digits of its set of values */
    record Other(String type, String values) implements Element {}
  }

  public CsrAttributes {
    elements = List.copyOf(elements);
    once(elements, Element.Extensions.class, "extensionRequest");
    once(elements, Element.Key.class, "key type");
    once(elements, Element.Template.class, "template");
  }

  private static void once(List<Element> elements, Class<? extends Element> kind, String name) {
    if (elements.stream().filter(kind::isInstance).count() > 1) {
      throw new IllegalArgumentException(name + ": several (expected: at most one, RFC 9908, 3)");
    }
  }

  /** @throws IllegalArgumentException if it is not DER, or breaks a rule of RFC 9908 */
  public static CsrAttributes read(byte[] der) {
    Der outer = Der.of(der);
    Der list = outer.enter(Der.SEQUENCE);
    outer.finish();
    List<Element> elements = new ArrayList<>();
    while (list.hasMore()) {
      elements.add(
          list.isNext(Der.OID)
              ? new Element.Wish(list.oid())
              : readAttribute(list.enter(Der.SEQUENCE)));
    }
    return new CsrAttributes(elements);
  }

  private static Element readAttribute(Der attribute) {
    String type = attribute.oid();
    if (type.equals(EXTENSION_REQUEST)) {
      return new Element.Extensions(ExtensionWish.readValues(attribute));
    }
    if (type.equals(TEMPLATE)) {
      Der values = attribute.enter(Der.SET);
      CsrTemplate template = CsrTemplate.read(values);
      values.finish();
      return new Element.Template(template);
    }
    byte[] values = attribute.content(Der.SET);
    attribute.finish();
    return KeyWish.ALGORITHMS.contains(type)
        ? new Element.Key(readKey(type, Der.of(values)))
        : new Element.Other(type, HexFormat.of().formatHex(values));
  }

  private static KeyWish readKey(String type, Der values) {
    String curve = values.isNext(Der.OID) ? values.oid() : null;
    BigInteger bits = values.isNext(Der.INTEGER) ? values.integer() : BigInteger.ZERO;
    values.finish();
    if (bits.signum() < 0 || bits.bitLength() > MAX_SIZE_BITS) {
      throw new IllegalArgumentException("key size: (expected: a number of bits, RFC 9908, 3.2)");
    }
    return new KeyWish(type, curve, bits.intValue());
  }

  public byte[] encode() {
    return Der.encode(Der.SEQUENCE, elements.stream().map(CsrAttributes::encode).toList());
  }

  private static byte[] encode(Element element) {
    if (element instanceof Element.Wish wish) {
      return Der.encodeOid(wish.oid());
    }
    if (element instanceof Element.Key wish) {
      return attribute(wish.key().algorithm(), parameters(wish.key()));
    }
    if (element instanceof Element.Extensions wish) {
      return ExtensionWish.encode(EXTENSION_REQUEST, wish.extensions());
    }
    if (element instanceof Element.Template wish) {
      return attribute(TEMPLATE, wish.template().encode());
    }
    if (element instanceof Element.Other other) {
      return attribute(other.type(), HexFormat.of().parseHex(other.values()));
    }
    throw new IllegalStateException("unknown element: " + element);
  }

  private static byte[] attribute(String type, byte[] values) {
    return Der.encode(Der.SEQUENCE, Der.encodeOid(type), Der.encode(Der.SET, values));
  }

  private static byte[] parameters(KeyWish key) {
    if (key.curve() != null) {
      return Der.encodeOid(key.curve());
    }
    return key.rsaBits() == 0 ? new byte[0] : Der.encodeInteger(key.rsaBits());
  }

  /** Whether the request shall be linked to its TLS channel (RFC 7030, 3.5). */
  public boolean wantsChannelBinding() {
    return template()
        .map(template -> template.others().contains(CHALLENGE_PASSWORD))
        .orElse(elements.contains(new Element.Wish(CHALLENGE_PASSWORD)));
  }

  /** The key wanted; empty for any. */
  public Optional<KeyWish> key() {
    return follow(
        template -> Optional.ofNullable(template.key()),
        only(Element.Key.class).map(Element.Key::key));
  }

  /** The extensions to ask for. */
  public List<ExtensionWish> extensions() {
    return follow(
        CsrTemplate::extensions,
        only(Element.Extensions.class).map(Element.Extensions::extensions).orElse(List.of()));
  }

  /** The template, if there is one; nothing else counts then. */
  public Optional<CsrTemplate> template() {
    return only(Element.Template.class).map(Element.Template::template);
  }

  private <T> T follow(Function<CsrTemplate, T> newer, T older) {
    @Nullable CsrTemplate template = template().orElse(null);
    return template == null ? older : newer.apply(template);
  }

  private <T extends Element> Optional<T> only(Class<T> kind) {
    Stream<T> found = elements.stream().filter(kind::isInstance).map(kind::cast);
    return found.findFirst();
  }
}
