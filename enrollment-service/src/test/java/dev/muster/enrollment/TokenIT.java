/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.authority.Pkcs11Token;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.SoftHsm;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole service with CA keys in a PKCS#11 token; curl enrolls, openssl judges. */
class TokenIT {
  @TempDir
  Path folder;

  @Test
  void service_keysInToken_enrollsAndPublishesCrls_alsoAfterARestart_andNotWithoutTheToken() {
    SoftHsm hsm = SoftHsm.newToken(folder);
    CaConfig ca = new CaConfig(
        SignatureScheme.ECDSA_P256, new Pkcs11Token(hsm.library(), hsm.label(), hsm.pinFile()));
    X509Certificate root;
    try (RunningService service = new RunningService(folder, ca)) {
      root = service.authorities.root();
      enrollAndVerify(service, "first");
    }
    try (RunningService again = new RunningService(folder, ca)) {
      assertThat(again.authorities.root()).isEqualTo(root);
      enrollAndVerify(again, "second");
      loseToken(hsm);
      assertAsksToComeLater(again);
    }
  }

  private void loseToken(SoftHsm hsm) {
    PeerProgram.require("softhsm2-util")
        .run(folder, "--delete-token", "--token", hsm.label())
        .expectSuccess();
  }

  private static void assertAsksToComeLater(RunningService service) {
    service.idevid("SN-late");
    service.csr("late", "/");
    RunningService.Http answer = service.enroll("simpleenroll", "SN-late", "late");
    RunningService.refused(answer, 503, "try again later");
    assertThat(answer.header("Retry-After")).isPresent();
    RunningService.refused(
        service.enroll("simplereenroll", "second", "late"), 503, "try again later");
    assertThat(service.get("/devices/second-sn-late").status()).isEqualTo(404);
    service.assertNoDefects();
  }

  private void enrollAndVerify(RunningService service, String name) {
    service.addManufacturer(name, service.factory, "auto");
    service.idevid("SN-" + name);
    service.enrolled("SN-" + name, name);
    service.write("device-ca.pem", Pem.of(List.of(service.authorities.deviceCa())));
    openssl("crl", "-inform", "DER", "-in", crl(service), "-out", "crl.pem");
    assertThat(openssl(
                "verify",
                "-x509_strict",
                "-crl_check",
                "-CRLfile",
                "crl.pem",
                "-CAfile",
                "root.pem",
                "-untrusted",
                "device-ca.pem",
                name + ".pem")
            .stdout())
        .contains(name + ".pem: OK");
  }

  private String crl(RunningService service) {
    PeerProgram.require("curl")
        .run(folder, "-sSf", "-o", "crl.der", service.crl("device"))
        .expectSuccess();
    return "crl.der";
  }

  private PeerProgram.Result openssl(String... arguments) {
    return PeerProgram.require("openssl").run(folder, arguments).expectSuccess();
  }
}
