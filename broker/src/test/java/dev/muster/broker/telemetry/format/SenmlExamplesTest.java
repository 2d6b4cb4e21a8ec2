/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.telemetry.Measurement;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples of RFC 8428, 5.1 and 6, read as the text beside them says. */
class SenmlExamplesTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  private static final String VOLTAGE_AND_CURRENT = """
      [
        {"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,
         "bu":"A","bver":5,
         "n":"voltage","u":"V","v":120.1},
        {"n":"current","t":-5,"v":1.2},
        {"n":"current","t":-4,"v":1.3},
        {"n":"current","t":-3,"v":1.4},
        {"n":"current","t":-2,"v":1.5},
        {"n":"current","t":-1,"v":1.6},
        {"n":"current","v":1.7}
      ]""";

  /** The dump of section 6. */
  private static final String VOLTAGE_AND_CURRENT_CBOR = """
      87 a7 21 78 1b 75 72 6e 3a 64 65 76 3a 6f 77 3a
      31 30 65 32 30 37 33 61 30 31 30 38 30 30 36 3a
      22 fb 41 d3 03 a1 5b 00 10 62 23 61 41 20 05 00
      67 76 6f 6c 74 61 67 65 01 61 56 02 fb 40 5e 06
      66 66 66 66 66 a3 00 67 63 75 72 72 65 6e 74 06
      24 02 fb 3f f3 33 33 33 33 33 33 a3 00 67 63 75
      72 72 65 6e 74 06 23 02 fb 3f f4 cc cc cc cc cc
      cd a3 00 67 63 75 72 72 65 6e 74 06 22 02 fb 3f
      f6 66 66 66 66 66 66 a3 00 67 63 75 72 72 65 6e
      74 06 21 02 f9 3e 00 a3 00 67 63 75 72 72 65 6e
      74 06 20 02 fb 3f f9 99 99 99 99 99 9a a3 00 67
      63 75 72 72 65 6e 74 06 00 02 fb 3f fb 33 33 33
      33 33 33""";

  static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
  }

  private static List<Measurement> read(byte[] payload, String contentType) {
    Reading reading = TelemetryCodec.decode(payload, contentType, NOW);
    assertThat(reading).isInstanceOf(Reading.Readable.class);
    return ((Reading.Readable) reading).measurements();
  }

  private static List<Measurement> json(String payload) {
    return read(payload.getBytes(StandardCharsets.UTF_8), "application/senml+json");
  }

  private static List<String> shown(List<Measurement> measurements) {
    return measurements.stream()
        .map(m -> m.metric() + " " + m.unit() + " " + m.time() + " " + shown(m.value()))
        .toList();
  }

  private static String shown(Measurement.Value value) {
    if (value instanceof Measurement.Value.Number number) {
      return Double.toString(number.number());
    }
    return value instanceof Measurement.Value.Text text
        ? text.text()
        : Boolean.toString(((Measurement.Value.Bool) value).bool());
  }

  @Test
  void singleDataPoint_isOfNow() {
    assertThat(shown(json("[{\"n\":\"urn:dev:ow:10e2073a01080063\",\"u\":\"Cel\",\"v\":23.1}]")))
        .containsExactly("urn:dev:ow:10e2073a01080063 Cel " + NOW + " 23.1");
  }

  @Test
  void multipleDataPoints_shareABaseName() {
    assertThat(shown(json("""
        [
          {"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
          {"n":"current","u":"A","v":1.2}
        ]""")))
        .containsExactly(
            "urn:dev:ow:10e2073a01080063:voltage V " + NOW + " 120.1",
            "urn:dev:ow:10e2073a01080063:current A " + NOW + " 1.2");
  }

  @Test
  void timesOfAPack_countFromItsBaseTime() {
    assertThat(shown(json(VOLTAGE_AND_CURRENT)))
        .containsExactly(
            "urn:dev:ow:10e2073a0108006:voltage V 2010-06-08T18:01:16.001Z 120.1",
            "urn:dev:ow:10e2073a0108006:current A 2010-06-08T18:01:11.001Z 1.2",
            "urn:dev:ow:10e2073a0108006:current A 2010-06-08T18:01:12.001Z 1.3",
            "urn:dev:ow:10e2073a0108006:current A 2010-06-08T18:01:13.001Z 1.4",
            "urn:dev:ow:10e2073a0108006:current A 2010-06-08T18:01:14.001Z 1.5",
            "urn:dev:ow:10e2073a0108006:current A 2010-06-08T18:01:15.001Z 1.6",
            "urn:dev:ow:10e2073a0108006:current A 2010-06-08T18:01:16.001Z 1.7");
  }

  @Test
  void cbor_saysTheSameAsJson() {
    byte[] cbor = hex(VOLTAGE_AND_CURRENT_CBOR);
    assertThat(read(cbor, "application/senml+cbor")).isEqualTo(json(VOLTAGE_AND_CURRENT));
    assertThat(read(cbor, "application/cbor")).isEqualTo(json(VOLTAGE_AND_CURRENT));
    assertThat(read(cbor, null)).isEqualTo(json(VOLTAGE_AND_CURRENT));
  }

  @Test
  void multipleMeasurements_areTheResolvedOnes() {
    List<Measurement> resolved = json("""
        [
          {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067464e+09,"v":20},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067464e+09,"v":24.30621},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067464e+09,"v":60.07965},
          {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067524e+09,"v":20.3},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067524e+09,"v":24.30622},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067524e+09,"v":60.07965},
          {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067584e+09,"v":20.7},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067584e+09,"v":24.30623},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067584e+09,"v":60.07966},
          {"n":"urn:dev:ow:10e2073a01080063","u":"%EL","t":1.320067614e+09,"v":98},
          {"n":"urn:dev:ow:10e2073a01080063","u":"%RH","t":1.320067644e+09,"v":21.2},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lon","t":1.320067644e+09,"v":24.30628},
          {"n":"urn:dev:ow:10e2073a01080063","u":"lat","t":1.320067644e+09,"v":60.07967}
        ]""");
    assertThat(json("""
        [
          {"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
          {"u":"lon","v":24.30621},
          {"u":"lat","v":60.07965},
          {"t":60,"v":20.3},
          {"u":"lon","t":60,"v":24.30622},
          {"u":"lat","t":60,"v":60.07965},
          {"t":120,"v":20.7},
          {"u":"lon","t":120,"v":24.30623},
          {"u":"lat","t":120,"v":60.07966},
          {"u":"%EL","t":150,"v":98},
          {"t":180,"v":21.2},
          {"u":"lon","t":180,"v":24.30628},
          {"u":"lat","t":180,"v":60.07967}
        ]""")).isEqualTo(resolved);
  }

  @Test
  void multipleDataTypes_areAllRead() {
    assertThat(shown(json("""
        [
          {"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
          {"n":"label","vs":"Machine Room"},
          {"n":"open","vb":false},
          {"n":"nfc-reader","vd":"aGkgCg"}
        ]""")))
        .containsExactly(
            "urn:dev:ow:10e2073a01080063:temp Cel " + NOW + " 23.1",
            "urn:dev:ow:10e2073a01080063:label null " + NOW + " Machine Room",
            "urn:dev:ow:10e2073a01080063:open null " + NOW + " false",
            "urn:dev:ow:10e2073a01080063:nfc-reader null " + NOW + " aGkgCg");
  }

  @Test
  void collection_changesTheBaseNameAndKeepsTheBaseTime() {
    assertThat(shown(json("""
        [
          {"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},
          {"n":"humidity","u":"%RH","v":30},
          {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
          {"n":"humidity","u":"%RH","v":67}
        ]""")))
        .containsExactly(
            "2001:db8::2/temperature Cel 2011-10-31T16:27:09Z 25.2",
            "2001:db8::2/humidity %RH 2011-10-31T16:27:09Z 30.0",
            "2001:db8::1/temperature Cel 2011-10-31T16:27:09Z 12.3",
            "2001:db8::1/humidity %RH 2011-10-31T16:27:09Z 67.0");
  }

  @Test
  void actuatorSettings_areReadAsWell() {
    assertThat(shown(json("""
        [
          {"bn":"urn:dev:ow:10e2073a01080063:"},
          {"n":"temp","u":"Cel","v":23.1},
          {"n":"heat","u":"/","v":1},
          {"n":"fan","u":"/","v":0}
        ]"""))).hasSize(3);
    assertThat(shown(json("""
        [
          {"bt":1.320078429e+09,"bu":"/","n":"2001:db8::3","v":0.5},
          {"n":"2001:db8::4","v":0.5},
          {"n":"2001:db8::3","t":0.1,"v":0},
          {"n":"2001:db8::4","t":0.1,"v":0}
        ]"""))).contains("2001:db8::4 / 2011-10-31T16:27:09.100Z 0.0");
  }
}
