/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.sensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.muster.hardware.sensor.Reading.Quality;
import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees as the kernel's documents describe them, and as drivers leave them when things break. */
class SysfsSensorsTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  Path sys;

  private void file(String path, String content) throws IOException {
    Path file = sys.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content + "\n");
  }

  private List<Reading> read() {
    return new SysfsSensors(sys).read();
  }

  private Map<String, Reading> byName() {
    return read().stream().collect(Collectors.toMap(Reading::channel, Function.identity()));
  }

  private void assertReads(String channel, double value, String unit) {
    Reading reading = byName().get(channel);
    assertThat(reading).as(channel).isNotNull();
    assertThat(reading.value()).as(channel).isCloseTo(value, within(1e-9));
    assertThat(reading.unit()).isEqualTo(unit);
    assertThat(reading.quality()).isEqualTo(Quality.GOOD);
    assertThat(reading.hasValue()).isTrue();
  }

  @Test
  void read_machineWithoutSensors_isNothing() {
    assertThat(read()).isEmpty();
  }

  /** A BMP280 with the calibration of its data sheet: 25.08 degrees, 100653.25 Pa. */
  @Test
  void iio_processedValues_areSi() throws IOException {
    file("devices/i2c-1/1-0076/iio:device0/name", "bmp280");
    file("devices/i2c-1/1-0076/iio:device0/in_temp_input", "25080");
    file("devices/i2c-1/1-0076/iio:device0/in_pressure_input", "100.653253906");
    file("devices/i2c-1/1-0076/iio:device0/in_pressure_oversampling_ratio", "16");
    Files.createDirectories(sys.resolve("bus/iio/devices"));
    Files.createSymbolicLink(
        sys.resolve("bus/iio/devices/iio:device0"),
        sys.resolve("devices/i2c-1/1-0076/iio:device0"));

    assertReads("iio.bmp280.1-0076.temp", 25.08, "Cel");
    assertReads("iio.bmp280.1-0076.pressure", 100_653.253906, "Pa");
    assertThat(read()).hasSize(2);
  }

  /** A HTS221: raw values with offset and scale; an ADC with a scale for all its channels. */
  @Test
  void iio_rawValues_areOffsetAndScaled() throws IOException {
    file("bus/iio/devices/iio:device0/name", "hts221");
    file("bus/iio/devices/iio:device0/in_humidityrelative_raw", "2000");
    file("bus/iio/devices/iio:device0/in_humidityrelative_offset", "-120.5");
    file("bus/iio/devices/iio:device0/in_humidityrelative_scale", "25");
    file("bus/iio/devices/iio:device1/name", "mcp3008");
    file("bus/iio/devices/iio:device1/in_voltage0_raw", "512");
    file("bus/iio/devices/iio:device1/in_voltage1_raw", "10");
    file("bus/iio/devices/iio:device1/in_voltage1_scale", "2");
    file("bus/iio/devices/iio:device1/in_voltage_scale", "3.22265625");
    file("bus/iio/devices/iio:device2/name", "lis3dh");
    file("bus/iio/devices/iio:device2/in_accel_x_raw", "-100");
    file("bus/iio/devices/iio:device2/in_accel_scale", "0.0098");

    assertReads("iio.hts221.humidityrelative", 46.9875, "%RH");
    assertReads("iio.mcp3008.voltage0", 1.65, "V");
    assertReads("iio.mcp3008.voltage1", 0.02, "V");
    assertReads("iio.lis3dh.accel_x", -0.98, "m/s2");
  }

  /**
   * An ADS1015, whose inputs are measured against each other; an AD7124 with one scale for them.
   */
  @Test
  void iio_differencesOfTwoInputs_areRead() throws IOException {
    file("bus/iio/devices/iio:device0/name", "ads1015");
    file("bus/iio/devices/iio:device0/in_voltage0-voltage1_raw", "-150");
    file("bus/iio/devices/iio:device0/in_voltage0-voltage1_scale", "3");
    file("bus/iio/devices/iio:device0/in_voltage0_raw", "200");
    file("bus/iio/devices/iio:device0/in_voltage0_scale", "2");
    file("bus/iio/devices/iio:device1/name", "ad7124-4");
    file("bus/iio/devices/iio:device1/in_voltage2-voltage3_raw", "1000");
    file("bus/iio/devices/iio:device1/in_voltage-voltage_scale", "0.5");

    assertReads("iio.ads1015.voltage0-voltage1", -0.45, "V");
    assertReads("iio.ads1015.voltage0", 0.4, "V");
    assertReads("iio.ad7124-4.voltage2-voltage3", 0.5, "V");
  }

  @Test
  void iio_scaleOfAll_isNotAskedWhereAChannelHasItsOwn() throws IOException {
    file("bus/iio/devices/iio:device0/name", "mcp3008");
    file("bus/iio/devices/iio:device0/in_voltage1_raw", "10");
    file("bus/iio/devices/iio:device0/in_voltage1_scale", "2");
    file("bus/iio/devices/iio:device0/in_voltage_scale", "busy");

    assertReads("iio.mcp3008.voltage1", 0.02, "V");
  }

  @Test
  void hwmon_allKinds_areSi() throws IOException {
    file("class/hwmon/hwmon0/name", "ina226");
    file("class/hwmon/hwmon0/in1_input", "12034");
    file("class/hwmon/hwmon0/curr1_input", "-250");
    file("class/hwmon/hwmon0/power1_input", "3008500");
    file("class/hwmon/hwmon0/fan1_input", "1200");
    file("class/hwmon/hwmon0/temp1_input", "25500");
    file("class/hwmon/hwmon0/temp1_max", "80000");
    file("class/hwmon/hwmon0/intrusion0_input", "1");

    assertReads("hwmon.ina226.in1", 12.034, "V");
    assertReads("hwmon.ina226.curr1", -0.25, "A");
    assertReads("hwmon.ina226.power1", 3.0085, "W");
    assertReads("hwmon.ina226.fan1", 20, "Hz");
    assertReads("hwmon.ina226.temp1", 25.5, "Cel");
    assertThat(read()).hasSize(5);
  }

  @Test
  void hwmon_twoOfOneKind_areToldApartByTheirAddresses() throws IOException {
    for (String address : List.of("1-0048", "1-0049")) {
      Path device = Files.createDirectories(sys.resolve("devices/i2c-1/" + address));
      String chip = "class/hwmon/hwmon" + address.charAt(5);
      file(chip + "/name", "lm75");
      file(chip + "/temp1_input", "20000");
      Files.createSymbolicLink(sys.resolve(chip + "/device"), device);
    }

    assertThat(byName()).containsOnlyKeys("hwmon.lm75.1-0048.temp1", "hwmon.lm75.1-0049.temp1");
  }

  /** Such as two disks, or the CPU's two channels: on no bus whose address would be in the name. */
  @Test
  void twoOfOneKindOnNoBus_areToldApartByTheirDevices() throws IOException {
    for (String device : List.of("nvme0", "nvme1")) {
      String chip = "class/hwmon/hwmon" + device.charAt(4);
      file(chip + "/name", "nvme");
      file(chip + "/temp1_input", "20000");
      Files.createSymbolicLink(
          sys.resolve(chip + "/device"), Files.createDirectories(sys.resolve("devices/" + device)));
      file("devices/" + device + ".adc/iio:device0/name", "adc");
      file("devices/" + device + ".adc/iio:device0/in_temp_input", "1000");
      Files.createDirectories(sys.resolve("bus/iio/devices"));
      Files.createSymbolicLink(
          sys.resolve("bus/iio/devices/iio:device" + device.charAt(4)),
          sys.resolve("devices/" + device + ".adc/iio:device0"));
    }
    file("class/hwmon/hwmon2/name", "virtual");
    file("class/hwmon/hwmon2/temp1_input", "1000");
    file("class/hwmon/hwmon3/name", "virtual");
    file("class/hwmon/hwmon3/temp1_input", "2000");

    assertThat(byName())
        .containsOnlyKeys(
            "hwmon.nvme.nvme0.temp1",
            "hwmon.nvme.nvme1.temp1",
            "hwmon.virtual.hwmon2.temp1",
            "hwmon.virtual.hwmon3.temp1",
            "iio.adc.nvme0.adc.temp",
            "iio.adc.nvme1.adc.temp");
  }

  /** w1_therm shows its thermometers here as well, all under one name and unchecked. */
  @Test
  void hwmon_ofOneWireThermometers_isLeftOut() throws IOException {
    for (int i = 0; i < 2; i++) {
      file("class/hwmon/hwmon" + i + "/name", "w1_slave_temp");
      file("class/hwmon/hwmon" + i + "/temp1_input", "85000");
      Files.createSymbolicLink(
          sys.resolve("class/hwmon/hwmon" + i + "/device"),
          Files.createDirectories(sys.resolve("devices/28-00000000000" + i)));
    }

    assertThat(read()).isEmpty();
  }

  @Test
  void hwmon_driverSaysFault_isSuspect() throws IOException {
    file("class/hwmon/hwmon0/name", "max31865");
    file("class/hwmon/hwmon0/temp1_input", "988000");
    file("class/hwmon/hwmon0/temp1_fault", "1");

    assertThat(byName().get("hwmon.max31865.temp1").quality()).isEqualTo(Quality.SUSPECT);
  }

  @Test
  void oneWire_thermometers_areCheckedByTheirChecksums() throws IOException {
    file("bus/w1/devices/w1_bus_master1/w1_master_slave_count", "5");
    file(
        "bus/w1/devices/28-000000000001/w1_slave",
        "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125");
    file(
        "bus/w1/devices/28-000000000002/w1_slave",
        "72 01 4b 46 7f ff 0e 10 57 : crc=56 NO\n72 01 4b 46 7f ff 0e 10 57 t=23125");
    file(
        "bus/w1/devices/28-000000000003/w1_slave",
        "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000");
    file("bus/w1/devices/28-000000000004/w1_slave", "");
    file(
        "bus/w1/devices/10-000000000005/w1_slave",
        "e6 ff 4b 46 ff ff 0e 10 e4 : crc=e4 YES\ne6 ff 4b 46 ff ff 0e 10 e4 t=-1625");

    file(
        "bus/w1/devices/28-000000000006/w1_slave",
        "00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0");

    assertReads("w1.28-000000000001", 23.125, "Cel");
    assertReads("w1.10-000000000005", -1.625, "Cel");
    assertThat(read())
        .extracting(Reading::channel, Reading::quality)
        .contains(
            tuple("w1.28-000000000002", Quality.DAMAGED),
            tuple("w1.28-000000000003", Quality.SUSPECT),
            tuple("w1.28-000000000004", Quality.FAILED),
            tuple("w1.28-000000000006", Quality.FAILED))
        .hasSize(6);
  }

  @Test
  void thermal_zones_areDegrees() throws IOException {
    file("class/thermal/thermal_zone0/type", "cpu-thermal");
    file("class/thermal/thermal_zone0/temp", "48312");
    file("class/thermal/cooling_device0/type", "pwm-fan");

    assertReads("thermal.0.cpu-thermal", 48.312, "Cel");
    assertThat(read()).hasSize(1);
  }

  @Test
  void read_oneSensorBroken_othersGoOn() throws IOException {
    file("class/thermal/thermal_zone0/type", "cpu-thermal");
    file("class/thermal/thermal_zone0/temp", "48312");
    file("class/hwmon/hwmon0/name", "lm75");
    file("class/hwmon/hwmon0/temp1_input", "not a number");
    file("class/hwmon/hwmon0/temp2_input", "NaN");
    // What cannot be read at all: a driver that answers EIO is best played by a folder.
    Files.createDirectories(sys.resolve("class/hwmon/hwmon0/temp3_input"));
    Files.createDirectories(sys.resolve("bus/iio/devices/iio:device0"));
    Files.createSymbolicLink(
        sys.resolve("bus/iio/devices/iio:device0/in_temp_input"), sys.resolve("gone"));

    assertReads("thermal.0.cpu-thermal", 48.312, "Cel");
    assertThat(read().stream().filter(reading -> reading.quality() == Quality.FAILED))
        .extracting(Reading::channel)
        .containsExactlyInAnyOrder(
            "hwmon.lm75.temp1", "hwmon.lm75.temp2", "hwmon.lm75.temp3", "iio.iio-device0.temp");
  }

  /** A pipe that nobody writes to: whoever opens it to read, waits in the kernel. */
  private Path silent(String path) throws IOException {
    Path file = sys.resolve(path);
    Files.createDirectories(file.getParent());
    PeerProgram.require("mkfifo").run(sys, file.toString()).expectSuccess();
    return file;
  }

  /** To whoever waits; for reading as well, so that this waits for nobody. */
  private static void answer(Path pipe) throws IOException {
    try (RandomAccessFile writing = new RandomAccessFile(pipe.toFile(), "rw")) {
      writing.writeBytes("25000");
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("muster-sensors"))
        .count();
  }

  @Test
  void driver_thatNeverAnswers_holdsUpNoOther_andIsAskedAgainWhenItHasAnswered() throws Exception {
    Path silent = silent("class/hwmon/hwmon0/temp1_input");
    file("class/hwmon/hwmon0/temp2_input", "26000");
    file("class/thermal/thermal_zone0/type", "cpu");
    file("class/thermal/thermal_zone0/temp", "40000");
    SysfsSensors sensors = new SysfsSensors(sys, Duration.ofMillis(300));
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(sensors.read())
            .extracting(Reading::channel, Reading::quality)
            .containsExactly(
                tuple("hwmon.hwmon0.temp1", Quality.FAILED),
                tuple("hwmon.hwmon0.temp2", Quality.FAILED),
                tuple("thermal.0.cpu", Quality.GOOD)));
    assertThat(sensors.read()).hasSize(3);
    // The one that was left behind the first time; whose work is done, ends.
    await().atMost(LIMIT).until(() -> threads() == 1);
    assertThat(sensors.isHeldUp()).isFalse();

    answer(silent);
    Files.delete(silent);
    file("class/hwmon/hwmon0/temp1_input", "25000");
    await()
        .atMost(LIMIT)
        .untilAsserted(() ->
            assertThat(sensors.read()).extracting(Reading::quality).containsOnly(Quality.GOOD));
  }

  /** Who holds up a thread each, is not asked without end. */
  @Test
  void drivers_ofWhomManyDoNotAnswer_holdUpAll() throws Exception {
    List<Path> pipes = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      pipes.add(silent("class/hwmon/hwmon" + i + "/temp1_input"));
    }
    SysfsSensors sensors = new SysfsSensors(sys, Duration.ofMillis(50));
    await().atMost(LIMIT).until(() -> {
      sensors.read();
      return sensors.isHeldUp();
    });
    for (Path pipe : pipes) {
      answer(pipe);
    }
    await().atMost(LIMIT).until(() -> !sensors.isHeldUp());
  }
}
