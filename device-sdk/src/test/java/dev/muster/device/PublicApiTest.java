/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyVault;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a program sees of the SDK names nothing but Java, the SDK and the protocol. */
class PublicApiTest {
  private static final List<String> OURS = List.of("java.", "dev.muster.protocol.");

  @Test
  void signatures_ofAllThatIsPublic_nameNoThirdParty() throws Exception {
    Set<String> strangers = new TreeSet<>();
    List<Class<?>> all = publicTypes();
    for (Class<?> type : all) {
      for (Type named : namedBy(type)) {
        String name = named.getTypeName();
        boolean known = OURS.stream().anyMatch(name::startsWith) || all.contains(named);
        if (!known && named instanceof Class<?> c && !c.isPrimitive()) {
          strangers.add(type.getName() + ": " + name);
        }
      }
    }

    assertThat(all)
        .hasSizeGreaterThan(20)
        .contains(FleetDevice.class, Twin.class, KeyProvider.class, KeyVault.class);
    assertThat(strangers).isEmpty();
  }

  private static List<Class<?>> publicTypes() throws IOException, URISyntaxException {
    Path classes = Path.of(
        FleetDevice.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<Class<?>> types = new ArrayList<>();
    for (String exported : exportedToAll(classes)) {
      try (Stream<Path> files = Files.list(classes.resolve(exported.replace('.', '/')))) {
        for (Path file : files.toList()) {
          String name = file.getFileName().toString();
          if (name.endsWith(".class") && !name.equals("package-info.class")) {
            types.add(load(exported + "." + name.replace(".class", "")));
          }
        }
      }
    }
    types.removeIf(type -> !isOpen(type.getModifiers()) || type.isAnonymousClass());
    return types;
  }

  /** As the module descriptor has them. */
  private static List<String> exportedToAll(Path classes) throws IOException {
    try (InputStream descriptor = Files.newInputStream(classes.resolve("module-info.class"))) {
      return ModuleDescriptor.read(descriptor).exports().stream()
          .filter(exports -> !exports.isQualified())
          .map(ModuleDescriptor.Exports::source)
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isOpen(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static List<Type> namedBy(Class<?> type) {
    List<Type> named = new ArrayList<>(List.of(type.getGenericInterfaces()));
    if (type.getGenericSuperclass() != null) {
      named.add(type.getGenericSuperclass());
    }
    for (Field field : type.getDeclaredFields()) {
      if (isOpen(field.getModifiers())) {
        named.add(field.getGenericType());
      }
    }
    Stream.<Executable>concat(
            Arrays.stream(type.getDeclaredMethods()), Arrays.stream(type.getDeclaredConstructors()))
        .filter(member -> isOpen(member.getModifiers()) && !member.isSynthetic())
        .forEach(member -> {
          named.addAll(List.of(member.getGenericParameterTypes()));
          named.addAll(List.of(member.getGenericExceptionTypes()));
          named.add(member.getAnnotatedReturnType().getType());
        });
    return named.stream().flatMap(PublicApiTest::parts).toList();
  }

  private static Stream<Type> parts(Type type) {
    if (type instanceof ParameterizedType generic) {
      return Stream.concat(
          Stream.of(generic.getRawType()),
          Arrays.stream(generic.getActualTypeArguments()).flatMap(PublicApiTest::parts));
    }
    if (type instanceof WildcardType wild) {
      return Arrays.stream(wild.getUpperBounds()).flatMap(PublicApiTest::parts);
    }
    return type instanceof Class<?> c && c.isArray()
        ? parts(c.getComponentType())
        : Stream.of(type);
  }
}
