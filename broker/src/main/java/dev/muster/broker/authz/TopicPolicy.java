/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.topic.TopicFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one client may do: the rules of its roles with its own names in them.
 *
 * <p>Denies unless a rule allows; a rule that denies wins over every one that allows. Immutable,
 * does no I/O.
 */
public final class TopicPolicy {
  private static final String SHARE = "$share/";

  private record Granted(String place, TopicFilter filter, boolean retain) {}

  private final PolicyFile file;
  private final OwnFilter.Names names;
  private final List<Role> roles;
  private final List<Role.Rule> publish;
  private final List<Role.Rule> will;
  private final List<Role.Rule> subscribe;
  private final List<Role.Rule> denyPublish;
  private final List<Role.Rule> denySubscribe;
  private final ClientLimits limits;

  TopicPolicy(PolicyFile file, List<Role> roles, ClientSubject subject, String clientId) {
    this.file = file;
    this.names = new OwnFilter.Names(subject, clientId);
    this.roles = List.copyOf(roles);
    this.publish = those(Role::publish);
    this.will = those(Role::will);
    this.subscribe = those(Role::subscribe);
    this.denyPublish = those(Role::denyPublish);
    this.denySubscribe = those(Role::denySubscribe);
    this.limits = roles.stream().map(Role::limits).reduce(ClientLimits::or).orElseThrow();
  }

  /** Those that apply; of most clients all of one role, which share one list. */
  private List<Role.Rule> those(Function<Role, List<Role.Rule>> kind) {
    List<Role.Rule> all = roles.size() == 1
        ? kind.apply(roles.get(0))
        : roles.stream().flatMap(role -> kind.apply(role).stream()).toList();
    boolean allApply = all.stream().allMatch(rule -> rule.topic().appliesTo(names));
    return allApply
        ? all
        : all.stream().filter(rule -> rule.topic().appliesTo(names)).toList();
  }

  /** As texts, for what is asked rarely. */
  private List<Granted> resolved(List<Role.Rule> rules) {
    return rules.stream()
        .map(rule -> new Granted(rule.place(), rule.topic().resolve(names), rule.retain()))
        .toList();
  }

  /** The names of the roles, in the order of the file. */
  public List<String> roles() {
    return roles.stream().map(Role::name).toList();
  }

  /** How much the client may ask for. */
  public ClientLimits limits() {
    return limits;
  }

  /** Whether these are the rules of {@code policy}, and not of one before or after it. */
  public boolean isOf(PolicyFile policy) {
    return file == policy;
  }

  /** Whether a message may be published. */
  public Decision publish(String topic, boolean retain, int bytes) {
    return decidePublish(publish, "publish", topic, retain, bytes);
  }

  /** Whether a message may be left as the last will, to be published when the client is lost. */
  public Decision will(String topic, boolean retain, int bytes) {
    return decidePublish(will, "will", topic, retain, bytes);
  }

  private Decision decidePublish(
      List<Role.Rule> granted, String act, String topic, boolean retain, int bytes) {
    Role.Rule denied = firstOf(denyPublish, topic);
    if (denied != null) {
      return Decision.deny(denied.place(), act + " is denied on this topic");
    }
    if (bytes > limits.payloadBytes()) {
      return Decision.deny(
          "limits.payloadBytes",
          "payload: " + bytes + " bytes (expected: at most " + limits.payloadBytes() + ")");
    }
    Optional<Decision> tooLong = tooLong(topic);
    if (tooLong.isPresent()) {
      return tooLong.get();
    }
    boolean unlessRetained = false;
    for (int i = 0; i < granted.size(); i++) { // An iterator would be allocated for each message.
      Role.Rule rule = granted.get(i);
      if (rule.topic().matches(topic, names)) {
        if (!retain || rule.retain()) {
          return Decision.allow(rule.place());
        }
        unlessRetained = true;
      }
    }
    return Decision.denyByDefault(
        unlessRetained
            ? "retained messages are not allowed on this topic"
            : "no rule allows to " + act + " on this topic");
  }

  /**
   * Whether a filter may be subscribed: it must lie wholly inside one that is granted, and must not
   * touch one that is denied.
   *
   * @param asked as the client sent it, {@code $share/<group>/} included
   */
  public Decision subscribe(String asked) {
    String filter = asked;
    if (asked.startsWith(SHARE)) {
      int slash = asked.indexOf('/', SHARE.length());
      String group = slash < 0 ? "" : asked.substring(SHARE.length(), slash);
      if (!mayShare(group)) {
        return Decision.deny(
            "sharedGroups", "shared subscription: group " + Quoted.of(group) + " is not granted");
      }
      filter = asked.substring(slash + 1);
    }
    Optional<Decision> tooLong = tooLong(filter);
    if (tooLong.isPresent()) {
      return tooLong.get();
    }
    try {
      return decideSubscribe(TopicFilter.of(filter));
    } catch (IllegalArgumentException e) {
      return Decision.denyByDefault("not a topic filter");
    }
  }

  /**
   * Whether a message on a topic may reach the client: some filter that it could subscribe matches.
   */
  public Decision receive(String topic) {
    Role.Rule denied = firstOf(denySubscribe, topic);
    if (denied != null) {
      return Decision.deny(denied.place(), "subscribe is denied on this topic");
    }
    Role.Rule rule = firstOf(subscribe, topic);
    return rule == null
        ? Decision.denyByDefault("no rule allows to subscribe to this topic")
        : Decision.allow(rule.place());
  }

  private Role.@Nullable Rule firstOf(List<Role.Rule> rules, String topic) {
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).topic().matches(topic, names)) {
        return rules.get(i);
      }
    }
    return null;
  }

  /** Whether a client may ask for an answer on a topic: only where it could hear it. */
  public Decision answerTo(String topic) {
    Decision heard = receive(topic);
    return heard.allowed()
        ? heard
        : Decision.deny(
            heard.rule(), "response topic: " + Quoted.of(topic) + " (expected: one of its own)");
  }

  /** A right that would be lost. @param reason why, for people */
  record Lost(String act, String rule, String topic, String reason) {}

  /** What is granted here, and there not, or not the whole of it. */
  List<Lost> losses(TopicPolicy other) {
    List<Lost> losses = new ArrayList<>();
    List<Granted> denied = resolved(denyPublish);
    List<Granted> deniedThen = other.resolved(other.denyPublish);
    compare(
        "publish", resolved(publish), denied, other.resolved(other.publish), deniedThen, losses);
    compare("will", resolved(will), denied, other.resolved(other.will), deniedThen, losses);
    compare(
        "subscribe",
        resolved(subscribe),
        resolved(denySubscribe),
        other.resolved(other.subscribe),
        other.resolved(other.denySubscribe),
        losses);
    Set<Template> groups = other.groups();
    for (Role role : roles) {
      for (Template group : role.sharedGroups()) {
        if (!groups.contains(group)) {
          losses.add(new Lost(
              "share",
              "roles." + role.name() + ".sharedGroups",
              group.text(),
              "no role would let it join"));
        }
      }
    }
    return losses;
  }

  private Set<Template> groups() {
    return roles.stream().flatMap(role -> role.sharedGroups().stream()).collect(Collectors.toSet());
  }

  private static void compare(
      String act,
      List<Granted> granted,
      List<Granted> denied,
      List<Granted> grantedThen,
      List<Granted> deniedThen,
      List<Lost> losses) {
    for (Granted one : granted) {
      if (isCovered(one, denied)) {
        continue; // It grants nothing as it is.
      }
      String topic = one.filter().toString();
      if (grantedThen.stream().noneMatch(then -> then.filter().covers(one.filter()))) {
        String reason = grantedThen.stream().anyMatch(then -> overlap(then.filter(), one.filter()))
            ? "only a part of it would be granted"
            : "no rule would grant it";
        losses.add(new Lost(act, one.place(), topic, reason));
      } else if (one.retain()
          && grantedThen.stream()
              .noneMatch(then -> then.retain() && then.filter().covers(one.filter()))) {
        losses.add(new Lost(act, one.place(), topic, "not as a retained message"));
      }
      for (Granted deny : deniedThen) {
        if (overlap(deny.filter(), one.filter()) && !isCovered(deny, denied)) {
          losses.add(new Lost(
              act,
              one.place(),
              topic,
              deny.place() + " would deny it"
                  + (deny.filter().covers(one.filter()) ? "" : ", or a part of it")));
        }
      }
    }
  }

  private static boolean isCovered(Granted one, List<Granted> by) {
    return by.stream().anyMatch(other -> other.filter().covers(one.filter()));
  }

  private boolean mayShare(String group) {
    boolean plain = !group.isEmpty() && group.indexOf('+') < 0 && group.indexOf('#') < 0;
    return plain
        && roles.stream()
            .flatMap(role -> role.sharedGroups().stream())
            .anyMatch(template -> template.admits(group, names.subject()));
  }

  private Decision decideSubscribe(TopicFilter asked) {
    for (Granted denied : resolved(denySubscribe)) {
      if (overlap(denied.filter(), asked)) {
        return Decision.deny(denied.place(), "subscribe is denied on topics of this filter");
      }
    }
    for (Role.Rule rule : subscribe) {
      if (rule.topic().covers(asked.toString(), names)) {
        return Decision.allow(rule.place());
      }
    }
    return Decision.denyByDefault("no rule allows to subscribe to the whole of this filter");
  }

  /** Costs a look at each character, and nothing else as long as all is well. */
  private Optional<Decision> tooLong(String topic) {
    int bytes = 0;
    int levels = 1;
    for (int i = 0; i < topic.length(); i++) {
      char c = topic.charAt(i);
      levels += c == '/' ? 1 : 0;
      // Of a surrogate pair, which has 4 bytes, each half counts for 2.
      bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    if (bytes > limits.topicBytes()) {
      return Optional.of(Decision.deny(
          "limits.topicBytes",
          "topic: " + bytes + " bytes (expected: at most " + limits.topicBytes() + ")"));
    }
    return levels > limits.topicLevels()
        ? Optional.of(Decision.deny(
            "limits.topicLevels",
            "topic: " + levels + " levels (expected: at most " + limits.topicLevels() + ")"))
        : Optional.empty();
  }

  /** Whether some topic is matched by both. */
  private static boolean overlap(TopicFilter one, TopicFilter other) {
    String[] left = one.toString().split("/", -1);
    String[] right = other.toString().split("/", -1);
    // A wildcard at the root does not reach topics that begin with $ (MQTT 5, 4.7.2).
    boolean dollar = left[0].startsWith("$") || right[0].startsWith("$");
    if (dollar && !left[0].equals(right[0])) {
      return false;
    }
    for (int i = 0; ; i++) {
      boolean leftEnds = i == left.length;
      boolean rightEnds = i == right.length;
      // "a/#" matches "a" as well, hence the look at what follows the end of the other.
      if (leftEnds || rightEnds) {
        return (leftEnds && rightEnds)
            || (!leftEnds && left[i].equals("#"))
            || (!rightEnds && right[i].equals("#"));
      }
      if (left[i].equals("#") || right[i].equals("#")) {
        return true;
      }
      boolean meet = left[i].equals("+") || right[i].equals("+") || left[i].equals(right[i]);
      if (!meet) {
        return false;
      }
    }
  }
}
