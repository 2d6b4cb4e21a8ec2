// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, part, query } from './api.js';
import { came, nameOf } from './came.js';
import { load, numeric, plot, SPANS, toggled } from './chart.js';
import { go, param, set } from './router.js';
import { failure, html, nothing, ref, Source } from './ui.js';

const series = new Source(async (signal, key) => {
  const [id, minutes] = key.split('|');
  const to = Date.now();
  const from = to - Number(minutes) * 60000;
  const answer = await get(`/devices/${part(id)}/telemetry` + query({ from: new Date(from).toISOString(), points: 400 }), signal);
  return { ...answer, frame: { from, to } };
}, 5000);

/** What one device has measured of late. */
export function deviceChart(id, latest) {
  load();
  const span = SPANS.find(([name]) => name === param('span')) ?? SPANS[0];
  const names = latest.map(nameOf);
  const wanted = param('metrics').split(',').filter((name) => names.includes(name));
  // At first those that share an axis: current beside energy would be a line at the bottom.
  const first = latest.find((one) => typeof one.value === 'number') ?? latest[0];
  const shown = wanted.length ? wanted : names.filter((_, i) => latest[i].unit === first.unit && typeof latest[i].value === 'number');
  series.use(`${id}|${span[1]}`);
  const explorer = (frame) => '/telemetry' + query({ device: id, series: shown, ...frame });
  return html`<section class="panel chart"><h2>Telemetry <a class="beside-title" href=${explorer({ span: span[0] })}>Explore, compare, export</a></h2>
    <p class="facets">${SPANS.map(([name, , text]) => html`<button type="button" class="chip" aria-pressed=${name === span[0]} @click=${() => set({ span: name })}>${text}</button>`)}</p>
    <p class="facets">${names.map((name) => html`<button type="button" class="chip" aria-pressed=${shown.includes(name)} @click=${() => set({ metrics: toggled(shown, name).join(',') })}>${name}</button>`)}</p>
    ${series.problem && series.data ? failure(series.problem) : nothing}
    <div class="canvas">${series.shown(() => html`<canvas role="img" aria-label=${`${shown.join(', ')} over ${span[2]}; the table of latest values tells them in words`} ${ref((canvas) => canvas && draw(canvas, shown, explorer))}></canvas>`)}</div>
  </section>`;
}

function draw(canvas, shown, explorer) {
  const chosen = series.data.series.filter((one) => shown.includes(nameOf(one)));
  const zoomed = (from, to) => go(explorer({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }));
  // Once for each answer, with what had come by then: for each value would be much work for a line.
  plot(canvas, [series.at, shown.join()].join('|'), numeric(chosen.map((one) => came.goneOn(one)), (one) => one.metric), series.data.frame, zoomed);
}
