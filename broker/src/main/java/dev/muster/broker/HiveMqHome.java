/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.tls.TlsProfile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * HiveMQ's folders: its config.xml, and the stores of key and trust anchors, made anew from our own
 * configuration at each start. HiveMQ answers a file that it cannot read with its defaults, an open
 * listener, or with the end of the process; so nothing of it is for anybody to edit.
 */
record HiveMqHome(Path config, Path data, Path extensions, String password) {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** The key and the certificates of the listener, and the CAs whose certificates it takes. */
  record Trust(PrivateKey key, List<X509Certificate> chain, List<X509Certificate> anchors) {
    Trust {
      chain = List.copyOf(chain);
      anchors = List.copyOf(anchors);
    }
  }

  /** Writes the folders; blocks. */
  static HiveMqHome write(BrokerConfig config, Trust trust) {
    Path home = config.core().directory().toAbsolutePath().resolve("hivemq");
    HiveMqHome folders = new HiveMqHome(
        home.resolve("conf"),
        home.resolve("data"),
        home.resolve("extensions"),
        HexFormat.of().formatHex(randomBytes()));
    try {
      for (Path folder : List.of(home, folders.config, folders.data, folders.extensions)) {
        DurableFiles.createFolder(folder);
      }
      folders.writeServer(trust.key(), trust.chain());
      folders.writeAnchors(trust.anchors());
      String xml = xml(config, folders.keyStore(), folders.trustStore(), folders.password);
      DurableFiles.write(folders.config.resolve("config.xml"), xml);
      return folders;
    } catch (IOException e) {
      throw new StartFailedException("directory " + home + " cannot be written: " + e, e);
    }
  }

  /** Changes the CAs whose certificates the listener takes; HiveMQ looks every ten seconds. */
  void replaceAnchors(Collection<X509Certificate> anchors) {
    try {
      writeAnchors(anchors);
    } catch (IOException e) {
      throw new UncheckedIOException(trustStore() + ": cannot be written", e);
    }
  }

  /** Changes what the listener shows to new connections; HiveMQ looks every ten seconds. */
  void replaceServer(PrivateKey key, List<X509Certificate> chain) {
    try {
      writeServer(key, chain);
    } catch (IOException e) {
      throw new UncheckedIOException(keyStore() + ": cannot be written", e);
    }
  }

  private void writeServer(PrivateKey key, List<X509Certificate> chain) throws IOException {
    DurableFiles.write(keyStore(), store(key, chain, password));
  }

  private Path keyStore() {
    return config.resolve("server.p12");
  }

  private void writeAnchors(Collection<X509Certificate> anchors) throws IOException {
    DurableFiles.write(trustStore(), store(null, List.copyOf(anchors), password));
  }

  private Path trustStore() {
    return config.resolve("clients.p12");
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "HiveMqHome[" + config.getParent() + "]";
  }

  private static byte[] randomBytes() {
    byte[] bytes = new byte[24];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  private static byte[] store(
      @Nullable PrivateKey key, List<X509Certificate> certificates, String password)
      throws IOException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      if (key != null) {
        store.setKeyEntry(
            "server", key, password.toCharArray(), certificates.toArray(X509Certificate[]::new));
      } else {
        for (int i = 0; i < certificates.size(); i++) {
          store.setCertificateEntry("ca-" + i, certificates.get(i));
        }
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      store.store(bytes, password.toCharArray());
      return bytes.toByteArray();
    } catch (GeneralSecurityException e) {
      throw new StartFailedException("key or certificates not usable: " + e.getMessage(), e);
    }
  }

  private static String xml(BrokerConfig config, Path keyStore, Path trustStore, String password) {
    BrokerConfig.Limits limits = config.limits();
    return """
        <?xml version="1.0" encoding="UTF-8" ?>
        <hivemq>
          <listeners>
            <tls-tcp-listener>
              <port>%d</port>
              <bind-address>%s</bind-address>
              <name>mqtts</name>
              <tls>
                <keystore><path>%s</path><password>%s</password><private-key-password>%s</private-key-password></keystore>
                <truststore><path>%s</path><password>%s</password></truststore>
                <protocols>%s</protocols>
                <cipher-suites>%s</cipher-suites>
                <prefer-server-cipher-suites>false</prefer-server-cipher-suites>
                <client-authentication-mode>REQUIRED</client-authentication-mode>
                <handshake-timeout>10000</handshake-timeout>
              </tls>
            </tls-tcp-listener>
          </listeners>
          <persistence><mode>in-memory</mode></persistence>
          <mqtt>
            <queued-messages><max-queue-size>1000</max-queue-size><strategy>discard</strategy></queued-messages>
            <quality-of-service><max-qos>1</max-qos></quality-of-service>
            <message-expiry><max-interval>86400</max-interval></message-expiry>
            <session-expiry><max-interval>%d</max-interval></session-expiry>
            <keep-alive><max-keep-alive>%d</max-keep-alive><allow-unlimited>false</allow-unlimited></keep-alive>
            <packets><max-packet-size>%d</max-packet-size></packets>
            <receive-maximum><server-receive-maximum>%d</server-receive-maximum></receive-maximum>
          </mqtt>
          <restrictions>
            <max-connections>%d</max-connections>
            <max-client-id-length>512</max-client-id-length>
            <max-topic-length>256</max-topic-length>
            <no-connect-idle-timeout>10000</no-connect-idle-timeout>
          </restrictions>
          <security>
            <payload-format-validation><enabled>true</enabled></payload-format-validation>
            <utf8-validation><enabled>true</enabled></utf8-validation>
            <allow-empty-client-id><enabled>false</enabled></allow-empty-client-id>
          </security>
          <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
        </hivemq>
        """.formatted(
            config.mqttPort(),
            escape("host", config.host()),
            escape("directory", keyStore.toString()),
            password,
            password,
            escape("directory", trustStore.toString()),
            password,
            elements("protocol", TlsProfile.PROTOCOLS),
            elements("cipher-suite", TlsProfile.CIPHER_SUITES),
            limits.maxSessionExpirySeconds(),
            config.core().maxKeepAliveSeconds(),
            limits.maxPacketBytes(),
            limits.receiveMaximum(),
            limits.maxConnections());
  }

  private static String elements(String name, List<String> values) {
    return values.stream()
        .map(value -> "<" + name + ">" + value + "</" + name + ">")
        .collect(Collectors.joining());
  }

  private static String escape(String name, String value) {
    // HiveMQ sets environment variables into its file.
    if (value.contains("${")) {
      throw new StartFailedException(name + ": \"" + value + "\" (expected: no ${ in it)");
    }
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
