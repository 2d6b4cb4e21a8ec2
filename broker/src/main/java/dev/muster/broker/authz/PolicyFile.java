/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The policy file: roles, whom they match, and what they allow. Immutable. */
public final class PolicyFile {
  private static final ObjectMapper YAML = new ObjectMapper(
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private final List<Role> roles;

  private PolicyFile(List<Role> roles) {
    this.roles = List.copyOf(roles);
  }

  /**
   * Reads a file.
   *
   * @throws InvalidPolicyException if it cannot be read or is not a policy; lists all problems
   */
  public static PolicyFile read(Path file) {
    return parse(file.toString(), text(file));
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new InvalidPolicyException(
          file.toString(),
          List.of("cannot be read: no such file (expected: a readable YAML file)"));
    } catch (IOException e) {
      throw new InvalidPolicyException(
          file.toString(), List.of("cannot be read: " + e + " (expected: a readable YAML file)"));
    }
  }

  /**
   * Reads a text.
   *
   * @param source names it in messages
   * @throws InvalidPolicyException as {@link #read}
   */
  public static PolicyFile parse(String source, String yaml) {
    try {
      JsonNode root = YAML.readTree(yaml);
      PolicyProblems problems;
      try (JsonParser parser = YAML.createParser(yaml)) {
        problems = new PolicyProblems(PolicyPlaces.read(parser));
      }
      List<Role> roles = new PolicyReader(problems).read(root);
      if (!problems.all().isEmpty()) {
        throw new InvalidPolicyException(source, problems.all());
      }
      return new PolicyFile(roles);
    } catch (JsonProcessingException e) {
      throw new InvalidPolicyException(source, List.of(notYaml(e)));
    } catch (IOException e) {
      throw new UncheckedIOException("a text cannot fail to be read", e);
    }
  }

  private static String notYaml(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    String where =
        at == null ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": ";
    return where + "not YAML: " + e.getOriginalMessage().lines().findFirst().orElse("");
  }

  /** The names of the roles, in the order of the file. */
  public List<String> roles() {
    return roles.stream().map(Role::name).toList();
  }

  /** What became of the question who a client is in this policy. */
  public sealed interface Admission {
    record Admitted(TopicPolicy policy) implements Admission {}

    /** No role matches the subject. */
    record NoRole(String detail) implements Admission {}

    /** The client id is not one that the role may use. */
    record WrongClientId(String detail) implements Admission {}
  }

  /** Finds the roles of a subject, checks the client id, and sets its names into the rules. */
  public Admission admit(ClientSubject subject, String clientId) {
    List<Role> matching = new ArrayList<>();
    for (Role role : roles) {
      if (role.matches(subject)) {
        matching.add(role);
      }
    }
    if (matching.isEmpty()) {
      return new Admission.NoRole(
          "no role of the policy matches " + subject + " of the CA " + Quoted.of(subject.issuer()));
    }
    Optional<Role> foreign = matching.stream()
        .filter(role -> !role.admitsClientId(clientId, subject))
        .findFirst();
    if (foreign.isPresent()) {
      List<String> expected = foreign.get().clientIds().stream()
          .map(template -> String.valueOf(template.resolve(subject, "")))
          .toList();
      return new Admission.WrongClientId("client id: " + Quoted.of(clientId) + " (expected: "
          + String.join(" or ", expected) + ")");
    }
    return new Admission.Admitted(new TopicPolicy(this, matching, subject, clientId));
  }
}
