/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceFilter;
import dev.muster.enrollment.inventory.DeviceOrder;
import dev.muster.enrollment.inventory.DeviceSummary;
import dev.muster.enrollment.inventory.Registry;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The devices that are asked for, a page after the other. */
final class DevicePages {
  private final DeviceFilter filter;
  private final DeviceOrder order;
  private final Instant now;
  private String after;

  private DevicePages(DeviceFilter filter, DeviceOrder order, Instant now, String after) {
    this.filter = filter;
    this.order = order;
    this.now = now;
    this.after = after;
  }

  /** As parameters say: the filters, {@code sort} and {@code after}. */
  static DevicePages of(RoutingContext request, OperatorParts parts) {
    return Work.checked(() -> {
      String sort = request.request().getParam("sort");
      DeviceOrder order = sort == null ? DeviceOrder.IDS : DeviceOrder.parse(sort);
      if (order.by() == DeviceOrder.By.SEEN) {
        DeviceRoutes.checkHears(parts, "sort");
      }
      DevicePages pages = new DevicePages(
          DeviceRoutes.filter(request, parts), order, parts.clock().instant(), Work.after(request));
      pages.place();
      return pages;
    });
  }

  /** @throws IllegalArgumentException if it is none of this order */
  private Optional<DeviceOrder.Place> place() {
    if (order.equals(DeviceOrder.IDS) && after.contains("/")) {
      throw new IllegalArgumentException("after: of another order (expected: as \"next\" gave it)");
    }
    return after.isEmpty() || order.equals(DeviceOrder.IDS)
        ? Optional.empty()
        : Optional.of(order.parsePlace(after));
  }

  List<DeviceSummary> next(Registry.Tables tables, int limit) {
    List<DeviceSummary> page = order.equals(DeviceOrder.IDS)
        ? tables.devices().list(filter, now, after, limit)
        : tables.devices().list(filter, order, now, place(), limit);
    if (!page.isEmpty()) {
      DeviceSummary last = page.get(page.size() - 1);
      after = order.equals(DeviceOrder.IDS)
          ? last.device().id().value()
          : order.place(last).text();
    }
    return page;
  }

  /** What the page after the last one comes after. */
  String after() {
    return after;
  }
}
