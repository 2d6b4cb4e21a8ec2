// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { inUtc, redraw } from './ui.js';

/** How far back a chart looks: name, minutes, in words. */
export const SPANS = [
  ['15m', 15, '15 minutes'],
  ['1h', 60, 'an hour'],
  ['6h', 360, '6 hours'],
  ['24h', 1440, 'a day'],
  ['7d', 10080, 'a week'],
  ['30d', 43200, '30 days'],
];

const COLOURS = 4;
/** Shorter than this, it was a click. */
const BRUSH_PX = 8;

let library = null;
let drawn = null;

/** Only who looks at a chart loads what draws it. */
export async function load() {
  if (!library) {
    await import('../lib/chart.js');
    library = /** @type {any} */ (globalThis).Chart;
    redraw();
  }
}

/** What a colour of the style sheet is now, in the theme of now. */
function colour(canvas, value) {
  canvas.style.color = value;
  return getComputedStyle(canvas).color;
}

const pad = (number) => String(number).padStart(2, '0');

/** What an axis over so long a time says. */
function tick(ms, span) {
  const at = new Date(inUtc() ? ms + new Date(ms).getTimezoneOffset() * 60000 : ms);
  const day = `${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  if (span > 3 * 86400000) return day;
  const clock = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (span > 86400000) return `${day} ${clock}`;
  return span > 1800000 ? clock : `${clock}:${pad(at.getSeconds())}`;
}

/** The line of a series and, if its points stand for several values each, between which they lie. */
function lines(one, i, style) {
  const nth = `var(--series-${(i % COLOURS) + 1})`;
  // The unit is the device's own text; the axis of times must not be called so.
  const yAxisID = `y ${one.unit ?? ''}`;
  const line = {
    yAxisID,
    label: one.label,
    data: one.points.map((point) => ({ x: Date.parse(point.time), y: point.value })),
    borderColor: style(nth),
    backgroundColor: style(nth),
    borderDash: i < COLOURS ? [] : [5, 3],
    borderWidth: 1.6,
    pointRadius: one.points.length === 1 ? 3 : 0,
    pointHitRadius: 8,
  };
  if (one.points[0].min === undefined) return [line];
  const edge = (name, fill) => ({
    yAxisID,
    label: '',
    data: one.points.map((point) => ({ x: Date.parse(point.time), y: point[name] })),
    borderWidth: 0,
    pointRadius: 0,
    pointHitRadius: 0,
    backgroundColor: style(`color-mix(in srgb, ${nth} 18%, transparent)`),
    fill,
  });
  return [line, edge('min', false), edge('max', '-1')];
}

function scales(sets, frame, style) {
  const axis = { grid: { color: style('var(--line)') }, border: { display: false } };
  const ticks = { color: style('var(--muted)'), maxRotation: 0, autoSkipPadding: 24 };
  const ids = [...new Set(sets.map((one) => one.yAxisID))];
  const axes = ids.map((id, i) => [id, {
    ...axis,
    position: i % 2 ? 'right' : 'left',
    grid: { ...axis.grid, drawOnChartArea: i === 0 },
    title: { display: ids.length > 1, text: id.slice(2) || 'no unit', color: style('var(--muted)') },
    ticks,
  }]);
  const callback = (ms) => tick(ms, frame.to - frame.from);
  return { x: { type: 'linear', min: frame.from, max: frame.to, ...axis, ticks: { ...ticks, callback } }, ...Object.fromEntries(axes) };
}

/** Shades what the mouse is drawn over. */
const brush = {
  id: 'brush',
  /** The library hears of a pointer a frame later: the chart may have left the page by then, and has no lines any more. */
  beforeEvent: (chart) => chart.attached,
  afterDraw(chart) {
    if (!chart.brush) return;
    const { ctx, chartArea } = chart;
    const { from, to } = chart.brush;
    ctx.save();
    ctx.globalAlpha = 0.15;
    ctx.fillStyle = chart.options.plugins.legend.labels.color;
    ctx.fillRect(Math.min(from, to), chartArea.top, Math.abs(to - from), chartArea.height);
    ctx.restore();
  },
};

/** Who draws over a part of the time wants to see that; by keyboard there are buttons. */
function brushed(canvas, chosen) {
  const x = (event) => event.clientX - canvas.getBoundingClientRect().left;
  canvas.onpointerdown = (event) => {
    if (event.pointerType === 'touch' || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    drawn.chart.brush = { from: x(event), to: x(event) };
  };
  canvas.onpointermove = (event) => {
    if (!drawn?.chart.brush) return;
    drawn.chart.brush.to = x(event);
    drawn.chart.draw();
  };
  canvas.onpointerup = () => {
    const done = drawn?.chart.brush;
    if (!done) return;
    drawn.chart.brush = null;
    drawn.chart.draw();
    if (Math.abs(done.to - done.from) < BRUSH_PX) return;
    const [from, to] = [done.from, done.to].map((at) => drawn.chart.scales.x.getValueForPixel(at)).sort((a, b) => a - b);
    chosen(from, to);
  };
}

/**
 * Draws series over time, if that is another picture than before.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {string} stamp what has changed if the picture has
 * @param {{label: string, unit?: string, points: any[]}[]} series those that are numbers
 * @param {{from: number, to: number}} frame
 * @param {(from: number, to: number) => void} chosen called when somebody draws over a part of it
 */
export function plot(canvas, stamp, series, frame, chosen) {
  if (!library) return;
  if (!canvas.isConnected) {
    // It has neither colours nor a size yet.
    redraw();
    return;
  }
  const style = (value) => colour(canvas, value);
  const state = [stamp, style('var(--text)'), inUtc()].join('|');
  if (drawn?.canvas === canvas && drawn.state === state) return;
  if (drawn?.chart.brush && drawn.canvas === canvas) return;
  drawn?.chart.destroy();
  const sets = series.flatMap((one, i) => lines(one, i, style));
  const named = (item) => item.text !== '';
  drawn = {
    canvas,
    state,
    chart: new library(canvas, {
      type: 'line',
      data: { datasets: sets },
      plugins: [brush],
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        maintainAspectRatio: false,
        interaction: { mode: 'nearest', axis: 'x', intersect: false },
        scales: scales(sets, frame, style),
        plugins: {
          legend: { labels: { color: style('var(--text)'), boxWidth: 14, boxHeight: 2, filter: named } },
          tooltip: { filter: (item) => item.dataset.label !== '', callbacks: { title: (items) => items.length ? new Date(items[0].parsed.x).toLocaleString(undefined, inUtc() ? { timeZone: 'UTC' } : {}) : '' } },
        },
      },
    }),
  };
  brushed(canvas, chosen);
}

/** Of an answer's series those that can be drawn, as `plot` takes them. */
export const numeric = (series, label) => series
  .filter((one) => typeof one.points[0]?.value === 'number')
  .map((one) => ({ label: label(one) + (one.unit ? ` (${one.unit})` : ''), unit: one.unit, points: one.points }));

export const toggled = (shown, name) => shown.includes(name) ? shown.filter((one) => one !== name) : [...shown, name];
