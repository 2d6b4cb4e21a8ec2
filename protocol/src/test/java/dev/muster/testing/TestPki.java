/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;

/**
 * Certificates of any shape, made at test time: the right ones, and those that an attacker would
 * like to pass off.
 */
public final class TestPki {
  private static final SecureRandom RANDOM = new SecureRandom();

  private TestPki() {}

  /** A certificate with its private key, and the certificates above it, nearest first. */
  public record Credential(
      PrivateKey key, X509Certificate certificate, List<X509Certificate> issuers) {
    public Credential {
      issuers = List.copyOf(issuers);
    }

    /** The certificate and those above it, without the root. */
    public List<X509Certificate> chain() {
      List<X509Certificate> chain = new ArrayList<>();
      chain.add(certificate);
      issuers.stream()
          .filter(
              issuer -> !issuer.getSubjectX500Principal().equals(issuer.getIssuerX500Principal()))
          .forEach(chain::add);
      return chain;
    }

    /** Starts a certificate that this one signs. */
    public Builder issue(String subject) {
      return new Builder(subject, this);
    }
  }

  /** A new P-256 key pair. */
  public static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts a self-signed certificate. */
  public static Builder selfSigned(String subject) {
    return new Builder(subject, null);
  }

  /** A self-signed CA. */
  public static Credential root(String subject) {
    return new Builder(subject, null).ca().build();
  }

  /**
   * A certificate in the making; by default a client certificate, valid from 5 minutes ago for a
   * day.
   */
  public static final class Builder {
    private final X500Name subject;
    private final Credential issuer;
    private KeyPair keys = newKey();
    private BigInteger serial = new BigInteger(127, RANDOM).setBit(126);
    private Instant notBefore = Instant.now().minus(Duration.ofMinutes(5));
    private Instant notAfter = Instant.now().plus(Duration.ofDays(1));
    private boolean ca;
    private boolean withKeyUsage = true;
    private KeyPurposeId purpose = KeyPurposeId.id_kp_clientAuth;
    private final List<GeneralName> names = new ArrayList<>();
    private int pathLength = -1;
    private String algorithm = "SHA256withECDSA";
    private final Map<ASN1ObjectIdentifier, ASN1Encodable> extensions = new LinkedHashMap<>();

    private Builder(String subject, Credential issuer) {
      this.subject = new X500Name(subject);
      this.issuer = issuer;
    }

    public Builder ca() {
      ca = true;
      return this;
    }

    /** As {@link #ca()}, with at most so many CAs below it. */
    public Builder ca(int pathLength) {
      this.pathLength = pathLength;
      return ca();
    }

    /** One more extension, critical. */
    public Builder extension(ASN1ObjectIdentifier type, ASN1Encodable value) {
      extensions.put(type, value);
      return this;
    }

    public Builder key(KeyPair keys) {
      this.keys = keys;
      return this;
    }

    /** Not with {@code SHA256withECDSA}, but with {@code SHA1withECDSA} for example. */
    public Builder signed(String algorithm) {
      this.algorithm = algorithm;
      return this;
    }

    public Builder validity(Instant notBefore, Instant notAfter) {
      this.notBefore = notBefore;
      this.notAfter = notAfter;
      return this;
    }

    /** For this, in place of a TLS client. */
    public Builder purpose(KeyPurposeId purpose) {
      this.purpose = purpose;
      return this;
    }

    /** For a server on {@code localhost} and {@code 127.0.0.1}. */
    public Builder server() {
      purpose = KeyPurposeId.id_kp_serverAuth;
      names.add(new GeneralName(GeneralName.dNSName, "localhost"));
      names.add(new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
      return this;
    }

    /** For a server under another name. */
    public Builder server(String dnsName) {
      purpose = KeyPurposeId.id_kp_serverAuth;
      return dns(dnsName);
    }

    /** For a server under an address. */
    public Builder serverAt(String address) {
      purpose = KeyPurposeId.id_kp_serverAuth;
      names.add(new GeneralName(GeneralName.iPAddress, address));
      return this;
    }

    /** A DNS name, whatever the certificate is for. */
    public Builder dns(String name) {
      names.add(new GeneralName(GeneralName.dNSName, name));
      return this;
    }

    public Builder uri(String uri) {
      names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
      return this;
    }

    public Builder serial(BigInteger serial) {
      this.serial = serial;
      return this;
    }

    /** Neither key usage nor extended key usage, as many an IDevID has it. */
    public Builder withoutUsages() {
      withKeyUsage = false;
      return this;
    }

    public Credential build() {
      try {
        X500Name issuerName = issuer == null
            ? subject
            : X500Name.getInstance(
                issuer.certificate().getSubjectX500Principal().getEncoded());
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
            issuerName,
            serial,
            Date.from(notBefore),
            Date.from(notAfter),
            subject,
            keys.getPublic());
        JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
        builder.addExtension(
            Extension.subjectKeyIdentifier,
            false,
            extensions.createSubjectKeyIdentifier(keys.getPublic()));
        if (issuer != null) {
          builder.addExtension(
              Extension.authorityKeyIdentifier,
              false,
              extensions.createAuthorityKeyIdentifier(issuer.certificate().getPublicKey()));
        }
        if (ca) {
          builder.addExtension(
              Extension.basicConstraints,
              true,
              pathLength < 0 ? new BasicConstraints(true) : new BasicConstraints(pathLength));
          builder.addExtension(
              Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        } else if (withKeyUsage) {
          builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
          builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
        }
        if (!names.isEmpty()) {
          builder.addExtension(
              Extension.subjectAlternativeName,
              false,
              new GeneralNames(names.toArray(GeneralName[]::new)));
        }
        for (Map.Entry<ASN1ObjectIdentifier, ASN1Encodable> more : this.extensions.entrySet()) {
          builder.addExtension(more.getKey(), true, more.getValue());
        }
        PrivateKey signingKey = issuer == null ? keys.getPrivate() : issuer.key();
        X509Certificate certificate = new JcaX509CertificateConverter()
            .getCertificate(
                builder.build(new JcaContentSignerBuilder(algorithm).build(signingKey)));
        List<X509Certificate> issuers = new ArrayList<>();
        if (issuer != null) {
          issuers.add(issuer.certificate());
          issuers.addAll(issuer.issuers());
        }
        return new Credential(keys.getPrivate(), certificate, issuers);
      } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A CRL of {@code issuer} that revokes {@code revoked}, number 1, good for a day, as PEM. */
  public static String crl(Credential issuer, List<X509Certificate> revoked) {
    List<BigInteger> serials =
        revoked.stream().map(X509Certificate::getSerialNumber).toList();
    byte[] der = crl(issuer, 1, Duration.ofDays(1), serials);
    return write(writer -> writer.writeObject(new PemObject("X509 CRL", der)));
  }

  /**
   * A CRL as DER.
   *
   * @param number the CRL number
   * @param life from {@code thisUpdate}, 5 minutes ago, to {@code nextUpdate}, counted from now
   */
  public static byte[] crl(
      Credential issuer, long number, Duration life, Collection<BigInteger> revoked) {
    try {
      X509v2CRLBuilder builder = new JcaX509v2CRLBuilder(
          issuer.certificate().getSubjectX500Principal(),
          Date.from(Instant.now().minus(Duration.ofMinutes(5))));
      builder.setNextUpdate(Date.from(Instant.now().plus(life)));
      builder.addExtension(Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(number)));
      for (BigInteger serial : revoked) {
        builder.addCRLEntry(serial, new Date(), CRLReason.keyCompromise);
      }
      return builder
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.key()))
          .getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Certificates as PEM. */
  public static String pem(List<X509Certificate> certificates) {
    return write(writer -> {
      for (X509Certificate certificate : certificates) {
        writer.writeObject(certificate);
      }
    });
  }

  /** A private key as PKCS#8 PEM. */
  public static String pem(PrivateKey key) {
    return write(writer -> writer.writeObject(new JcaPKCS8Generator(key, null)));
  }

  /**
   * Writes {@code <name>.key} and {@code <name>.pem} (the chain without the root) into a folder.
   */
  public static void write(Path folder, String name, Credential credential) {
    try {
      Files.writeString(folder.resolve(name + ".key"), pem(credential.key()));
      Files.writeString(folder.resolve(name + ".pem"), pem(credential.chain()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface PemBody {
    void writeTo(JcaPEMWriter writer) throws IOException;
  }

  private static String write(PemBody body) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      body.writeTo(writer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
