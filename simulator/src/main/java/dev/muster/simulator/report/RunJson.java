/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.LossLedger;
import dev.muster.simulator.RunReport;
import dev.muster.simulator.Sample;
import dev.muster.simulator.ServerProcess;
import dev.muster.simulator.Verdict;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A run as JSON: what a page is made of, and what two runs are compared by. */
public final class RunJson {
  private RunJson() {}

  /** What was to be done, and what came of it. */
  public static ObjectNode of(FleetPlan plan, RunReport report) {
    ObjectNode json = JsonNodeFactory.instance
        .objectNode()
        .put("scenario", plan.scenario().name())
        .put("client", plan.client().toString())
        .put("server", plan.broker().toString())
        .put("mqtt", plan.mqtt().toString())
        .put("messagesPerSecond", plan.messagesPerSecond())
        .put("seed", report.seed())
        .put("completed", report.completed())
        .put("devices", report.devices())
        .put("enrolled", report.enrolled())
        .put("connected", report.connected())
        .put("offlineAtEnd", report.offlineAtEnd())
        .put("sent", report.sent())
        .put("acknowledged", report.acknowledged())
        .put("failed", report.failed())
        .put("seconds", seconds(report.duration()));
    json.set("deviceFailures", counts(report.deviceFailures()));
    json.set("messageFailures", counts(report.messageFailures()));
    json.set("connectionFailures", counts(report.connectionFailures()));
    json.set("broken", counts(report.broken()));
    json.put("answered", report.answered());
    json.set("latency", latency(report.latency()));
    Duration gap = report.longestGap();
    json.put("longestGapSeconds", gap == null ? null : seconds(gap));
    ArrayNode phases = json.putArray("phases");
    report.phases().forEach(phase -> phases.add(phase(phase)));
    ArrayNode samples = json.putArray("samples");
    report.samples().forEach(sample -> samples.add(sample(sample)));
    json.set("serverFaults", serverFaults(report.server()));
    ArrayNode verdicts = json.putArray("expectations");
    Verdict.of(plan, report).forEach(verdict -> verdicts.add(verdict(verdict)));
    json.set("machine", machine());
    return json;
  }

  private static ObjectNode serverFaults(RunReport.ServerReport server) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("kills", server.kills());
    server.problems().forEach(json.putArray("problems")::add);
    ArrayNode states = json.putArray("states");
    server
        .states()
        .forEach(state -> states
            .addObject()
            .put("phase", state.phase())
            .put("at", seconds(state.at()))
            .put("acknowledged", state.acknowledged())
            .put("heapBytes", state.heapBytes())
            .put("threads", state.threads())
            .put("openFiles", state.openFiles())
            .put("storeBytes", state.storeBytes()));
    return json;
  }

  private static ObjectNode verdict(Verdict verdict) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("name", verdict.name())
        .put("limit", verdict.limit())
        .put("found", Double.isFinite(verdict.found()) ? verdict.found() : null)
        .put("why", verdict.why())
        .put("holds", verdict.holds());
  }

  /** Adds what the store has of what was acknowledged. */
  public static void addStore(ObjectNode json, LossLedger.Comparison store) {
    json.put("slowestSeconds", seconds(store.slowest()));
    addFound(json, "lost", store.lost());
    addFound(json, "duplicated", store.duplicated());
    addFound(json, "altered", store.altered());
    addFound(json, "deadLetters", store.deadLetters());
    addFound(json, "early", store.early());
    addFound(json, "reordered", store.reordered());
    addFound(json, "late", store.late());
  }

  /** The number, and below "examples" some of them. */
  private static void addFound(ObjectNode json, String how, LossLedger.Found found) {
    json.put(how, found.count());
    found
        .examples()
        .forEach(message -> json.withObject("/examples")
            .withArray(how)
            .addObject()
            .put("device", message.device().value())
            .put("boot", message.identity().boot())
            .put("sequence", message.identity().sequence()));
  }

  private static ObjectNode phase(RunReport.PhaseReport phase) {
    ObjectNode json = JsonNodeFactory.instance
        .objectNode()
        .put("name", phase.name())
        .put("begin", seconds(phase.begin()))
        .put("seconds", seconds(phase.length()))
        .put("sent", phase.sent())
        .put("acknowledged", phase.acknowledged())
        .put("untouched", phase.untouched())
        .put("unanswered", phase.unanswered())
        .put("wanted", phase.wanted())
        .put("achieved", phase.achieved())
        .put("back", phase.back());
    json.set("latency", latency(phase.latency()));
    json.set("latencyOfTouched", latency(phase.latencyOfTouched()));
    json.set("offline", latency(phase.offline()));
    json.put("done", phase.done());
    json.set("doneAfter", latency(phase.doneAfter()));
    return json;
  }

  private static ObjectNode sample(Sample sample) {
    ObjectNode json = JsonNodeFactory.instance
        .objectNode()
        .put("at", seconds(sample.at()))
        .put("sent", sample.sent())
        .put("acknowledged", sample.acknowledged())
        .put("failed", sample.failed())
        .put("online", sample.online())
        .put("connects", sample.connects())
        .put("disconnects", sample.disconnects());
    json.set("latency", latency(sample.latency()));
    if (sample.server() != null) {
      json.putObject("server")
          .put("cpuSeconds", seconds(sample.server().cpu()))
          .put("residentBytes", sample.server().residentBytes());
    }
    return json;
  }

  private static @Nullable ObjectNode latency(RunReport.@Nullable Latency latency) {
    return latency == null
        ? null
        : JsonNodeFactory.instance
            .objectNode()
            .put("p50Ms", latency.p50Ms())
            .put("p90Ms", latency.p90Ms())
            .put("p99Ms", latency.p99Ms())
            .put("maxMs", latency.maxMs());
  }

  private static ObjectNode counts(Map<String, Long> counts) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    counts.forEach(json::put);
    return json;
  }

  private static ObjectNode machine() {
    Runtime runtime = Runtime.getRuntime();
    return JsonNodeFactory.instance
        .objectNode()
        .put("cpu", ServerProcess.processorModel())
        .put("memoryMiB", ServerProcess.memoryBytes() >> 20)
        .put("processors", runtime.availableProcessors())
        .put("heapMiB", runtime.maxMemory() >> 20)
        .put("simulatorPeakBytes", ServerProcess.ownPeakBytes())
        .put("simulatorPeakThreads", ManagementFactory.getThreadMXBean().getPeakThreadCount())
        .put(
            "system",
            System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                + System.getProperty("os.arch"))
        .put("java", System.getProperty("java.vm.version"));
  }

  private static double seconds(Duration length) {
    return length.toMillis() / 1000.0;
  }
}
