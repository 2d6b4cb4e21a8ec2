/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A thousand devices live in one JVM: nothing of one is in a static field, where others see it. */
class StaticStateTest {
  /** Of each thread: for which device it works at this moment, so that its log gets the lines. */
  private static final String OF_THE_THREAD = "dev.muster.device.internal.log.LogRing.CURRENT";

  /** What a process has locked in the file system is the whole process's. */
  private static final String OF_THE_PROCESS =
      "dev.muster.device.internal.identity.StateLock.IN_USE";

  @Test
  void classes_ofTheSdk_haveNoStaticState() throws Exception {
    Path classes = Path.of(
        FleetDevice.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> names;
    try (Stream<Path> files = Files.walk(classes.resolve("dev/muster/device"))) {
      names = files
          .map(file -> classes.relativize(file).toString().replace('/', '.'))
          .filter(name -> name.endsWith(".class") && !name.endsWith("package-info.class"))
          .map(name -> name.replaceAll("\\.class$", ""))
          .toList();
    }
    List<String> states = new ArrayList<>();
    for (String name : names) {
      for (Field field : Class.forName(name).getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) && !field.isSynthetic() && isState(field)) {
          states.add(name + "." + field.getName());
        }
      }
    }

    assertThat(names).hasSizeGreaterThan(100);
    assertThat(states).containsExactlyInAnyOrder(OF_THE_THREAD, OF_THE_PROCESS);
  }

  private static boolean isState(Field field) throws IllegalAccessException {
    if (!Modifier.isFinal(field.getModifiers())) {
      return true;
    }
    field.setAccessible(true);
    Object value = field.get(null);
    return value instanceof ThreadLocal
        || value.getClass().getName().startsWith("java.util.concurrent.")
        || (value instanceof Collection || value instanceof Map) && !isImmutable(value);
  }

  private static boolean isImmutable(Object collection) {
    return collection.getClass().getName().startsWith("java.util.ImmutableCollections$");
  }
}
