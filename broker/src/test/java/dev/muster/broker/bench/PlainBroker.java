/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.bench;

import com.hivemq.embedded.EmbeddedHiveMQ;
import dev.muster.protocol.file.PemFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * HiveMQ CE as it comes, that stores nothing, asks nobody and lets everybody in who has a
 * certificate. Arguments: a folder as that of our broker, and a port. Says {@code PORT PORT}, and
 * ends when its input does.
 */
final class PlainBroker {
  private static final String PASSWORD = "bench-bench";

  private PlainBroker() {}

  public static void main(String... arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Path home = folder.resolve("plain");
    Path conf = Files.createDirectories(home.resolve("conf"));
    writeStores(folder, conf);
    Files.writeString(conf.resolve("config.xml"), xml(conf, arguments[1]));
    EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
        .withConfigurationFolder(conf)
        .withDataFolder(Files.createDirectories(home.resolve("data")))
        .withExtensionsFolder(Files.createDirectories(home.resolve("extensions")))
        .withoutLoggingBootstrap()
        .build();
    broker.start().get();
    System.out.println("PORT " + arguments[1]);
    while (System.in.read() >= 0) {
      // Until the parent closes it, or is gone.
    }
    broker.close();
  }

  private static void writeStores(Path folder, Path conf) throws Exception {
    KeyStore server = KeyStore.getInstance("PKCS12");
    server.load(null, null);
    server.setKeyEntry(
        "server",
        PemFile.privateKey(folder.resolve("server.key")),
        PASSWORD.toCharArray(),
        PemFile.certificates(folder.resolve("server.pem")).toArray(X509Certificate[]::new));
    write(server, conf.resolve("server.p12"));
    KeyStore clients = KeyStore.getInstance("PKCS12");
    clients.load(null, null);
    for (String ca : List.of("device-ca", "service-ca")) {
      clients.setCertificateEntry(
          ca, PemFile.certificates(folder.resolve(ca + ".pem")).get(0));
    }
    write(clients, conf.resolve("clients.p12"));
  }

  private static void write(KeyStore store, Path file) throws Exception {
    try (var out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
  }

  /** Where ours says something, this says the same. */
  private static String xml(Path conf, String port) {
    return """
        <?xml version="1.0" encoding="UTF-8" ?>
        <hivemq>
          <listeners>
            <tls-tcp-listener>
              <port>%1$s</port>
              <bind-address>127.0.0.1</bind-address>
              <tls>
                <keystore><path>%2$s/server.p12</path><password>%3$s</password><private-key-password>%3$s</private-key-password></keystore>
                <truststore><path>%2$s/clients.p12</path><password>%3$s</password></truststore>
                <protocols><protocol>TLSv1.3</protocol><protocol>TLSv1.2</protocol></protocols>
                <client-authentication-mode>REQUIRED</client-authentication-mode>
              </tls>
            </tls-tcp-listener>
          </listeners>
          <persistence><mode>in-memory</mode></persistence>
          <mqtt><receive-maximum><server-receive-maximum>20</server-receive-maximum></receive-maximum></mqtt>
          <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
        </hivemq>
        """.formatted(port, conf, PASSWORD);
  }
}
