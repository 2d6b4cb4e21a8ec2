/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.MqttClientBuilder;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** The CAs of an installation, the files of a broker, and the broker itself. */
final class BrokerFixture implements AutoCloseable {
  final Path folder;
  final Credential root = TestPki.root("CN=Test Root");
  final Credential deviceCa = root.issue("CN=Device CA").ca().build();
  final Credential serviceCa = root.issue("CN=Service CA").ca().build();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Vertx vertx = Vertx.vertx();
  private FleetBroker broker;
  private @Nullable OperatorApi api;

  BrokerFixture(Path folder) {
    this.folder = folder;
    try {
      Credential server = serviceCa.issue("CN=broker,OU=server").server().build();
      TestPki.write(folder, "server", server);
      Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(root.certificate())));
      Files.writeString(
          folder.resolve("device-ca.pem"), TestPki.pem(List.of(deviceCa.certificate())));
      Files.writeString(
          folder.resolve("service-ca.pem"), TestPki.pem(List.of(serviceCa.certificate())));
      Files.writeString(folder.resolve("policy.yaml"), DefaultPolicy.yaml());
      putCrl("device", TestPki.crl(deviceCa, 1, Duration.ofDays(1), List.of()));
      putCrl("service", TestPki.crl(serviceCa, 1, Duration.ofDays(1), List.of()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void putCrl(String issuer, byte[] der) throws IOException {
    Path crls = Files.createDirectories(folder.resolve("broker/crls"));
    Files.write(crls.resolve(issuer + ".crl"), der);
  }

  BrokerConfig config(int port, @Nullable URI crls) {
    return config(port, crls, Duration.ofMillis(500));
  }

  BrokerConfig config(int port, @Nullable URI crls, Duration crlRefresh) {
    return config(port, crls, crlRefresh, TelemetryConfig.DEFAULT);
  }

  BrokerConfig config(TelemetryConfig telemetry) {
    return config(0, null, Duration.ofMillis(500), telemetry);
  }

  private BrokerConfig config(
      int port, @Nullable URI crls, Duration crlRefresh, TelemetryConfig telemetry) {
    CoreConfig core = new CoreConfig(
        CoreConfig.DEFAULT_NAME,
        folder.resolve("broker"),
        folder.resolve("device-ca.pem"),
        folder.resolve("service-ca.pem"),
        folder.resolve("policy.yaml"),
        crls,
        crlRefresh,
        Duration.ofHours(1),
        CoreConfig.DEFAULT_MAX_KEEP_ALIVE_SECONDS,
        telemetry);
    return new BrokerConfig(
        core,
        "127.0.0.1",
        port,
        folder.resolve("server.key"),
        folder.resolve("server.pem"),
        BrokerConfig.Limits.DEFAULT);
  }

  BrokerFixture start() {
    return start(config(0, null), sink -> sink);
  }

  BrokerFixture start(Clock clock) {
    return start(config(0, null), clock, sink -> sink);
  }

  BrokerFixture start(BrokerConfig config, UnaryOperator<TelemetrySink> before) {
    return start(config, Clock.systemUTC(), before);
  }

  BrokerFixture start(BrokerConfig config, Clock clock, UnaryOperator<TelemetrySink> before) {
    broker = FleetBroker.start(config, vertx, clock, meters, before);
    api = null;
    return this;
  }

  FleetBroker broker() {
    return broker;
  }

  int port() {
    return broker.mqttPort();
  }

  /** Asks the broker's part of the operator API. @param path with its query */
  JsonObject get(String path) {
    OperatorApi asked = api;
    if (asked == null) {
      asked = OperatorApi.of(this);
      api = asked;
    }
    return new JsonObject(asked.send("GET", path, "").body());
  }

  Vertx vertx() {
    return vertx;
  }

  /** A device of fleet {@code f1}; its files are {@code <id>.key} and {@code <id>.pem}. */
  Credential device(String id) {
    return keep(id, deviceCa.issue(deviceName(id)).build());
  }

  static String deviceName(String id) {
    return "CN=" + id + ",O=f1,OU=device";
  }

  Credential service(String name, String role) {
    return keep(name, serviceCa.issue("CN=" + name + ",OU=" + role).build());
  }

  Credential keep(String name, Credential credential) {
    TestPki.write(folder, name, credential);
    return credential;
  }

  byte[] deviceCrl(long number, BigInteger... serials) {
    return TestPki.crl(deviceCa, number, Duration.ofDays(1), List.of(serials));
  }

  /** HiveMQ's client for Java as one of our devices; of MQTT 5 or 3.1.1, as the caller makes it. */
  MqttClientBuilder hiveMqClient(String id) {
    return hiveMqClient(id, device(id));
  }

  /** What a Java client of the broker connects with. */
  SSLContext tls(Credential client) {
    return tls(keys(client).getKeyManagers());
  }

  /** As above. @param keys chooses the certificate */
  SSLContext tls(KeyManager... keys) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust().getTrustManagers(), new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As above. @param credential what it comes with */
  MqttClientBuilder hiveMqClient(String id, Credential credential) {
    return hiveMqClient(id, credential, port());
  }

  /** As above. @param port of a broker in another process */
  MqttClientBuilder hiveMqClient(String id, Credential credential, int port) {
    return MqttClient.builder()
        .identifier(id)
        .serverHost("localhost")
        .serverPort(port)
        .sslConfig(MqttClientSslConfig.builder()
            .keyManagerFactory(keys(credential))
            .trustManagerFactory(trust())
            .build());
  }

  /** One of our devices that keeps what was not acknowledged, and comes back by itself. */
  Mqtt5AsyncClient patient(String id) throws Exception {
    Mqtt5AsyncClient client = hiveMqClient(id)
        .automaticReconnect()
        .initialDelay(100, TimeUnit.MILLISECONDS)
        .maxDelay(1, TimeUnit.SECONDS)
        .applyAutomaticReconnect()
        .useMqttVersion5()
        .buildAsync();
    client
        .connectWith()
        .cleanStart(false)
        .sessionExpiryInterval(600)
        .send()
        .get(60, TimeUnit.SECONDS);
    return client;
  }

  private KeyManagerFactory keys(Credential client) {
    try {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry(
          "client", client.key(), new char[0], client.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory keyManagers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keyManagers.init(keys, new char[0]);
      return keyManagers;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private TrustManagerFactory trust() {
    try {
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      anchors.setCertificateEntry("root", root.certificate());
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(anchors);
      return trust;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    if (broker != null) {
      broker.close();
    }
    vertx
        .close()
        .toCompletionStage()
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }
}
