/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import dev.muster.broker.DefaultPolicy;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificates that all brokers to be compared have in common, in files, and the devices that
 * connect with theirs.
 */
final class BenchFleet {
  final Path folder;
  final List<Credential> devices;
  private final Credential root = TestPki.root("CN=Bench Root");
  private final Credential deviceCa = root.issue("CN=Device CA").ca().build();
  private final Credential serviceCa = root.issue("CN=Service CA").ca().build();
  private final Credential service = serviceCa.issue("CN=enrollment,OU=service").build();
  private final TrustManager[] trust = trusting(root.certificate());

  BenchFleet(Path folder, int size) throws IOException {
    this.folder = folder;
    TestPki.write(folder, "server", server());
    write("root.pem", root.certificate());
    write("device-ca.pem", deviceCa.certificate());
    write("service-ca.pem", serviceCa.certificate());
    write("clients.pem", deviceCa.certificate(), serviceCa.certificate(), root.certificate());
    Files.writeString(folder.resolve("policy.yaml"), DefaultPolicy.yaml());
    Path crls = Files.createDirectories(folder.resolve("broker/crls"));
    Files.write(crls.resolve("device.crl"), crl(1, List.of()));
    Files.write(
        crls.resolve("service.crl"), TestPki.crl(serviceCa, 1, Duration.ofDays(1), List.of()));
    devices = IntStream.range(0, size)
        .parallel()
        .mapToObj(i -> deviceCa.issue("CN=" + name(i) + ",O=f1,OU=device").build())
        .toList();
  }

  private Credential server() {
    return serviceCa.issue("CN=broker,OU=server").server().build();
  }

  private void write(String file, X509Certificate... certificates) throws IOException {
    Files.writeString(folder.resolve(file), TestPki.pem(List.of(certificates)));
  }

  static String name(int device) {
    return "d" + device;
  }

  /** A CRL of the devices' CA. */
  byte[] crl(long number, Collection<BigInteger> revoked) {
    return TestPki.crl(deviceCa, number, Duration.ofDays(1), revoked);
  }

  SSLContext device(int number) {
    return identity(devices.get(number));
  }

  /** The enrollment service, which publishes CRLs. */
  SSLContext service() {
    return identity(service);
  }

  private SSLContext identity(Credential credential) {
    try {
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(new KeyManager[] {new OneKey(credential)}, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustManager[] trusting(X509Certificate root) {
    try {
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      anchors.setCertificateEntry("root", root);
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(anchors);
      return trust.getTrustManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Without a key store, whose encryption would cost more than the handshake. */
  private static final class OneKey extends X509ExtendedKeyManager {
    private final Credential credential;

    OneKey(Credential credential) {
      this.credential = credential;
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {"device"};
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return "device";
    }

    @Override
    public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
      return "device";
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return new String[0];
    }

    @Override
    public @Nullable String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return credential.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return credential.key();
    }
  }
}
