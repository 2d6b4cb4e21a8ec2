/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static java.util.Objects.requireNonNull;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.hardware.FactoryVault;
import dev.muster.protocol.file.KeyMatch;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.StagedDirectory;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A manufacturer's station in a directory, with a CA of its own or one that is elsewhere. It gives
 * devices their factory identity, an IDevID (IEEE 802.1AR).
 *
 * <p>Safe for use by many threads and by many processes at once; every call blocks on the disk, and
 * on a CA that is elsewhere as long as that takes. Unless said otherwise the methods throw
 * {@link FactoryException} if a file cannot be read or written.
 */
public final class Factory {
  /** The CA's certificate in a factory's directory; what an operator registers. */
  public static final String CA_CERTIFICATE = "ca.pem";
  /** The CA's private key in a factory's directory: PKCS#8 PEM, 0600. */
  public static final String CA_KEY = "ca.key";
  /** The serial numbers given, and to which keys, a line each, in a factory's directory. */
  public static final String LEDGER = Ledger.FILE;
  /** What a CA that is elsewhere has issued, a file for each key, in a factory's directory. */
  public static final String CERTIFIED = "certified";
  /** The device's private key: PKCS#8 PEM, 0600. */
  public static final String DEVICE_KEY = "device.key";
  /** The IDevID alone, as PEM. */
  public static final String DEVICE_CERTIFICATE = "device.pem";
  /**
   * The IDevID, then the CAs between it and the manufacturer's, if there are any, and then that
   * one, as PEM. A TLS peer that trusts the last does not need it (RFC 8446, 4.4.2 lets it be left
   * out); it is there for the programs that refuse a chain without the issuer.
   */
  public static final String DEVICE_CHAIN = "chain.pem";
  /** Where the key is, if it is not in {@link #DEVICE_KEY} but in hardware. */
  public static final String DEVICE_KEY_URI = "device.uri";
  /** What the maker of the TPM says of it, if that was asked for. */
  public static final String ENDORSEMENT_CERTIFICATE = "tpm.pem";
  /** What is stuck on the device, as SVG: a QR code of serial number, model and key. */
  public static final String LABEL = "label.svg";
  /** Key and chain as PKCS#12 (alias {@code device}, {@link #P12_PASSWORD}), 0600. */
  public static final String DEVICE_P12 = "device.p12";

  /**
   * The password of every {@link #DEVICE_P12}. It protects nothing, the file's permissions do: the
   * same key lies beside it in {@link #DEVICE_KEY}. It is not empty because keytool and some other
   * importers refuse an empty password, and {@code changeit} is what Java programs try first.
   */
  public static final String P12_PASSWORD = "changeit";

  private static final Logger LOG = LoggerFactory.getLogger(Factory.class);
  private static final Pattern CHALLENGE = Pattern.compile("[A-Za-z0-9-]{1,64}");
  private static final int MAX_NAME_CHARS = 64;

  private final Ledger ledger;
  private final ManufacturerCa ca;
  private final Clock clock;

  private Factory(Path directory, ManufacturerCa ca, Clock clock) {
    this.ledger = new Ledger(directory);
    this.ca = ca;
    this.clock = clock;
  }

  /**
   * Makes a new manufacturer CA. The directory appears with both files in it, or not at all.
   *
   * @param directory new or empty; its parents are made
   * @param name the manufacturer: 1 to 64 characters, no control characters
   * @throws IllegalArgumentException if {@code name} does not keep to that
   * @throws FactoryException if {@code directory} has files in it, or cannot be written
   */
  public static Factory init(Path directory, String name, Clock clock) {
    requireNonNull(clock, "clock");
    requireName(name);
    KeyPair keys = newKey();
    X509Certificate certificate = FactoryCertificates.authority(keys, name, clock);
    Path made = FactoryFiles.create(directory, files -> {
      files.writePublic(CA_CERTIFICATE, Pem.of(List.of(certificate)));
      files.write(CA_KEY, Pem.of(keys.getPrivate()));
    });
    LOG.info("Factory created name={} directory={}", Quoted.of(name), made);
    return new Factory(made, new LocalCa(certificate, keys.getPrivate(), clock), clock);
  }

  /**
   * Makes the directory of a station whose CA is elsewhere: {@link #CA_CERTIFICATE} alone. It is
   * opened with {@link #open(Path, CaCommand, Clock)}.
   *
   * @param directory new or empty; its parents are made
   * @param certificate PEM: the CA's, as it is registered with the enrollment service
   * @throws FactoryException if {@code directory} has files in it, or cannot be written; if that is
   *     no certificate of a CA
   */
  public static void station(Path directory, Path certificate, Clock clock) {
    List<X509Certificate> found = FactoryFiles.certificates(certificate);
    if (found.size() != 1) {
      throw new FactoryException(
          certificate + ": " + found.size() + " certificates (expected: one,"
              + " as it is registered with the enrollment service; CAs below it come with its answers)");
    }
    X509Certificate authority = found.get(0);
    requireAuthority(certificate, authority, clock);
    Path made = FactoryFiles.create(
        directory, files -> files.writePublic(CA_CERTIFICATE, Pem.of(List.of(authority))));
    LOG.info(
        "Station created ca={} directory={}",
        Quoted.of(authority.getSubjectX500Principal().getName()),
        made);
  }

  /**
   * Opens a manufacturer CA.
   *
   * @throws FactoryException if a file is missing or damaged, or the key is not the certificate's
   */
  public static Factory open(Path directory, Clock clock) {
    X509Certificate certificate = authority(directory, clock);
    Path certificateFile = directory.resolve(CA_CERTIFICATE);
    Path keyFile = requireFile(
        directory, CA_KEY, "; where the CA is elsewhere, say what asks it: --ca-command");
    PrivateKey key = FactoryFiles.privateKey(keyFile);
    if (!KeyMatch.belongTogether(key, certificate.getPublicKey())) {
      throw new FactoryException(keyFile + ": is not the key of " + certificateFile
          + "; restore both from the same backup");
    }
    warnIfOthersCanRead(keyFile);
    return new Factory(directory, new LocalCa(certificate, key, clock), clock);
  }

  /**
   * Opens a station whose CA is elsewhere; the CA is asked by a program. What it answers is checked
   * before anything is made of it, and kept in {@link #CERTIFIED}.
   *
   * @param directory as {@link #station} makes it
   * @throws FactoryException if a file is missing or damaged
   */
  public static Factory open(Path directory, CaCommand command, Clock clock) {
    X509Certificate certificate = authority(directory, clock);
    Path answers = directory.resolve(CERTIFIED);
    return new Factory(directory, new RemoteCa(certificate, command, answers, clock), clock);
  }

  private static X509Certificate authority(Path directory, Clock clock) {
    requireNonNull(clock, "clock");
    Path file = requireFile(directory, CA_CERTIFICATE, "");
    X509Certificate certificate = FactoryFiles.certificate(file);
    requireAuthority(file, certificate, clock);
    return certificate;
  }

  /** The CA's certificate: what an operator registers as the manufacturer's trust anchor. */
  public X509Certificate certificate() {
    return ca.certificate();
  }

  /** As {@link #issue(IdevidOrder, Path)}, with the key in a file, and no model. */
  public Path issue(String serial, Path directory) {
    return issue(IdevidOrder.of(serial), directory);
  }

  /**
   * Makes a key and an IDevID for one device: {@link #DEVICE_CERTIFICATE}, {@link #DEVICE_CHAIN},
   * {@link #LABEL}, and for a key in a file {@link #DEVICE_KEY} and {@link #DEVICE_P12}. The
   * directory appears with all of them, or not at all. That a serial number is given once is the
   * caller's to see to.
   *
   * <p>A key in hardware stays there: {@link #DEVICE_KEY_URI} names it. One that is there already
   * is used, so that work that was cut short goes on; what was done to the end is left as it is. It
   * has to sign, and only then is it certified, for one serial number alone. The proof of a TPM's
   * maker is kept as {@link #ENDORSEMENT_CERTIFICATE}.
   *
   * @param directory new or empty; its parents are made
   * @return the absolute path of {@code directory}
   * @throws IllegalArgumentException if the order's key names no such place, or is not proven to be
   *     in a TPM of the makers
   * @throws FactoryException if {@code directory} has other files in it, or cannot be written; if
   *     the hardware or the CA does not do its part, or the key is another device's
   */
  public Path issue(IdevidOrder order, Path directory) {
    URI key = order.key();
    return key == null ? issueInFiles(order, directory) : issueInHardware(order, key, directory);
  }

  /**
   * Makes the two files of an IDevID that a device needs, {@link #DEVICE_KEY} and
   * {@link #DEVICE_CHAIN}, and nothing for people: no PKCS#12, which costs more than all the rest,
   * no label, and no line in the ledger, so no manifest lists it. For simulated fleets of
   * thousands.
   *
   * @param directory new or empty; its parents are made
   * @throws IllegalArgumentException if {@code serial} is none, as {@link IdevidOrder} has it
   * @throws FactoryException if {@code directory} has files in it, or cannot be written
   */
  public Path issueBare(String serial, Path directory) {
    String checked = IdevidOrder.of(serial).serial();
    LocalCa local = local();
    KeyPair keys = newKey();
    X509Certificate idevid = FactoryCertificates.idevid(
        keys.getPublic(), checked, local.certificate(), local.key(), clock);
    return FactoryFiles.create(directory, files -> {
      files.write(DEVICE_KEY, Pem.of(keys.getPrivate()));
      files.writePublic(DEVICE_CHAIN, Pem.of(List.of(idevid, local.certificate())));
    });
  }

  private Path issueInFiles(IdevidOrder order, Path directory) {
    local();
    KeyPair keys = newKey();
    CertificationOrder asked = CertificationOrder.idevid(order, keys, ca.certificate());
    return issue(asked, directory, (files, chain) -> {
      files.write(DEVICE_KEY, Pem.of(keys.getPrivate()));
      files.write(DEVICE_P12, p12(keys.getPrivate(), chain));
      ledger.add(order.serial(), asked.fingerprint());
    });
  }

  /** One made anew each time would get a second certificate after a try that was cut short. */
  private LocalCa local() {
    if (ca instanceof LocalCa local) {
      return local;
    }
    throw new FactoryException("a key in a file is not certified by a CA that is elsewhere"
        + " (expected: a key in hardware, --key tpm:... or pkcs11:...)");
  }

  private Path issueInHardware(IdevidOrder order, URI key, Path directory) {
    try (FactoryVault vault = FactoryVault.open(key)) {
      KeyPair keys = vault.namedOrNew();
      CertificationOrder asked = requested(order, key, keys);
      List<X509Certificate> endorsement = order.makers().isEmpty()
          ? List.of()
          : List.of(vault.proveGenuine(keys.getPublic(), order.makers(), clock.instant()));
      if (isDone(order, asked, directory)) {
        LOG.info("IDevID was issued before serial={} directory={}", order.serial(), directory);
        return directory.toAbsolutePath().normalize();
      }
      // Before a CA gives away what nobody could use.
      FactoryFiles.refuseOccupied(directory.toAbsolutePath().normalize());
      ledger.refuseOthers(order.serial(), asked.fingerprint());
      return issue(asked, directory, (files, chain) -> {
        files.writePublic(DEVICE_KEY_URI, key + "\n");
        if (!endorsement.isEmpty()) {
          files.writePublic(ENDORSEMENT_CERTIFICATE, Pem.of(endorsement));
        }
        ledger.addUnlessOthers(order.serial(), asked.fingerprint());
      });
    } catch (KeyUnavailableException | UncheckedIOException e) {
      throw new FactoryException(String.valueOf(e.getMessage()), e);
    } catch (ProviderException e) {
      throw new FactoryException(key + ": " + e.getMessage(), e);
    }
  }

  /** Whether the directory is what this order with this key has made. */
  private boolean isDone(IdevidOrder order, CertificationOrder asked, Path directory) {
    Path file = directory.resolve(DEVICE_CHAIN);
    if (!Files.exists(file)
        || !order.makers().isEmpty() && !Files.exists(directory.resolve(ENDORSEMENT_CERTIFICATE))) {
      return false;
    }
    return ca.hasCertified(asked, FactoryFiles.certificates(file));
  }

  /** The key signs, or it is not certified. */
  private CertificationOrder requested(IdevidOrder order, URI key, KeyPair keys) {
    try {
      return CertificationOrder.idevid(order, keys, ca.certificate());
    } catch (FactoryException e) {
      throw new FactoryException(key + ": " + e.getMessage(), e);
    }
  }

  private interface KeyFiles {
    /** Notes the serial number last: rather one too many than a device unannounced. */
    void write(StagedDirectory files, List<X509Certificate> chain) throws IOException;
  }

  private Path issue(CertificationOrder order, Path directory, KeyFiles keyFiles) {
    List<X509Certificate> chain = new ArrayList<>(ca.certify(order));
    chain.add(ca.certificate());
    X509Certificate idevid = chain.get(0);
    String serial = order.name();
    Path made = FactoryFiles.create(directory, files -> {
      files.writePublic(DEVICE_CERTIFICATE, Pem.of(List.of(idevid)));
      files.writePublic(DEVICE_CHAIN, Pem.of(chain));
      files.writePublic(LABEL, new Label(serial, order.model(), order.key()).svg());
      keyFiles.write(files, chain);
    });
    LOG.info(
        "IDevID issued serial={} certificate={} directory={}",
        serial,
        idevid.getSerialNumber().toString(16),
        made);
    if (IdevidRules.ends(idevid)) {
      LOG.warn(
          "IDevID has an end serial={} notAfter={} hint=\"IEEE 802.1AR wants none:"
              + " 99991231235959Z\"",
          serial,
          idevid.getNotAfter().toInstant());
    }
    return made;
  }

  /**
   * Shows an operator's service that the key of this CA is at hand, as it asks when the CA is
   * registered there: a certificate over the challenge, for an hour.
   *
   * @param challenge as the service gave it: 1 to 64 of {@code [A-Za-z0-9-]}
   * @throws IllegalArgumentException if {@code challenge} does not keep to that
   */
  public X509Certificate prove(String challenge) {
    requireChallenge(challenge);
    return ca.certify(CertificationOrder.proof(challenge, newKey())).get(0);
  }

  /**
   * As {@link #prove(String)}, for a CA that is no factory's directory.
   *
   * @param key of {@code certificate}: EC, RSA or Ed25519
   * @throws IllegalArgumentException also if {@code key} is of another kind
   */
  public static X509Certificate prove(
      X509Certificate certificate, PrivateKey key, String challenge, Clock clock) {
    requireChallenge(challenge);
    return FactoryCertificates.proof(newKey().getPublic(), challenge, certificate, key, clock);
  }

  private static void requireChallenge(String challenge) {
    if (!CHALLENGE.matcher(challenge).matches()) {
      throw new IllegalArgumentException(
          "challenge: " + Quoted.of(challenge) + " (expected: 1 to 64 of [A-Za-z0-9-])");
    }
  }

  /**
   * Writes a signed manifest of all serial numbers that {@link #issue} has given so far, each with
   * the SHA-256 of its IDevID's public key: CSV inside a CMS SignedData, DER. The key that signs is
   * made for it and thrown away; the CA certifies it.
   *
   * @param fleet the fleet of these devices; null leaves that to the operator
   * @param file is replaced if it is there
   * @return how many serial numbers it lists
   * @throws FactoryException if there are none, or {@code file} cannot be written
   */
  public int manifest(@Nullable FleetName fleet, Path file) {
    Map<String, String> keys = ledger.keys();
    if (keys.isEmpty()) {
      throw new FactoryException("no serial number was issued here yet (expected: factory issue"
          + " first; IDevIDs made before manifests were known are in no ledger)");
    }
    String fleetColumn = fleet == null ? "" : "," + fleet;
    StringBuilder csv = new StringBuilder(fleet == null ? "serial,key\n" : "serial,fleet,key\n");
    keys.forEach((serial, fingerprint) ->
        csv.append(serial).append(fleetColumn).append(',').append(fingerprint).append('\n'));
    KeyPair station = newKey();
    List<X509Certificate> chain =
        ca.certify(CertificationOrder.manifest(station, ca.certificate()));
    byte[] signed = new ManifestSigner(chain, station.getPrivate())
        .sign(csv.toString().getBytes(StandardCharsets.US_ASCII));
    try {
      Files.write(file, signed);
    } catch (IOException e) {
      throw FactoryException.io(file, "written", e);
    }
    LOG.info("Manifest signed serials={} file={}", keys.size(), file);
    return keys.size();
  }

  private static void requireName(String name) {
    requireNonNull(name, "name");
    boolean printable = name.codePoints().noneMatch(Character::isISOControl);
    // X.520 ends an organization's name at 64 characters (RFC 5280, A.1).
    if (!printable || name.isBlank() || name.length() > MAX_NAME_CHARS) {
      throw new IllegalArgumentException("name: " + Quoted.of(name)
          + " (expected: the manufacturer, 1 to 64 characters, no control characters)");
    }
  }

  private static Path requireFile(Path directory, String name, String hint) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new FactoryException(file + ": is missing (expected: a factory made by `muster factory"
          + " init`); restore it from a backup, or make a new factory elsewhere" + hint);
    }
    return file;
  }

  private static void requireAuthority(Path file, X509Certificate certificate, Clock clock) {
    boolean[] usage = certificate.getKeyUsage();
    boolean signsCertificates = usage != null && usage[5];
    if (certificate.getBasicConstraints() < 0 || !signsCertificates) {
      throw new FactoryException(
          file + ": is not the certificate of a CA (expected: CA:TRUE and key usage keyCertSign)");
    }
    if (clock.instant().isAfter(certificate.getNotAfter().toInstant())) {
      throw new FactoryException(
          file + ": expired at " + certificate.getNotAfter().toInstant() + "; make a new factory");
    }
  }

  private static void warnIfOthersCanRead(Path keyFile) {
    try {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(keyFile);
      if (permissions.contains(PosixFilePermission.GROUP_READ)
          || permissions.contains(PosixFilePermission.OTHERS_READ)) {
        LOG.warn("Factory key readable by others file={} hint=\"chmod 600\"", keyFile);
      }
    } catch (IOException | UnsupportedOperationException e) {
      LOG.debug("Factory key permissions unknown file={} reason={}", keyFile, e.toString());
    }
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("no P-256 in this Java", e);
    }
  }

  private static byte[] p12(PrivateKey key, List<X509Certificate> chain) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      char[] password = P12_PASSWORD.toCharArray();
      store.setKeyEntry("device", key, password, chain.toArray(Certificate[]::new));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      store.store(bytes, password);
      return bytes.toByteArray();
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("no PKCS#12 in this Java", e);
    }
  }
}
