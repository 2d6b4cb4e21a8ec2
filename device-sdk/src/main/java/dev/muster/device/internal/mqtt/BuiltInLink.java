/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.mqtt.packet.MalformedPacketException;
import dev.muster.device.internal.mqtt.packet.Packet;
import dev.muster.device.internal.mqtt.packet.PacketReader;
import dev.muster.device.internal.mqtt.packet.PacketWriter;
import dev.muster.device.internal.tls.TlsChannel;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One connection, all of it on the device's loop but for the handshake. What a turn of the loop has
 * to send goes together, in one record of TLS.
 */
final class BuiltInLink implements MqttLink {
  private static final Logger LOG = DeviceLogger.of(BuiltInLink.class);
  private static final int DEFAULT_PORT = 8883;
  private static final Duration GOODBYE = Duration.ofSeconds(1);

  /** For an alert that says why nothing can be written any more. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  /** What a broker may send unacknowledged, and at a time: commands and twins are far smaller. */
  private static final int RECEIVE_MAXIMUM = 64;

  private static final int MAX_PACKET_BYTES = 1024 * 1024;
  private static final int MAX_IDENTIFIER = 0xFFFF;

  /**
   * So many intervals of keep-alive a broker may say something, but read nothing of what waits for
   * it. One that only acknowledges late, for its store stalls, is not meant.
   */
  private static final int STALLED_INTERVALS = 5;

  private final LinkSettings settings;
  private final LinkEvents events;
  private final EventLoop loop;
  private final TlsChannel tls;
  private final PacketReader reader = new PacketReader(MAX_PACKET_BYTES);
  private final PacketWriter writer = new PacketWriter();
  private final Map<Integer, OutboundMessage> unacknowledged = new HashMap<>();
  private final Map<Integer, String> subscribing = new HashMap<>();
  /** Where in the stream those acknowledgements end that TLS has not taken yet. */
  private final Queue<Long> acknowledging = new ArrayDeque<>();

  private long taken;
  private @Nullable SelectionKey key;
  private @Nullable KeepAlive keepAlive;
  private EventLoop.@Nullable Timed limit;
  private boolean connected;
  private boolean flushPlanned;
  private boolean writeFailed;
  private boolean closing;
  private boolean goodbyeSaid;
  private boolean ended;
  private int lastIdentifier;

  BuiltInLink(LinkSettings settings, LinkEvents events) {
    URI broker = settings.broker();
    this.settings = settings;
    this.events = events;
    this.loop = settings.loop();
    this.tls = new TlsChannel(
        broker.getHost(),
        broker.getPort() < 0 ? DEFAULT_PORT : broker.getPort(),
        settings.identity());
  }

  void start() {
    try {
      settings.threads().execute(this::open);
    } catch (RejectedExecutionException | OutOfMemoryError e) { // The machine has no thread left.
      loop.execute(() -> end(LinkEnd.of(e)));
    }
  }

  private void open() {
    try {
      loop.execute(this::begin);
      tls.connect(settings.connectTimeout());
      loop.execute(this::opened);
    } catch (IOException | RuntimeException | Error e) {
      loop.execute(() -> end(LinkEnd.ofHandshake(e)));
    }
  }

  /** From now on its time runs: it may have waited for its thread. */
  private void begin() {
    if (!ended) {
      limit = loop.after(
          settings.connectTimeout(),
          () -> end(new LinkEnd(LinkEnd.Kind.LOST, "no answer to CONNECT in time")));
    }
  }

  private void opened() {
    if (ended) {
      return;
    }
    attempt(() -> {
      key = loop.watch(tls.channel(), SelectionKey.OP_READ, this::onReady);
      writer.connect(
          settings.clientId(),
          (int) settings.keepAlive().toSeconds(),
          RECEIVE_MAXIMUM,
          MAX_PACKET_BYTES);
      flush();
      take(); // The server may have said more than the handshake already.
    });
  }

  private interface Step {
    void run() throws IOException, MalformedPacketException;
  }

  private void attempt(Step step) {
    try {
      step.run();
    } catch (IOException e) {
      end(LinkEnd.of(e));
    } catch (MalformedPacketException e) {
      hangUp(e);
    } catch (RuntimeException | Error e) {
      endOfDefect(e);
    }
  }

  /** A defect, or no memory: what was half done would be done again, and again. */
  private void endOfDefect(Throwable defect) {
    end(LinkEnd.of(defect));
    LOG.error("Link failed client={}", settings.clientId(), defect);
  }

  private void hangUp(MalformedPacketException cause) {
    writer.disconnect(cause.reason());
    flush();
    end(new LinkEnd(
        LinkEnd.Kind.LOST, "the broker sent what is not MQTT 5: " + cause.getMessage()));
  }

  private void onReady(SelectionKey ready) {
    if (!ended && ready.isWritable()) {
      flush();
      attempt(this::take); // What could not be read before TLS had answered.
    }
    if (!ended && ready.isReadable()) {
      attempt(this::receive);
    }
  }

  private void receive() throws IOException, MalformedPacketException {
    int bytes = tls.fill();
    if (bytes > 0 && keepAlive != null) {
      keepAlive.heard();
    }
    take();
    if (bytes < 0) {
      end(new LinkEnd(LinkEnd.Kind.LOST, "connection lost"));
    }
  }

  /** Does what the packets say that are here; only then what TLS says after them. */
  private void take() throws IOException, MalformedPacketException {
    if (ended) {
      return;
    }
    SSLException failure = tls.decrypt();
    ByteBuffer bytes = tls.received();
    try {
      Packet packet = reader.next(bytes);
      while (packet != null && !ended) {
        handle(packet);
        packet = reader.next(bytes);
      }
    } finally {
      tls.taken();
    }
    if (failure != null) {
      throw failure;
    }
    if (tls.isEnded()) {
      end(new LinkEnd(LinkEnd.Kind.LOST, "the broker ended TLS"));
    } else if (tls.wantsToWrite()) {
      flush();
      if (!tls.wantsToWrite()) {
        loop.execute(() -> attempt(this::take)); // It read nothing more before it had answered.
      }
    }
  }

  private void handle(Packet packet) throws MalformedPacketException {
    if (packet instanceof Packet.ConnAck answer) {
      whenAnswered(answer);
    } else if (!connected) {
      throw MalformedPacketException.unexpected("before the CONNACK", packet);
    } else if (packet instanceof Packet.PubAck pubAck) {
      whenAcknowledged(pubAck);
    } else if (packet instanceof Packet.Publish message) {
      whenMessage(message);
    } else if (packet instanceof Packet.SubAck subAck) {
      whenSubscribed(subAck);
    } else if (packet instanceof Packet.Disconnect goodbye) {
      end(ReasonCodes.endOf(goodbye.reason(), goodbye.reasonString()));
    }
    // A PINGRESP has been heard, which is all.
  }

  private void whenAnswered(Packet.ConnAck answer) throws MalformedPacketException {
    if (connected) {
      throw MalformedPacketException.unexpected("after the CONNACK", answer);
    }
    if (answer.reason() >= ReasonCodes.FIRST_FAILURE) {
      end(ReasonCodes.endOf(answer.reason(), answer.reasonString()));
    } else if (answer.maximumQos() < 1) {
      end(new LinkEnd(LinkEnd.Kind.LOST, "the broker takes no messages of QoS 1"));
    } else {
      connected = true;
      cancel(limit);
      keepAlive = new KeepAlive(intervalOf(answer.keepAliveSeconds()));
      keepAlive.plan();
      events.onConnected(answer.receiveMaximum(), answer.maximumPacketSize());
    }
  }

  /** A server may want it shorter. That it does not look itself is no reason for us not to. */
  private Duration intervalOf(int serversSeconds) {
    Duration ours = settings.keepAlive();
    Duration theirs = Duration.ofSeconds(serversSeconds);
    return serversSeconds > 0 && theirs.compareTo(ours) < 0 ? theirs : ours;
  }

  private void whenAcknowledged(Packet.PubAck pubAck) {
    OutboundMessage message = unacknowledged.remove(pubAck.id());
    int reason = pubAck.reason();
    if (message != null) {
      events.onAcknowledged(
          message,
          reason,
          reason < ReasonCodes.FIRST_FAILURE
              ? ""
              : ReasonCodes.describe(reason, pubAck.reasonString()));
    }
  }

  private void whenMessage(Packet.Publish message) throws MalformedPacketException {
    if (closing) {
      return; // Nothing follows our DISCONNECT, so it could not be acknowledged.
    }
    if (message.id() > 0 && acknowledging.size() >= RECEIVE_MAXIMUM) {
      throw MalformedPacketException.tooMany(RECEIVE_MAXIMUM);
    }
    events.onMessage(message.topic(), message.payload());
    if (message.id() > 0) {
      writer.pubAck(message.id());
      acknowledging.add(taken + writer.size());
      flushSoon();
    }
  }

  private void whenSubscribed(Packet.SubAck subAck) {
    String filter = subscribing.remove(subAck.id());
    if (subAck.reason() >= ReasonCodes.FIRST_FAILURE) {
      LOG.warn(
          "Subscription refused client={} filter={} reason={}",
          settings.clientId(),
          filter,
          ReasonCodes.describe(subAck.reason(), subAck.reasonString()));
    }
  }

  @Override
  public boolean publish(OutboundMessage message) {
    if (!connected || ended || closing) {
      return false;
    }
    int id = newIdentifier();
    unacknowledged.put(id, message);
    MessageIdentity identity = message.identity();
    if (identity == null) {
      writer.publish(id, message.topic(), message.contentType(), message.payload());
    } else {
      writer.publish(
          id,
          message.topic(),
          message.contentType(),
          message.payload(),
          MessageIdentity.BOOT_PROPERTY,
          identity.boot(),
          MessageIdentity.SEQUENCE_PROPERTY,
          Long.toString(identity.sequence()));
    }
    flushSoon();
    return true;
  }

  @Override
  public void subscribe(String filter) {
    if (connected && !ended && !closing) {
      int id = newIdentifier();
      subscribing.put(id, filter);
      writer.subscribe(id, filter);
      flushSoon();
    }
  }

  /** There is always one: the window is far smaller. */
  private int newIdentifier() {
    do {
      lastIdentifier = lastIdentifier % MAX_IDENTIFIER + 1;
    } while (unacknowledged.containsKey(lastIdentifier) || subscribing.containsKey(lastIdentifier));
    return lastIdentifier;
  }

  private void flushSoon() {
    if (!flushPlanned) {
      flushPlanned = true;
      loop.atRest(() -> {
        flushPlanned = false;
        flush();
      });
    }
  }

  private void flush() {
    SelectionKey watched = key;
    if (ended || writeFailed || goodbyeSaid || watched == null) {
      return;
    }
    try {
      boolean all = write();
      watched.interestOps(interest(all));
      if (keepAlive != null) {
        keepAlive.said(all);
      }
      if (all && closing) {
        goodbyeSaid = true;
        tls.finish();
      }
    } catch (IOException e) {
      whenUnwritable(watched, e);
    } catch (RuntimeException | Error e) {
      endOfDefect(e);
    }
  }

  /** Nothing is read that could not be decrypted: it would be ready, time and again. */
  private int interest(boolean all) {
    return all
        ? SelectionKey.OP_READ
        : tls.wantsToWrite() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ | SelectionKey.OP_WRITE;
  }

  private boolean write() throws IOException {
    ByteBuffer waiting = writer.written();
    int before = waiting.remaining();
    try {
      return tls.write(waiting);
    } finally {
      taken += before - waiting.remaining();
      writer.taken();
      while (!acknowledging.isEmpty() && acknowledging.element() <= taken) {
        acknowledging.remove();
      }
    }
  }

  /**
   * Under TLS 1.3 a server refuses our certificate when its handshake is over for us already: it
   * sends an alert and hangs up, and our next write fails. The alert is still to be read, and says
   * why.
   */
  private void whenUnwritable(SelectionKey watched, IOException failure) {
    writeFailed = true;
    if (watched.isValid()) {
      watched.interestOps(SelectionKey.OP_READ);
    }
    loop.after(LAST_WORDS, () -> end(LinkEnd.of(failure)));
  }

  @Override
  public void close() {
    if (ended || closing) {
      return;
    }
    closing = true;
    if (connected) {
      writer.disconnect(0);
      flush();
      // It hangs up when it has read that.
      loop.after(GOODBYE, () -> end(new LinkEnd(LinkEnd.Kind.CLOSED, "closed")));
    } else {
      tls.cut(); // Now, for the loop may be about to close as well.
      loop.execute(() -> end(new LinkEnd(LinkEnd.Kind.CLOSED, "closed")));
    }
  }

  private void end(LinkEnd end) {
    if (!ended) {
      ended = true;
      cancel(limit);
      if (keepAlive != null) {
        cancel(keepAlive.next);
      }
      tls.cut();
      events.onEnded(closing ? new LinkEnd(LinkEnd.Kind.CLOSED, "closed") : end);
    }
  }

  private static void cancel(EventLoop.@Nullable Timed task) {
    if (task != null) {
      task.cancel();
    }
  }

  /**
   * Asks for a sign of life when nothing was heard, or said, for the interval (MQTT 5, 3.1.2.10);
   * without one the link is over.
   */
  private final class KeepAlive {
    private final long interval;
    private long lastSaid = System.nanoTime();
    private long lastHeard = lastSaid;
    private long asked;
    private boolean waiting;
    private boolean stuck;
    private long lastSent;
    private long lastTaken;
    private EventLoop.@Nullable Timed next;

    KeepAlive(Duration interval) {
      this.interval = interval.toNanos();
    }

    /** @param all whether nothing waits for the broker to read */
    void said(boolean all) {
      lastSaid = System.nanoTime();
      if (!stuck || lastSent != tls.sent()) {
        lastTaken = lastSaid;
      }
      lastSent = tls.sent();
      stuck = !all;
    }

    void heard() {
      lastHeard = System.nanoTime();
      waiting = false;
    }

    void plan() {
      if (interval > 0) {
        long since = waiting ? asked : Math.min(lastSaid, lastHeard);
        long left = Math.max(0, since + interval - System.nanoTime());
        next = loop.after(Duration.ofNanos(left), this::check);
      }
    }

    private void check() {
      long now = System.nanoTime();
      if (waiting && now - asked >= interval) {
        end(new LinkEnd(LinkEnd.Kind.LOST, "no answer to PINGREQ in time"));
        return;
      }
      if (stuck && now - lastTaken >= STALLED_INTERVALS * interval) {
        end(new LinkEnd(LinkEnd.Kind.LOST, "the broker reads nothing"));
        return;
      }
      if (!closing && !waiting && now - Math.min(lastSaid, lastHeard) >= interval) {
        waiting = true;
        asked = now;
        writer.pingReq();
        flush();
      }
      plan();
    }
  }
}
