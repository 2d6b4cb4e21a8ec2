/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.desk.TrustAnchors.Anchor;
import dev.muster.enrollment.idevid.SerialNumber;
import dev.muster.enrollment.idevid.SerialNumber.Reading;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.protocol.identity.DistinguishedName;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the manufacturer behind an IDevID: builds paths from what the device sent, in whatever
 * order, up to a registered CA (RFC 5280, 6; RFC 8446, 4.4.2).
 *
 * <p>Thread-safe.
 */
final class IdevidVerifier {
  /** So that a chain made to have many paths costs no more than a few honest ones. */
  private static final int MAX_SIGNATURES = 16;

  private static final int CACHED_LINKS = 1_000;
  private static final String WHO = "client certificate: ";

  private final TrustView trust;
  private final CryptoProviders crypto;
  private final KnownLinks links = new KnownLinks(CACHED_LINKS);

  IdevidVerifier(TrustView trust, CryptoProviders crypto) {
    this.trust = trust;
    this.crypto = crypto;
  }

  /** @param chain the IDevID first; not empty */
  Peer identify(List<X509Certificate> chain, Instant now) {
    return new Search(chain, now).run();
  }

  /** One search, nearest CA first: of two trust anchors above a device the nearer one decides. */
  private final class Search {
    private final List<X509Certificate> chain;
    private final Instant now;
    private final TrustAnchors anchors = trust.trustAnchors();
    private final Deque<List<X509Certificate>> paths = new ArrayDeque<>();
    private @Nullable Peer refused;
    private int signatures;

    Search(List<X509Certificate> chain, Instant now) {
      this.chain = chain;
      this.now = now;
    }

    Peer run() {
      paths.add(List.of(chain.get(0)));
      while (!paths.isEmpty()) {
        List<X509Certificate> path = paths.remove();
        Optional<Peer> found = underAnchor(path);
        if (found.isPresent()) {
          return found.get();
        }
      }
      return refused != null
          ? refused
          : new Peer.Rejected(
              chain.get(0), WHO + "issued by nobody we know (expected: a registered manufacturer)");
    }

    /** Looks for the path's trust anchor, else makes it longer. */
    private Optional<Peer> underAnchor(List<X509Certificate> path) {
      boolean decided = false;
      X509Certificate top = path.get(path.size() - 1);
      for (Anchor anchor : anchors.issuersOf(top)) {
        if (signed(anchor.certificate().getPublicKey(), top)) {
          Peer peer = judge(path, anchor);
          if (!(peer instanceof Peer.Rejected)) {
            return Optional.of(peer);
          }
          // A CA's certificate may have been renewed under the same key: another may do.
          refused = refused == null ? peer : refused;
          // An unproven CA says nothing, not even against a proven one above it.
          decided |= trust.isProven(anchor.ca());
        }
      }
      if (!decided) {
        extend(path, top);
      }
      return Optional.empty();
    }

    private void extend(List<X509Certificate> path, X509Certificate top) {
      for (X509Certificate above : chain) {
        if (!path.contains(above)
            && above.getSubjectX500Principal().equals(top.getIssuerX500Principal())
            && signed(above.getPublicKey(), top)) {
          List<X509Certificate> longer = new ArrayList<>(path);
          longer.add(above);
          paths.add(longer);
        }
      }
    }

    private boolean signed(PublicKey key, X509Certificate certificate) {
      boolean authority = certificate.getBasicConstraints() >= 0;
      if (authority && links.contains(key, certificate)) {
        return true;
      }
      if (++signatures > MAX_SIGNATURES || !crypto.signed(key, certificate)) {
        return false;
      }
      if (authority) {
        links.add(key, certificate);
      }
      return true;
    }

    private Peer judge(List<X509Certificate> path, Anchor anchor) {
      X509Certificate idevid = path.get(0);
      Manufacturer manufacturer = anchor.manufacturer();
      if (anchor.distrust() != null && anchor.distrust().bars(now)) {
        return new Peer.Barred(
            WHO + "its manufacturer or the CA of it was disabled by an operator");
      }
      if (!trust.isProven(anchor.ca())) {
        return new Peer.Rejected(
            idevid,
            WHO + "its manufacturer's CA is not proven (expected: a proof that whoever registered"
                + " it has its key)");
      }
      Optional<String> violation = anchors
          .weakness(anchor)
          .or(() -> PathRules.violation(path, anchor.certificate(), manufacturer.policy(), now));
      if (violation.isPresent()) {
        return new Peer.Rejected(idevid, WHO + violation.get());
      }
      return RevocationRules.violation("IDevID", path, anchor, anchors, now)
          .<Peer>map(Peer.Barred::new)
          .orElseGet(() -> named(idevid, anchor));
    }

    private Peer named(X509Certificate idevid, Anchor anchor) {
      Manufacturer manufacturer = anchor.manufacturer();
      Reading reading = SerialNumber.read(idevid, manufacturer.policy().identity());
      if (reading instanceof Reading.Named named) {
        return new Peer.Factory(
            manufacturer, named.text(), names(idevid), idevid, anchor.ca().fingerprint());
      }
      return new Peer.Rejected(idevid, ((Reading.Unreadable) reading).reason());
    }
  }

  private static List<VerifiedCsr.Name> names(X509Certificate idevid) {
    DistinguishedName name = DistinguishedName.of(idevid.getSubjectX500Principal());
    List<VerifiedCsr.Name> names = new ArrayList<>();
    name.commonName().ifPresent(value -> names.add(new VerifiedCsr.Name("CN", value)));
    name.serialNumber().ifPresent(value -> names.add(new VerifiedCsr.Name("serialNumber", value)));
    name.organization().ifPresent(value -> names.add(new VerifiedCsr.Name("O", value)));
    name.organizationalUnit().ifPresent(value -> names.add(new VerifiedCsr.Name("OU", value)));
    return names;
  }
}
