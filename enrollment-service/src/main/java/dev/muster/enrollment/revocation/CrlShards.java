/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.issuance.StatusUrls;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deals certificates out to shards, so that no shard's CRL can ever grow beyond a bound.
 *
 * <p>Places are taken from the registry in blocks, ahead of need, and given away from memory; what
 * is left when the process ends is lost, and so is what nobody has wanted for long: a shard of
 * which no process can have places any more may go with its certificates. When there are none,
 * because many came at once, a certificate is given the complete CRL, which is as right, only
 * larger.
 */
public final class CrlShards implements StatusPlaces {
  private static final Logger LOG = LoggerFactory.getLogger(CrlShards.class);
  private static final int BLOCKS = 10;

  /** How long places may lie in memory. */
  private static final Duration HELD = Duration.ofDays(30);

  /** For certificates with a place that are not in the registry yet, and for clocks that differ. */
  private static final Duration MARGIN = Duration.ofDays(1);

  private final Registry registry;
  private final CrlPublisher publisher;
  private final String base;
  private final int size;
  private final Executor workers;
  private final Clock clock;
  private final Map<String, Supply> supplies = new ConcurrentHashMap<>();

  /**
   * @param base what URLs in certificates begin with, without a slash at the end
   * @param size the most certificates that a shard may hold
   * @param workers take new blocks
   */
  public CrlShards(
      Registry registry,
      CrlPublisher publisher,
      String base,
      int size,
      Executor workers,
      Clock clock) {
    this.registry = registry;
    this.publisher = publisher;
    this.base = base;
    this.size = size;
    this.workers = workers;
    this.clock = clock;
  }

  /** Whether places that were taken then can be in no certificate that is still to come. */
  static boolean isUsedUp(Instant taken, Instant now) {
    return now.isAfter(taken.plus(HELD).plus(MARGIN));
  }

  /** Places in memory. */
  private static final class Supply {
    private record Block(int shard, int places, Instant until) {}

    private final Deque<Block> blocks = new ArrayDeque<>();
    private int left;
    private boolean coming;

    /** A shard; 0 if there is no place. */
    int take(Instant now) {
      while (!blocks.isEmpty() && !now.isBefore(blocks.element().until)) {
        left -= blocks.remove().places;
      }
      Block first = blocks.poll();
      if (first == null) {
        return PublishedCrl.COMPLETE;
      }
      left--;
      if (first.places > 1) {
        blocks.addFirst(new Block(first.shard, first.places - 1, first.until));
      }
      return first.shard;
    }

    void add(Block block) {
      blocks.add(block);
      left += block.places;
    }
  }

  private int block() {
    return Math.max(1, size / BLOCKS);
  }

  @Override
  public Place next(String issuer) {
    Supply supply = supplies.computeIfAbsent(issuer, none -> new Supply());
    int shard;
    boolean order;
    synchronized (supply) {
      shard = supply.take(clock.instant());
      order = supply.left <= block() / 2 && !supply.coming;
      supply.coming |= order;
    }
    if (order) {
      order(issuer, supply);
    }
    // Not if the registry is from a backup that was made before these places were taken.
    boolean open = publisher.current(issuer, shard).isPresent();
    return place(issuer, open ? shard : PublishedCrl.COMPLETE);
  }

  private void order(String issuer, Supply supply) {
    try {
      workers.execute(() -> {
        try {
          refill(issuer);
        } catch (RuntimeException e) {
          LOG.warn(
              "CRL shard not extended issuer={} (its certificates use the complete CRL)",
              issuer,
              e);
        } finally {
          settle(supply);
        }
      });
    } catch (RejectedExecutionException e) {
      settle(supply);
    }
  }

  private static void settle(Supply supply) {
    synchronized (supply) {
      supply.coming = false;
    }
  }

  /** Takes another block of places. Blocks. */
  public void refill(String issuer) {
    int block = block();
    Instant now = clock.instant();
    int shard = registry.commit(tables -> tables.crls().takePlaces(issuer, base, block, size, now));
    publisher.open(issuer, shard, base + CrlPaths.shard(issuer, shard));
    Supply supply = supplies.computeIfAbsent(issuer, none -> new Supply());
    synchronized (supply) {
      supply.add(new Supply.Block(shard, block, now.plus(HELD)));
    }
  }

  private Place place(String issuer, int shard) {
    String crl =
        shard == PublishedCrl.COMPLETE ? CrlPaths.complete(issuer) : CrlPaths.shard(issuer, shard);
    return new Place(
        shard,
        new StatusUrls(
            URI.create(base + crl),
            URI.create(base + "/ocsp/" + issuer),
            URI.create(base + "/ca/" + issuer + ".cer")));
  }
}
