// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, part, query } from './api.js';
import { nameOf } from './came.js';
import { load, numeric, plot, SPANS, toggled } from './chart.js';
import { param, params, set } from './router.js';
import { savedViews } from './views.js';
import { badge, copy, empty, failure, heading, html, measured, nothing, number, redraw, ref, say, skeleton, Source, table, tabs, time } from './ui.js';

/** How many points a series may have: coarse, as a screen is wide, fine. */
const POINTS = [['100', 'coarse'], ['400', 'medium'], ['2000', 'fine']];
const TIERS = [['raw', 'values as they came'], ['1m', 'minutes'], ['1h', 'hours'], ['1d', 'days']];
const ROWS_AT_ONCE = 200;

const iso = (ms) => new Date(ms).toISOString();

/** The devices' newest values, which tell what they measure. */
const known = new Source(
  (signal, key) => get('/telemetry/latest' + query({ device: key.split('|') }), signal), 30000);

const answer = new Source(async (signal, key) => {
  const { devices, series, points, minutes, from, to } = JSON.parse(key);
  const frame = minutes ? { from: Date.now() - minutes * 60000, to: Date.now() } : { from, to };
  const found = await get('/telemetry' + query({ device: devices, series, points, from: iso(frame.from), to: iso(frame.to) }), signal);
  return { ...found, frame };
}, 10000);

/** Ids that begin with what is being typed. */
const suggestions = new Source((signal, prefix) => get('/devices' + query({ prefix, limit: 20 }), signal), 10000);
let typed = '';
let rows = ROWS_AT_ONCE;

/** What the address says. A view of fixed times is asked for once: the past stays as it is. */
function state() {
  const from = Date.parse(param('from'));
  const to = Date.parse(param('to'));
  const fixed = from < to;
  const span = SPANS.find(([name]) => name === param('span')) ?? SPANS[1];
  return {
    devices: params('device'),
    series: params('series'),
    points: POINTS.some(([count]) => count === param('points')) ? param('points') : POINTS[1][0],
    tier: TIERS.some(([name]) => name === param('tier')) ? param('tier') : TIERS[0][0],
    view: param('view') === 'table' ? 'table' : '',
    fixed,
    span,
    frame: fixed ? { from, to } : { minutes: span[1] },
  };
}

export function exploreView() {
  load();
  const view = state();
  suggestions.use(typed);
  if (!view.devices.length) return html`${heading('Telemetry')}${savedViews('/telemetry', '')}${devicesPanel(view)}${nobody()}`;
  known.use(view.devices.join('|'));
  const values = known.data?.values ?? [];
  const series = view.series.length ? view.series : usual(values);
  if (series.length) answer.use(JSON.stringify({ devices: view.devices, series, points: view.points, ...view.frame }));
  return html`${heading('Telemetry', beside(view, series))}
    ${devicesPanel(view)}
    ${known.problem && !known.data ? failure(known.problem) : nothing}
    ${known.data ? metricChips(values, series) : skeleton(1)}
    ${series.length ? picture(view, series) : known.data ? empty('These devices have sent nothing yet. How one sends, is shown by:', './muster simulate --devices 25') : nothing}`;
}

/** As long as nothing is chosen: the number that most of the devices have. */
function usual(values) {
  const counts = new Map();
  for (const one of values) if (typeof one.value === 'number') counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1);
  const [name] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [values.length ? nameOf(values[0]) : ''];
  return name ? [name] : [];
}

const nobody = () => suggestions.shown((page) => page.devices.length
  ? html`<div class="empty"><p>Name the devices to look at, or begin with the first:</p>
      <p><button type="button" class="main" @click=${() => set({ device: page.devices.slice(0, 3).map((one) => one.id) })}>Show ${page.devices.slice(0, 3).map((one) => one.id).join(', ')}</button></p></div>`
  : empty('No device has come yet. Try a simulated one:', './muster simulate --devices 25'));

function devicesPanel(view) {
  const add = (event) => {
    event.preventDefault();
    const field = event.target.elements.device;
    const more = field.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    field.value = '';
    if (more.length) set({ device: [...new Set([...view.devices, ...more])] });
  };
  return html`<form class="search" @submit=${add}>
      <input type="search" name="device" aria-label="Add a device" placeholder="Add a device: its id" list="suggested" autocomplete="off" spellcheck="false" @input=${(event) => {
        typed = event.target.value.trim().toLowerCase();
        redraw();
      }}>
      <datalist id="suggested">${(suggestions.data?.devices ?? []).map((one) => html`<option value=${one.id}></option>`)}</datalist>
      <button>Add</button>
    </form>
    <ul class="facets" aria-label="Devices">${view.devices.map((id) => html`<li class="chip"><a href=${'/devices/' + part(id)}>${id}</a>${known.data && !known.data.values.some((one) => one.device === id) ? ' has sent nothing' : nothing}
      <button type="button" class="take" aria-label=${`Leave out ${id}`} @click=${() => set({ device: view.devices.filter((one) => one !== id) })}>×</button></li>`)}</ul>`;
}

const metricChips = (values, series) => html`<p class="facets" role="group" aria-label="Metrics">${[...new Set([...values.map(nameOf), ...series])].map((name) => html`<button type="button" class="chip"
  aria-pressed=${series.includes(name)} @click=${() => set({ series: toggled(series, name) })}>${name}</button>`)}</p>`;

/** Copying a link to what is seen means these times, not the hour before somebody follows it. */
function beside(view, series) {
  const frame = answer.data?.frame;
  if (!frame || !series.length) return savedViews('/telemetry', 'worth');
  const values = (format) => '/api/v1/telemetry/export' + query({ device: view.devices, series, from: iso(frame.from), to: iso(frame.to), tier: view.tier, format });
  const link = '/telemetry' + query({ device: view.devices, series, from: iso(frame.from), to: iso(frame.to), points: param('points'), tier: param('tier'), view: view.view });
  return html`${savedViews('/telemetry', 'worth')}<span class="push row">
    <button type="button" title="With these times and metrics" @click=${() => copy(location.origin + link, 'Copied: the link shows these times')}>Copy link</button>
    <label class="inline">Export <select @change=${(event) => set({ tier: event.target.value }, true)}>${TIERS.map(([name, text]) => html`<option value=${name} ?selected=${name === view.tier}>${text}</option>`)}</select></label>
    <a class="button" href=${values('csv')} download="telemetry.csv">CSV</a>
    <a class="button" href=${values('ndjson')} download="telemetry.ndjson">NDJSON</a>
  </span>`;
}

function picture(view, series) {
  return html`<section class="panel chart">
    ${times(view)}
    ${answer.problem ? failure(answer.problem) : nothing}
    ${answer.shown((found) => html`
      <div class="row"><span class="muted">${time(iso(found.frame.from), 'local')} to ${time(iso(found.frame.to), 'local')} · ${resolution(found)}</span>
        <label class="inline push">Resolution <select @change=${(event) => set({ points: event.target.value })}>${POINTS.map(([count, text]) => html`<option value=${count} ?selected=${count === view.points}>${text}</option>`)}</select></label></div>
      ${tabs('View', view.view, [['', hrefOf({ view: '' }), 'Chart'], ['table', hrefOf({ view: 'table' }), 'Table']])}
      ${found.series.length ? view.view ? valueTable(found) : chartOf(found, series)
        : empty('Nothing was measured in this time. Choose other metrics, or look further back:', html`<button type="button" @click=${() => set({ span: SPANS.at(-1)[0], from: '', to: '' })}>The last ${SPANS.at(-1)[2]}</button>`)}`, skeleton(8))}
  </section>
  ${answer.data?.series.length ? html`<h2>Series</h2>${seriesTable(answer.data)}` : nothing}`;
}

function hrefOf(values) {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) value ? search.set(name, value) : search.delete(name);
  return location.pathname + '?' + search;
}

/** Where the points are from, and how much time one is about. */
function resolution(found) {
  const steps = [...new Set(found.series.map((one) => one.stepSeconds).filter(Boolean))];
  return html`resolution ${badge(found.tier)}${steps.length ? ` a point is the mean of about ${steps.map(duration).join(' or ')}; the band is from the least to the most` : ' each point is a value, peaks are kept'}${found.more ? '; there are more series than are shown' : ''}`;
}

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

/** As a field for a time takes it. Empty while the view moves on: nobody is to be overtaken while typing. */
const local = (ms) => {
  const at = new Date(ms);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
};

function times(view) {
  const frame = answer.data?.frame;
  const width = frame ? frame.to - frame.from : 0;
  const look = (from, to) => set({ from: iso(Math.round(from)), to: iso(Math.round(to)), span: '' });
  const chosen = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const [from, to] = ['from', 'to'].map((name) => Date.parse(String(form.get(name))));
    if (from < to) look(from, to);
    else say('from: expected to be before to');
  };
  return html`<p class="facets" role="group" aria-label="Time">${SPANS.map(([name, , text]) => html`<button type="button" class="chip" aria-pressed=${!view.fixed && name === view.span[0]} @click=${() => set({ span: name, from: '', to: '' })}>${text}</button>`)}
      ${frame ? html`<button type="button" class="chip" @click=${() => look(frame.from - width / 2, frame.to - width / 2)}>← Earlier</button>
        <button type="button" class="chip" @click=${() => look(frame.from + width / 2, frame.to + width / 2)}>Later →</button>
        <button type="button" class="chip" @click=${() => look(frame.from + width / 4, frame.to - width / 4)}>Zoom in</button>
        <button type="button" class="chip" @click=${() => look(frame.from - width / 2, frame.to + width / 2)}>Zoom out</button>` : nothing}</p>
    <details><summary>Other times</summary><form class="row times" @submit=${chosen}>
      <label>From, local time<input type="datetime-local" step="1" name="from" required .value=${view.fixed ? local(view.frame.from) : ''}></label>
      <label>to<input type="datetime-local" step="1" name="to" required .value=${view.fixed ? local(view.frame.to) : ''}></label>
      <button>Look</button>
    </form></details>`;
}

const chartOf = (found, series) => html`<div class="canvas tall"><canvas role="img" aria-label=${`${series.join(', ')} of ${number(found.series.length)} series; the table below tells them in words`} ${ref((canvas) => canvas && draw(canvas, found))}></canvas></div>`;

function draw(canvas, found) {
  const several = new Set(found.series.map((one) => one.device)).size > 1;
  const label = (one) => (several ? one.device + ' ' : '') + one.metric;
  const zoomed = (from, to) => set({ from: iso(Math.round(from)), to: iso(Math.round(to)), span: '' });
  plot(canvas, [answer.key, answer.at].join('|'), numeric(found.series, label), found.frame, zoomed);
}

const least = (point) => point.min ?? point.value;
const most = (point) => point.max ?? point.value;

/** Each series in words: what the chart shows to whoever cannot see it. */
const seriesTable = (found) => table('Series', ['Device', 'Metric', 'Resolution', 'Points', 'Least', 'Most', 'Last', 'When'], found.series.map((one) => {
  const last = one.points.at(-1);
  const isNumber = typeof last.value === 'number';
  return [
    html`<a href=${'/devices/' + part(one.device)}>${one.device}</a>`,
    nameOf(one),
    html`${badge(one.tier)}${one.whole === false ? html` ${badge('not all', 'warn')}` : nothing}`,
    number(one.points.length),
    isNumber ? measured(one.points.reduce((low, point) => Math.min(low, least(point)), Infinity)) : nothing,
    isNumber ? measured(one.points.reduce((high, point) => Math.max(high, most(point)), -Infinity)) : nothing,
    html`<strong>${measured(last.value)}</strong> ${one.unit ?? ''}`,
    time(last.time, 'local'),
  ];
}));

let flattened = { of: null, rows: [] };

/** All points, the newest first; once for each answer. */
function flat(found) {
  if (flattened.of !== found) {
    const all = found.series.flatMap((one) => one.points.map((point) => ({ one, point })));
    flattened = { of: found, rows: all.sort((a, b) => (a.point.time < b.point.time ? 1 : -1)) };
  }
  return flattened.rows;
}

function valueTable(found) {
  const all = flat(found);
  const rolledUp = all.some(({ point }) => point.min !== undefined);
  const heads = ['Time', 'Device', 'Metric', rolledUp ? 'Mean' : 'Value', ...(rolledUp ? ['Least', 'Most', 'Values'] : [])];
  return html`${table('Values', heads, all.slice(0, rows).map(({ one, point }) => [
    time(point.time, 'local'),
    one.device,
    nameOf(one),
    html`${measured(point.value)} ${one.unit ?? ''}`,
    ...(rolledUp ? [measured(least(point)), measured(most(point)), number(point.count ?? 1)] : []),
  ]))}
  <p class="more">${number(Math.min(rows, all.length))} of ${number(all.length)} points
    ${rows < all.length ? html`<button type="button" @click=${() => {
      rows += ROWS_AT_ONCE;
      redraw();
    }}>Show more</button>` : nothing}</p>`;
}
