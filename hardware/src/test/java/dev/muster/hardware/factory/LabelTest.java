/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.ReaderException;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import dev.muster.testing.TestPki;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Labels as a scanner sees them. */
class LabelTest {
  private static final Pattern RUN = Pattern.compile("M([0-9]+) ([0-9]+)h([0-9]+)v1h-\\3z");
  private static final int NEAREST = 9;
  private static final int FARTHEST = 3;
  private static final int WHITE = 0xFFFFFF;

  private final PublicKey key = TestPki.newKey().getPublic();

  @TempDir
  Path folder;

  private static Element parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)))
        .getDocumentElement();
  }

  /**
   * From another distance if need be, as a person would: some pattern misleads a scanner in each.
   */
  private static String scanned(String svg) throws Exception {
    for (int pixels = FARTHEST; ; pixels++) {
      try {
        return scanned(svg, pixels);
      } catch (ReaderException e) {
        if (pixels == NEAREST) {
          throw e;
        }
      }
    }
  }

  /** @param pixels of each module */
  private static String scanned(String svg, int pixels) throws Exception {
    Element label = parse(svg);
    String[] box = label.getAttribute("viewBox").split(" ");
    int width = Integer.parseInt(box[2]) * pixels;
    int height = Integer.parseInt(box[3]) * pixels;
    int[] image = new int[width * height];
    Arrays.fill(image, WHITE);
    String path = ((Element) label.getElementsByTagName("path").item(0)).getAttribute("d");
    assertThat(RUN.matcher(path).replaceAll("")).isEmpty();
    RUN.matcher(path).results().forEach(run -> blacken(image, width, run, pixels));
    return new QRCodeReader()
        .decode(new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(width, height, image))))
        .getText();
  }

  private static void blacken(int[] image, int width, MatchResult run, int pixels) {
    int x = Integer.parseInt(run.group(1)) * pixels;
    int y = Integer.parseInt(run.group(2)) * pixels;
    int length = Integer.parseInt(run.group(3)) * pixels;
    for (int row = y; row < y + pixels; row++) {
      Arrays.fill(image, row * width + x, row * width + x + length, 0);
    }
  }

  @Test
  void svg_scanned_tellsSerialModelAndKey() throws Exception {
    String svg = new Label("SN-0001", "Pump 7 <A&B> ü", key).svg();

    assertThat(scanned(svg))
        .isEqualTo("muster:device?serial=SN-0001&model=Pump%207%20%3CA%26B%3E%20%C3%BC&key="
            + Label.fingerprint(key));
    NodeList lines = parse(svg).getElementsByTagName("text");
    assertThat(List.of(
            lines.item(0).getTextContent(),
            lines.item(1).getTextContent(),
            lines.item(2).getTextContent().replace(" ", "")))
        .containsExactly("SN-0001", "Pump 7 <A&B> ü", Label.fingerprint(key).substring(0, 16));
  }

  @Test
  void svg_longestSerialAndModel_isScannedToo() throws Exception {
    String svg = new Label("S".repeat(64), "ü".repeat(64), key).svg();

    assertThat(scanned(svg)).startsWith("muster:device?serial=" + "S".repeat(64) + "&model=%C3");
  }

  @Test
  void issue_label_isOfTheKeyInTheCertificate() throws Exception {
    Path device = Factory.init(folder.resolve("f"), "acme", Clock.systemUTC())
        .issue("SN-1", folder.resolve("d"));

    PublicKey certified =
        FactoryFiles.certificate(device.resolve(Factory.DEVICE_CERTIFICATE)).getPublicKey();
    assertThat(scanned(Files.readString(device.resolve(Factory.LABEL))))
        .isEqualTo("muster:device?serial=SN-1&key=" + Label.fingerprint(certified));
  }
}
