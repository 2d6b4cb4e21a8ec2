/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.muster.app.command.PolicyCommand;
import dev.muster.broker.BrokerConfig;
import dev.muster.broker.FleetBroker;
import dev.muster.broker.authn.CertificateAuthenticator;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.PolicyPreview;
import dev.muster.broker.session.PolicyFollower;
import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The arrows between the modules, and what a functional core may not know. */
class ArchitectureTest {
  private static final JavaClasses CLASSES = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .withImportOption(location -> !location.contains("-tests.jar"))
      .importPackages("dev.muster");

  private static final String[] EDGE = {
    "io.vertx..",
    "io.netty..",
    "com.hivemq..",
    "org.eclipse.paho..",
    "org.eclipse.californium..",
    "java.sql..",
    "javax.sql..",
    "org.h2..",
    "org.apache.kafka.."
  };

  @Test
  void protocol_knowsTheJdkAlone() {
    classes()
        .that()
        .resideInAPackage("dev.muster.protocol..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.muster.protocol..", "java..", "javax..", "org.jspecify..")
        .check(CLASSES);
  }

  @Test
  void deviceSdk_knowsTheProtocolAlone() {
    mayKnow("device", "protocol", "dtls");
  }

  /** Firmware that speaks MQTT does not carry Californium. */
  @Test
  void deviceSdk_knowsNoCoap_butInItsModule() {
    noClasses()
        .that()
        .resideInAPackage("dev.muster.device..")
        .and()
        .resideOutsideOfPackage("dev.muster.device.coap..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.muster.device.coap..", "dev.muster.dtls..", "org.eclipse.californium..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.muster.device.coap..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.eclipse.paho..", "org.bouncycastle..")
        .check(CLASSES);
  }

  @Test
  void hardware_knowsProtocolAndSdk() {
    mayKnow("hardware", "protocol", "device");
  }

  @Test
  void dtls_knowsNothingOfOurs() {
    mayKnow("dtls");
  }

  @Test
  void coap_knowsDtlsAlone() {
    mayKnow("coap", "dtls");
  }

  @Test
  void enrollment_neverSeesTheBroker() {
    mayKnow("enrollment", "protocol", "coap");
  }

  @Test
  void broker_neverSeesEnrollment() {
    mayKnow("broker", "protocol", "coap");
  }

  @Test
  void simulator_knowsProtocolAndSdk() {
    mayKnow("simulator", "protocol", "device");
  }

  private static void mayKnow(String module, String... others) {
    String[] allowed = new String[others.length + 1];
    allowed[0] = "dev.muster." + module + "..";
    for (int i = 0; i < others.length; i++) {
      allowed[i + 1] = "dev.muster." + others[i] + "..";
    }
    noClasses()
        .that()
        .resideInAPackage("dev.muster." + module + "..")
        .should()
        .dependOnClassesThat(resideInAPackage("dev.muster..")
            .and(not(
                com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage(allowed))))
        .check(CLASSES);
  }

  @Test
  void cores_decideWithoutKnowingTheEdge() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.muster.protocol..",
            "dev.muster.enrollment.registrar..",
            "dev.muster.enrollment.csr..",
            "dev.muster.enrollment.idevid..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(EDGE)
        .check(CLASSES);
  }

  /** What is loaded into somebody else's HiveMQ may rely on its extension SDK alone. */
  @Test
  void hiveMq_isKnownByItsExtensionSdk_butWhereItIsEmbedded() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.muster.broker.EmbeddedBroker")
        .should()
        .dependOnClassesThat(resideInAPackage("com.hivemq..")
            .and(not(resideInAPackage("com.hivemq.extension.sdk.."))))
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.muster.broker.standalone")
        .should()
        .dependOnClassesThat(belongToAnyOf(FleetBroker.class, BrokerConfig.class))
        .check(CLASSES);
  }

  @Test
  void time_comesFromOneClock() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.muster.app.command..", "dev.muster.app.admin..")
        .and()
        .doNotHaveFullyQualifiedName(
            "dev.muster.device.FleetDevice$Builder") // Where firmware is composed.
        .and()
        .doNotHaveFullyQualifiedName(
            "dev.muster.broker.standalone.StandAloneExtension") // What HiveMQ composes.
        .and()
        .doNotHaveFullyQualifiedName(
            "dev.muster.hardware.agent.AgentCommand") // The agent's own main.
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(Clock.class, "systemUTC")
        .because("Clock is an argument; only the composition root makes one")
        .check(CLASSES);
  }

  /**
   * Nobody who sees a message sets names into rules: that is done when a client connects, and for
   * those who are connected when the file has changed.
   */
  @Test
  void rights_areCompiledOnceForEachConnection() {
    methods()
        .that()
        .areDeclaredIn(PolicyFile.class)
        .and()
        .haveName("admit")
        .should()
        .onlyBeCalled()
        .byClassesThat(belongToAnyOf(
                CertificateAuthenticator.class,
                PolicyFollower.class,
                // Of operators alone.
                PolicyPreview.class,
                PolicyCommand.class)
            .or(name("dev.muster.broker.PreviewRoutes")))
        .check(CLASSES);
    methods()
        .that()
        .areDeclaredIn(CertificateAuthenticator.class)
        .and()
        .haveName("authenticate")
        .should()
        .onlyBeCalled()
        .byClassesThat(name("dev.muster.broker.mqtt.ConnectGate")
            // Keeps what came of it.
            .or(name("dev.muster.broker.coap.KnownDevices")))
        .check(CLASSES);
  }

  @Test
  void thirdParties_doNotShowInTheSdk() {
    noClasses()
        .that()
        .resideInAPackage("dev.muster.device")
        .and()
        .arePublic()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.eclipse.paho..", "org.bouncycastle..")
        .check(CLASSES);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("dev.muster.(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching("dev.muster.enrollment.(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching("dev.muster.broker.(*)..").should().beFreeOfCycles().check(CLASSES);
  }
}
