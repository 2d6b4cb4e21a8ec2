/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.settings.Settings;
import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.hook.HookConfig;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.enrollment.revocation.RevocationConfig;
import dev.muster.protocol.identity.FleetName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What can be set of the enrollment service.
 *
 * @param publicHttpUrl where CRLs can be fetched from outside; null: this host's own HTTP port
 * @param database in place of the embedded one; null for none
 * @param blockedKeys a file of keys that nobody may have; null for none
 * @param est how EST is served
 * @param allowKeyReuse whether a renewal may keep its key
 * @param hook who is asked before a device is let in; null for nobody
 * @param profiles that devices may ask for by an EST label
 * @param serverKeygen whether keys are made for devices
 * @param ocspAhead about how many certificates OCSP answers are signed before anybody asks
 * @param ca where the keys of the CAs are
 */
public record EnrollmentSettings(
    @Nullable URI publicHttpUrl,
    Duration certificateValidity,
    boolean allowKeyReuse,
    List<DeviceProfile> profiles,
    ServerKeygen serverKeygen,
    Duration crlValidity,
    Duration crlInterval,
    int ocspAhead,
    Duration caLeadTime,
    Duration rootLeadTime,
    StorageConfig.@Nullable Server database,
    boolean allowUnprovenManufacturers,
    @Nullable Path blockedKeys,
    @Nullable HookConfig hook,
    EstSettings est,
    Duration serviceCertificateValidity,
    CaConfig ca) {

  static final String COMMENTED_YAML =
      """
      enrollment:
        # Where CRLs can be fetched from outside; it stands in every certificate.
        # publicHttpUrl: http://localhost:8080
        # How long an operational certificate lives; devices renew after two thirds.
        # certificateValidity: 30d
        # Whether a renewed certificate may keep its key. Safer without: a key then lives as long
        # as its certificate, and no longer.
        # allowKeyReuse: false
        # Other kinds of operational certificates: a device asks for one with the profile's name as
        # EST label, and its renewals keep it. Keys: p-256, p-384, rsa, ed25519, the preferred first.
        # profiles:
        #   short:
        #     validity: 3d
        #     keys: [p-256]
        #     fleets: [default]
        # Whether keys are made for devices that cannot: never; encrypted, if the device names a key to
        # send the new one under; plain, also with nothing but TLS around it.
        # serverKeygen: never
        # How long a CRL may be relied on, and how often a new one is made without need.
        # crlValidity: 1d
        # crlInterval: 1h
        # About how many certificates, 10000 at most, OCSP answers are signed before anybody asks,
        # and anew as often as CRLs. Without, the first who asks waits for the signature.
        # ocspAhead: 0
        # How long a new CA is made known before it is used: until all brokers have it;
        # a new root: until all devices have renewed, and so have it.
        # caLeadTime: 1d
        # rootLeadTime: 30d
        # How long the certificates of the services themselves live; they renew themselves.
        # serviceCertificateValidity: 90d
        # The keys of the CAs: P-256 or P-384, made at the first start. Without pkcs11 they are in
        # encrypted files in DATA/ca; with it, in a token that its owner has initialized.
        # ca:
        #   curve: P-256
        #   pkcs11:
        #     library: /usr/lib/softhsm/libsofthsm2.so
        #     tokenLabel: muster
        #     pinFile: /etc/muster/token-pin
        # Let a manufacturer's devices in though nobody has shown to have the key of its CA.
        # allowUnprovenManufacturers: false
        # A PostgreSQL server in place of the database in DATA/enrollment; several enrollment
        # services with the same CA may share it. The file holds the password alone.
        database:
          # url: jdbc:postgresql://localhost/muster
          # user: muster
          # passwordFile: /etc/muster/database-password
        # Keys that nobody may have: the SHA-256 of a SubjectPublicKeyInfo on each line, in
        # hexadecimal; read again when it changes.
        # blockedKeys: /etc/muster/blocked-keys.txt
      """ + HookSettings.COMMENTED_YAML + EstSettings.COMMENTED_YAML;

  static EnrollmentSettings read(Settings settings) {
    Duration second = Duration.ofSeconds(1);
    Duration minute = Duration.ofMinutes(1);
    return new EnrollmentSettings(
        settings.<@Nullable URI>value(
            "enrollment.publicHttpUrl",
            null,
            EnrollmentSettings::httpUrl,
            "a URL such as http://crl.example.com"),
        settings.duration(
            "enrollment.certificateValidity", Duration.ofDays(30), minute, Duration.ofDays(825)),
        settings.flag("enrollment.allowKeyReuse", false),
        profiles(settings),
        settings.value(
            "enrollment.serverKeygen",
            ServerKeygen.NEVER,
            ServerKeygen::of,
            "never, encrypted or plain"),
        settings.duration(
            "enrollment.crlValidity", Duration.ofDays(1), minute, Duration.ofDays(30)),
        settings.duration(
            "enrollment.crlInterval", Duration.ofHours(1), second, Duration.ofDays(7)),
        settings.integer("enrollment.ocspAhead", 0, 0, RevocationConfig.MAX_OCSP_AHEAD),
        settings.duration("enrollment.caLeadTime", Duration.ofDays(1), second, Duration.ofDays(90)),
        settings.duration(
            "enrollment.rootLeadTime", Duration.ofDays(30), second, Duration.ofDays(825)),
        database(settings),
        settings.flag("enrollment.allowUnprovenManufacturers", false),
        settings.<@Nullable Path>value(
            "enrollment.blockedKeys", null, Path::of, "the path of a file"),
        HookSettings.read(settings),
        EstSettings.read(settings),
        settings.duration(
            "enrollment.serviceCertificateValidity",
            Duration.ofDays(90),
            minute,
            Duration.ofDays(825)),
        CaSettings.read(settings));
  }

  private static StorageConfig.@Nullable Server database(Settings settings) {
    String url = settings.text("enrollment.database.url", "");
    String user = settings.text("enrollment.database.user", "muster");
    String passwordFile = settings.text("enrollment.database.passwordFile", "");
    return settings.<StorageConfig.@Nullable Server>value(
        "enrollment.database.url",
        null,
        value -> new StorageConfig.Server(
            url, user, passwordFile.isEmpty() ? null : Path.of(passwordFile)),
        "jdbc:postgresql://HOST/DATABASE, without a password");
  }

  private static List<DeviceProfile> profiles(Settings settings) {
    List<DeviceProfile> profiles = new ArrayList<>();
    for (String name : settings.below("enrollment.profiles")) {
      String key = "enrollment.profiles." + name;
      Duration validity = settings.duration(
          key + ".validity", Duration.ofDays(30), Duration.ofMinutes(1), Duration.ofDays(825));
      List<KeyKind> keys = settings.value(
          key + ".keys",
          List.of(KeyKind.values()),
          text -> items(text, KeyKind::of),
          "some of p-256, p-384, rsa, ed25519");
      List<FleetName> fleets = settings.value(
          key + ".fleets", List.of(), text -> items(text, FleetName::new), "names of fleets");
      settings
          .check(key, () -> new DeviceProfile(name, validity, keys, fleets))
          .ifPresent(profiles::add);
    }
    return profiles;
  }

  private static <T> List<T> items(String text, Function<String, T> parse) {
    return Stream.of(text.split(",", -1)).map(String::trim).map(parse).toList();
  }

  private static URI httpUrl(String value) {
    URI url = URI.create(value);
    if (!"http".equals(url.getScheme()) || url.getHost() == null) {
      throw new IllegalArgumentException(value);
    }
    return url;
  }
}
