/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import dev.muster.protocol.identity.DistinguishedName;
import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.OtherName;

/**
 * Reads which device of its manufacturer an IDevID is of (802.1AR; RFC 8995, 2.3.1). From ASN.1 and
 * never from a printed form; only what cannot be taken for two things is read at all.
 */
public final class SerialNumber {
  /** {@code id-on-hardwareModuleName} (RFC 4108, 5). */
  private static final ASN1ObjectIdentifier HARDWARE_MODULE_NAME =
      new ASN1ObjectIdentifier("1.3.6.1.5.5.7.8.4");

  /** Begins a serial number that is written as hex, because its octets are no text. */
  private static final String HEX = "hex.";

  private static final Pattern GRAMMAR = Pattern.compile("[!-~]{1,64}");

  /** What an IDevID says, or why it says nothing. */
  public sealed interface Reading {
    /** @param text 1 to 64 printable ASCII characters, no spaces */
    record Named(String text) implements Reading {}

    /** @param reason for whoever sent the IDevID */
    record Unreadable(String reason) implements Reading {}
  }

  private SerialNumber() {}

  /** Reads it where {@code rule} says. */
  public static Reading read(X509Certificate idevid, IdentityRule rule) {
    try {
      String whole = whole(idevid, rule);
      if (!whole.startsWith(rule.prefix())) {
        return new Reading.Unreadable("IDevID: " + rule.source().label() + " " + Quoted.of(whole)
            + " (expected: " + rule.prefix() + "...)");
      }
      String text = whole.substring(rule.prefix().length());
      return GRAMMAR.matcher(text).matches()
          ? new Reading.Named(text)
          : new Reading.Unreadable("IDevID: serialNumber " + Quoted.of(text)
              + " (expected: 1 to 64 printable ASCII characters, no spaces)");
    } catch (IllegalArgumentException e) {
      return new Reading.Unreadable("IDevID: " + e.getMessage());
    }
  }

  private static String whole(X509Certificate idevid, IdentityRule rule) {
    DistinguishedName subject = DistinguishedName.of(idevid.getSubjectX500Principal());
    return switch (rule.source()) {
      case SERIAL_NUMBER ->
        agreed(subject.serialNumber(), hardwareModule(idevid))
            .orElseThrow(() -> absent("no serialNumber in its subject"));
      case HARDWARE_MODULE_NAME -> {
        Optional<byte[]> module = hardwareModule(idevid);
        agreed(subject.serialNumber(), module);
        yield module.map(SerialNumber::text).orElseThrow(() -> absent("no hardwareModuleName"));
      }
      case COMMON_NAME -> subject.commonName().orElseThrow(() -> absent("no CN in its subject"));
      case URI -> uri(idevid, rule.prefix());
    };
  }

  private static IllegalArgumentException absent(String what) {
    return new IllegalArgumentException(what + " (expected: one, IEEE 802.1AR)");
  }

  /** One of the two, or both if they say the same. */
  private static Optional<String> agreed(Optional<String> subject, Optional<byte[]> module) {
    if (subject.isEmpty() || module.isEmpty()) {
      return subject.or(() -> module.map(SerialNumber::text));
    }
    String hex = HexFormat.of().formatHex(module.get());
    if (!subject.get().equals(text(module.get())) && !subject.get().equalsIgnoreCase(hex)) {
      throw new IllegalArgumentException("serialNumber " + Quoted.of(subject.get())
          + " and hardwareModuleName " + Quoted.of(text(module.get()))
          + " (expected: the same serial number in both)");
    }
    return subject;
  }

  /** Never the same for different octets. */
  private static String text(byte[] octets) {
    String text = new String(octets, StandardCharsets.ISO_8859_1);
    return GRAMMAR.matcher(text).matches() && !text.startsWith(HEX)
        ? text
        : HEX + HexFormat.of().formatHex(octets);
  }

  private static Optional<byte[]> hardwareModule(X509Certificate idevid) {
    List<byte[]> found = Stream.of(alternativeNames(idevid))
        .filter(name -> name.getTagNo() == GeneralName.otherName)
        .flatMap(name -> hardwareSerial(name).stream())
        .toList();
    if (found.size() > 1) {
      throw new IllegalArgumentException(found.size() + " hardwareModuleNames (expected: one)");
    }
    return found.stream().findFirst();
  }

  private static Optional<byte[]> hardwareSerial(GeneralName otherName) {
    try {
      OtherName other = OtherName.getInstance(otherName.getName());
      if (!other.getTypeID().equals(HARDWARE_MODULE_NAME)) {
        return Optional.empty();
      }
      // HardwareModuleName ::= SEQUENCE { hwType OID, hwSerialNum OCTET STRING }
      ASN1Sequence module = ASN1Sequence.getInstance(other.getValue());
      return Optional.of(ASN1OctetString.getInstance(module.getObjectAt(1)).getOctets());
    } catch (RuntimeException e) {
      // BouncyCastle's many ways to say that a structure is not what its place demands.
      throw new IllegalArgumentException("an otherName in its subjectAltName cannot be read", e);
    }
  }

  private static String uri(X509Certificate idevid, String prefix) {
    List<String> uris = new ArrayList<>();
    for (GeneralName name : alternativeNames(idevid)) {
      if (name.getTagNo() == GeneralName.uniformResourceIdentifier
          && name.getName().toString().startsWith(prefix)) {
        uris.add(name.getName().toString());
      }
    }
    if (uris.size() != 1) {
      throw new IllegalArgumentException(uris.size() + " URIs in subjectAltName"
          + (prefix.isEmpty() ? "" : " that begin with " + prefix) + " (expected: one)");
    }
    return uris.get(0);
  }

  private static GeneralName[] alternativeNames(X509Certificate idevid) {
    byte[] extension = idevid.getExtensionValue(Extension.subjectAlternativeName.getId());
    if (extension == null) {
      return new GeneralName[0];
    }
    try {
      byte[] names = ASN1OctetString.getInstance(extension).getOctets();
      return GeneralNames.getInstance(ASN1Primitive.fromByteArray(names)).getNames();
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException("its subjectAltName cannot be read", e);
    }
  }
}
