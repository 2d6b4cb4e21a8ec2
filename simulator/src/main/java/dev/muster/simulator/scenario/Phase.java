/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A part of a run. Shares are above 0, up to 1. */
public sealed interface Phase {
  Duration length();

  /** As it is called in a scenario file. */
  String name();

  /** Whether it can be done to the device SDK: start, send, lose its power or its network. */
  default boolean forAnyClient() {
    return isOfTheNetwork();
  }

  /** Whether it does something to the network between devices and broker. */
  default boolean isOfTheNetwork() {
    return false;
  }

  /** Whether it takes an enrollment service and operators, and not a broker alone. */
  default boolean needsBackend() {
    return false;
  }

  /**
   * Whether it has done something to a device only when an answer says so: that it was tried is not
   * enough.
   */
  default boolean isAnswered() {
    return false;
  }

  /** Every device gets its certificate and does not connect yet; ends as soon as all have one. */
  record Enroll(Duration length) implements Phase {
    @Override
    public String name() {
      return "enroll";
    }
  }

  /** The devices come online one after another, evenly, and send from then on. */
  record Ramp(Duration length) implements Phase {
    @Override
    public String name() {
      return "ramp";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /** Nothing happens but what goes on. */
  record Steady(Duration length) implements Phase {
    @Override
    public String name() {
      return "steady";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /**
   * Nothing happens, until every device has done what it was told and got a message through that
   * was due in this phase; then the phase ends. Who was revoked is not waited for.
   */
  record Recovery(Duration length) implements Phase {
    @Override
    public String name() {
      return "recovery";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /** Every device sends {@code factor} times as often. */
  record Burst(Duration length, double factor) implements Phase {
    @Override
    public String name() {
      return "burst";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /** A few devices send as fast as the broker acknowledges. */
  record Flood(Duration length, int devices) implements Phase {
    @Override
    public String name() {
      return "flood";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /** In its first moment a share of the connections is reset. */
  record ReconnectStorm(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "reconnect-storm";
    }

    @Override
    public boolean isOfTheNetwork() {
      return true;
    }
  }

  /** A share of the devices is cut off: nothing arrives, and nobody is told. */
  record Partition(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "partition";
    }

    @Override
    public boolean isOfTheNetwork() {
      return true;
    }
  }

  /**
   * The connections of a share of the devices lead nowhere from its first moment on, and nobody is
   * told.
   *
   * @param timeout after which a device gives up; null: as its keep-alive says
   */
  record HalfOpen(Duration length, double share, @Nullable Duration timeout) implements Phase {
    @Override
    public String name() {
      return "half-open";
    }

    @Override
    public boolean isOfTheNetwork() {
      return true;
    }
  }

  /**
   * The network of a share of the devices is slow, in each direction.
   *
   * @param delay of all bytes
   * @param bytesPerSecond at most; 0: no limit
   * @param loss share of packets that have to be sent again
   */
  record SlowNetwork(
      Duration length, double share, Duration delay, double bytesPerSecond, double loss)
      implements Phase {
    @Override
    public String name() {
      return "slow-network";
    }

    @Override
    public boolean isOfTheNetwork() {
      return true;
    }
  }

  /** In its first moment a share of the devices loses its power, and starts again. */
  record PowerCut(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "power-cut";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /**
   * The server's process is killed, at so many random moments, and started again each time.
   *
   * @param within so long after the server acknowledged something again; then the phase ends when
   *     it has done so after the last kill, and takes no longer than its length. Null: moments are
   *     spread over all of it
   * @param online that share of the devices is online again by then, too; 0: however many are
   * @param retry so long at most a device waits meanwhile between two attempts to connect; null: as
   *     devices do, which those of the SDK cannot be talked out of
   */
  record KillServer(
      Duration length,
      int times,
      @Nullable Duration within,
      double online,
      @Nullable Duration retry)
      implements Phase {
    /** However many are online, and as devices wait. */
    public KillServer(Duration length, int times, @Nullable Duration within) {
      this(length, times, within, 0, null);
    }

    @Override
    public String name() {
      return "kill-server";
    }

    @Override
    public boolean forAnyClient() {
      return retry == null;
    }
  }

  /**
   * A command does something to the server.
   *
   * @param begin run in the first moment
   * @param end run when the phase, or the run, is over; null if there is nothing to undo
   */
  record Hook(Duration length, String begin, @Nullable String end) implements Phase {
    @Override
    public String name() {
      return "hook";
    }

    @Override
    public boolean forAnyClient() {
      return true;
    }
  }

  /** A share of the devices renews its certificate, evenly, and goes on with the new one. */
  record Rotation(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "rotation";
    }

    @Override
    public boolean isAnswered() {
      return true;
    }
  }

  /** In its first moment the certificates of a share of the devices are revoked, for good. */
  record MassRevocation(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "mass-revocation";
    }

    @Override
    public boolean isAnswered() {
      return true;
    }

    @Override
    public boolean needsBackend() {
      return true;
    }
  }

  /** A share of the devices is told to be otherwise, as when firmware is rolled out. */
  record TwinChange(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "twin-change";
    }

    @Override
    public boolean isAnswered() {
      return true;
    }

    @Override
    public boolean needsBackend() {
      return true;
    }
  }

  /** A share of the devices is given a command. */
  record Commands(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "commands";
    }

    @Override
    public boolean isAnswered() {
      return true;
    }

    @Override
    public boolean needsBackend() {
      return true;
    }
  }

  /** The clocks of a share of the devices are wrong. @param by ahead, or behind if negative */
  record ClockJump(Duration length, double share, Duration by) implements Phase {
    @Override
    public String name() {
      return "clock-jump";
    }
  }

  /** Of a share of the devices there is each a second one, with the same key. */
  record Clone(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "clone";
    }

    @Override
    public boolean isAnswered() {
      return true;
    }
  }

  /** A share of the devices shows the broker the certificate of its factory. */
  record WrongCertificate(Duration length, double share) implements Phase {
    @Override
    public String name() {
      return "wrong-certificate";
    }

    @Override
    public boolean isAnswered() {
      return true;
    }

    @Override
    public boolean needsBackend() {
      return true;
    }
  }
}
