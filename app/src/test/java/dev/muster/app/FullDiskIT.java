/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The data directory's disk fills up while a device publishes. From then on nothing is
 * acknowledged, and the process lives on to say so; once there is room, what was acknowledged is
 * there, without anybody's help.
 *
 * <p>The disk is a small one in memory, in a mount name space that goes with the test's process.
 */
class FullDiskIT {
  @TempDir
  Path folder;

  @Test
  void publish_toAFullDisk_isNotAcknowledged_andWhatWasIsThereOnceThereIsRoom() throws IOException {
    for (String program : List.of("openssl", "curl", "mosquitto_pub")) {
      PeerProgram.require(program);
    }
    PeerProgram.require("unshare", "--mount", "--map-root-user", "true");
    Files.createSymbolicLink(folder.resolve("muster"), MusterProcess.ROOT.resolve("muster"));
    Path script = Files.writeString(folder.resolve("full-disk.sh"), """
        set -eu
        mkdir disk && mount -t tmpfs -o size=32m tmpfs disk
        head -c 8000000 /dev/zero > disk/ballast
        ./muster serve --data disk/data --ephemeral-ports > serve.out 2> serve.err &
        backend=$!
        trap 'kill -9 $backend' EXIT
        until grep -q ^ready serve.out; do kill -0 $backend; sleep 0.2; done
        port() { sed -n "s/.* $1=[a-z]*:..localhost:\\([0-9]*\\).*/\\1/p" serve.out; }
        ./muster factory init --out acme --name acme
        ./muster factory issue --factory acme --serial SN-1 --out sn-1
        ./muster factory issue --factory acme --serial SN-2 --out sn-2
        ./muster factory issue --factory acme --serial SN-3 --out sn-3
        ./muster admin manufacturers add acme --ca acme/ca.pem --admission auto --data disk/data
        openssl ecparam -name prime256v1 -genkey -noout -out device.key
        openssl ecparam -name prime256v1 -genkey -noout -out second.key
        openssl ecparam -name prime256v1 -genkey -noout -out third.key
        enroll() {
          openssl req -new -key "$2" -subj / -outform DER | openssl base64 -A > device.csr
          curl -sS --fail-with-body --cacert disk/data/trust/root.pem --cert $1/chain.pem --key $1/device.key \\
            -H 'Content-Type: application/pkcs10' --data-binary @device.csr \\
            "https://localhost:$(port est)/.well-known/est/simpleenroll" > answer
        }
        enroll sn-1 device.key
        openssl base64 -d -A < answer | openssl pkcs7 -inform DER -print_certs -out device.pem
        head -c 100000 /dev/zero | tr '\\0' ' ' > padding
        { printf '{"n": 1'; cat padding; printf '}'; } > large.json
        acknowledged=0
        while timeout 10 mosquitto_pub --cafile disk/data/trust/root.pem --cert device.pem --key device.key \
            -h localhost -p "$(port mqtt)" -V mqttv5 -i acme-sn-1 -q 1 \
            -t fleets/default/devices/acme-sn-1/telemetry/env -f large.json 2> refused.txt && ! test -s refused.txt; do
          acknowledged=$((acknowledged + 1))
          test $acknowledged -lt 1000
        done
        df disk | tail -1
        kill -0 $backend
        ask() {
          status=$(curl -sS --cacert disk/data/trust/root.pem -o page.json -D head.txt -w '%{http_code}' \\
            -H "Authorization: Bearer $(cat disk/data/admin-token)" \\
            "https://localhost:$(port operator)/api/v1/$1" "${@:2}")
          test "$status" != 200 || return 0
          cat head.txt page.json >&2
          test "$status" = 503 && grep -qi '^retry-after: [0-9]' head.txt || exit 1
          return 1
        }
        count() {
          stored=0
          after=
          while :; do
            # At the moment at which the database fails, a question may be told to come again.
            until ask "devices/acme-sn-1/messages?limit=1000&after=$after"; do sleep 1; done
            stored=$((stored + $(grep -o '"id":' page.json | wc -l)))
            after=$(sed -n 's/.*"next" *: *"\\([0-9]*\\)".*/\\1/p' page.json)
            test -n "$after" || break
          done
        }
        for question in messages telemetry/latest telemetry gaps twin commands connections presence; do
          ask "devices/acme-sn-1/$question" || true
        done
        ask devices || true
        ask summary/traffic || true
        ask devices/acme-sn-1/commands -H 'Content-Type: application/json' -d '{"name": "blink"}' || true
        count
        test $stored -gt 0
        # The registry may have room left in its file, or not.
        enroll sn-2 second.key || true
        rm disk/ballast
        for try in $(seq 60); do
          count
          test $stored -lt $acknowledged || break
          sleep 1
        done
        for try in $(seq 60); do
          ! enroll sn-3 third.key || break
          sleep 1
        done
        openssl base64 -d -A < answer | openssl pkcs7 -inform DER -print_certs -noout
        echo "acknowledged=$acknowledged stored=$stored"
        test $acknowledged -gt 0 -a $stored -ge $acknowledged
        """);
    MusterProcess.Ended ended = MusterProcess.startCommand(
            folder,
            Map.of(),
            List.of("unshare", "--mount", "--map-root-user", "bash", script.toString()))
        .awaitEnd(Duration.ofMinutes(4));
    String backend = Files.exists(folder.resolve("serve.err"))
        ? Files.readString(folder.resolve("serve.err"))
        : "";
    assertThat(ended.exitCode())
        .as("%s%n%s%n%s", ended.stdout(), ended.stderr(), backend)
        .isZero();
    assertThat(backend)
        .as("a full disk is nothing unexpected")
        .doesNotContain("Operator request failed");
    assertThat(backend).as("an operator is told").containsPattern("(WARN|ERROR).*(tore|space)");
  }
}
