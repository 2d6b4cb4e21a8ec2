/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A role of the policy file.
 *
 * @param issuer the CA that must have issued the certificate
 * @param attributes what the subject must have: a value, {@code *} for any, the empty text for none
 * @param sharedGroups the groups of {@code $share/<group>/...} that it may join
 */
record Role(
    String name,
    String issuer,
    Map<String, String> attributes,
    List<Template> clientIds,
    List<Rule> publish,
    List<Rule> will,
    List<Rule> subscribe,
    List<Rule> denyPublish,
    List<Rule> denySubscribe,
    List<Template> sharedGroups,
    ClientLimits limits) {
  static final String ANY = "*";
  static final String NONE = "";

  Role {
    attributes = Map.copyOf(attributes);
    clientIds = List.copyOf(clientIds);
    publish = List.copyOf(publish);
    will = List.copyOf(will);
    subscribe = List.copyOf(subscribe);
    denyPublish = List.copyOf(denyPublish);
    denySubscribe = List.copyOf(denySubscribe);
    sharedGroups = List.copyOf(sharedGroups);
  }

  /**
   * One line of a role.
   *
   * @param place where it stands in the file
   * @param retain whether it holds for retained messages, too
   */
  record Rule(String place, OwnFilter topic, boolean retain) {}

  boolean matches(ClientSubject subject) {
    return issuer.equals(subject.issuer())
        && attributes.entrySet().stream()
            .allMatch(wanted -> holds(wanted.getValue(), subject.attribute(wanted.getKey())));
  }

  boolean admitsClientId(String clientId, ClientSubject subject) {
    return clientIds.stream().anyMatch(template -> template.admits(clientId, subject));
  }

  private static boolean holds(String wanted, @Nullable String actual) {
    if (wanted.equals(NONE)) {
      return actual == null;
    }
    return actual != null && (wanted.equals(ANY) || wanted.equals(actual));
  }
}
