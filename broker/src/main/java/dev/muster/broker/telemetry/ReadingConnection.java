/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection with which one question is answered, in a limited time: each statement that is
 * prepared may take what those before it have left, to the second. So whoever runs one statement
 * again and again prepares it each time.
 */
final class ReadingConnection implements InvocationHandler {
  private static final Logger LOG = LoggerFactory.getLogger(ReadingConnection.class);

  private final Connection connection;
  private final long end;

  private ReadingConnection(Connection connection, long end) {
    this.connection = connection;
    this.end = end;
  }

  /** @param limit from now on */
  static Connection of(Connection connection, Duration limit) {
    return (Connection) Proxy.newProxyInstance(
        ReadingConnection.class.getClassLoader(),
        new Class<?>[] {Connection.class},
        new ReadingConnection(connection, System.nanoTime() + limit.toNanos()));
  }

  @Override
  public @Nullable Object invoke(Object self, Method method, Object @Nullable [] arguments)
      throws Throwable {
    if (method.getName().equals("close")) {
      lift();
    }
    Object answer = pass(method, arguments);
    if (answer instanceof PreparedStatement statement) {
      limit(statement);
    }
    return answer;
  }

  private @Nullable Object pass(Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  private void limit(PreparedStatement statement) throws SQLException {
    long left = end - System.nanoTime();
    if (left <= 0) {
      statement.close();
      throw new SQLTimeoutException("no time is left to read", TelemetryDatabase.CANCELED);
    }
    // Rounded up: zero is no limit at all.
    statement.setQueryTimeout(
        (int) Duration.ofNanos(left).plusSeconds(1).minusNanos(1).toSeconds());
  }

  /** H2 has the limit in the connection, where the next one to write would find it. */
  private void lift() {
    try (Statement any = connection.createStatement()) {
      any.setQueryTimeout(0);
    } catch (SQLException e) {
      // Who has it next will see that it is broken.
      LOG.debug("Limit not lifted error={}", e.toString());
    }
  }
}
