// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, part, query } from './api.js';
import { param, set } from './router.js';
import { failure, html, nothing, redraw, ref, Source } from './ui.js';

const SPANS = [['15m', 15, '15 minutes'], ['1h', 60, 'an hour'], ['6h', 360, '6 hours'], ['24h', 1440, 'a day'], ['7d', 10080, 'a week']];

let library = null;
let drawn = null;

const series = new Source((signal, key) => {
  const [id, minutes] = key.split('|');
  return get(`/devices/${part(id)}/telemetry` + query({ from: new Date(Date.now() - Number(minutes) * 60000).toISOString(), points: 400 }), signal);
}, 5000);

/** Only who looks at a chart loads what draws it. */
async function load() {
  if (!library) {
    await import('../lib/chart.js');
    library = /** @type {any} */ (globalThis).Chart;
    redraw();
  }
}

export function chart(id, latest) {
  load();
  const span = SPANS.find(([name]) => name === param('span')) ?? SPANS[0];
  const names = latest.map((one) => `${one.stream}/${one.metric}`);
  const wanted = param('metrics').split(',').filter((name) => names.includes(name));
  // At first those that share an axis: current beside energy would be a line at the bottom.
  const first = latest.find((one) => typeof one.value === 'number') ?? latest[0];
  const shown = wanted.length ? wanted : names.filter((_, i) => latest[i].unit === first.unit && typeof latest[i].value === 'number');
  series.use(`${id}|${span[1]}`);
  return html`<section class="panel chart"><h2>Telemetry</h2>
    <p class="facets">${SPANS.map(([name, , text]) => html`<button type="button" class="chip" aria-pressed=${name === span[0]} @click=${() => set({ span: name })}>${text}</button>`)}</p>
    <p class="facets">${names.map((name) => html`<button type="button" class="chip" aria-pressed=${shown.includes(name)} @click=${() => set({ metrics: toggled(shown, name).join(',') })}>${name}</button>`)}</p>
    ${series.problem ? failure(series.problem) : nothing}
    <div class="canvas"><canvas role="img" aria-label=${`${shown.join(', ')} over ${span[2]}; the table of latest values tells them in words`} ${ref((canvas) => canvas && draw(canvas, shown))}></canvas></div>
  </section>`;
}

const toggled = (shown, name) => shown.includes(name) ? shown.filter((one) => one !== name) : [...shown, name];

/** What a colour of the style sheet is now, in the theme of now. */
function colour(canvas, name) {
  canvas.style.color = `var(${name})`;
  return getComputedStyle(canvas).color;
}

const clock = (ms) => new Date(ms).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function draw(canvas, shown) {
  if (!library || !series.data) return;
  const style = (name) => colour(canvas, name);
  const state = [series.at, shown.join(), style('--text')].join('|');
  if (drawn?.canvas === canvas && drawn.state === state) return;
  if (drawn && drawn.canvas !== canvas) drawn.chart.destroy();
  const sets = series.data.series
    .filter((one) => shown.includes(`${one.stream}/${one.metric}`) && typeof one.points[0]?.value === 'number')
    .map((one, i) => ({
      // The unit is the device's own text; the axes of times must not be called so.
      yAxisID: `y ${one.unit ?? ''}`,
      label: `${one.metric}${one.unit ? ` (${one.unit})` : ''}`,
      data: one.points.map((point) => ({ x: Date.parse(point.time), y: point.value })),
      borderColor: style(`--series-${(i % 4) + 1}`),
      backgroundColor: style(`--series-${(i % 4) + 1}`),
      borderDash: i < 4 ? [] : [5, 3],
      borderWidth: 1.6,
      pointRadius: 0,
      pointHitRadius: 8,
    }));
  if (drawn?.canvas === canvas) {
    drawn.chart.destroy();
  }
  const axis = { grid: { color: style('--line') }, border: { display: false } };
  const ticks = { color: style('--muted'), maxRotation: 0, autoSkipPadding: 24 };
  const ids = [...new Set(sets.map((one) => one.yAxisID))];
  const axes = Object.fromEntries(ids.map((id, i) => [id, {
    ...axis,
    position: i % 2 ? 'right' : 'left',
    grid: { ...axis.grid, drawOnChartArea: i === 0 },
    title: { display: ids.length > 1, text: id.slice(2) || 'no unit', color: style('--muted') },
    ticks,
  }]));
  drawn = {
    canvas,
    state,
    chart: new library(canvas, {
      type: 'line',
      data: { datasets: sets },
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        maintainAspectRatio: false,
        interaction: { mode: 'nearest', axis: 'x', intersect: false },
        scales: {
          x: { type: 'linear', ...axis, ticks: { ...ticks, callback: clock } },
          ...axes,
        },
        plugins: {
          legend: { labels: { color: style('--text'), boxWidth: 14, boxHeight: 2 } },
          tooltip: { callbacks: { title: (items) => new Date(items[0].parsed.x).toLocaleString() } },
        },
      },
    }),
  };
}
