// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, may, part, query } from './api.js';
import { order, WORKS } from './bulk.js';
import { savedViews } from './views.js';
import { param, params, set } from './router.js';
import { badge, empty, heading, html, nothing, number, Pages, redraw, ref, Source, table, time } from './ui.js';
import { words } from './words.js';

/** A word of the search as name, with the sign behind it, and value; how an id begins has no name. */
const split = (word) => {
  const [, name, value] = /^([^:<>]*(?::|[<>]))?(.*)$/s.exec(word);
  return [name ?? '', value];
};

const quoted = (word) => {
  const [name, value] = split(word);
  return name + (/\s/.test(value) ? `"${value}"` : value);
};

async function ask(key, after, signal) {
  const page = await get('/devices' + query({ ...JSON.parse(key), after, limit: 100 }), signal);
  const seen = page.devices.length
    ? await get('/presence' + query({ device: page.devices.map((one) => one.id) }), signal)
    : { presence: [] };
  const presence = new Map(seen.presence.map((one) => [one.device, one]));
  return { rows: page.devices.map((one) => ({ ...one, presence: presence.get(one.id) })), next: page.next };
}

const devices = new Pages(ask, 10000);

/** Another search, in the same columns and order. */
const to = (q, sort = param('sort')) => '/devices' + query({ q, sort, column: params('column') });

/** A heading by which the list is sorted: once more, and it is the other way round. */
function sorting(name, text) {
  const now = param('sort') || 'id';
  const sort = now === name ? 'ascending' : now === '-' + name ? 'descending' : '';
  return { text, sort, href: to(param('q'), sort === 'ascending' ? '-' + name : name) };
}

function search(event) {
  event.preventDefault();
  set({ q: new FormData(event.target).get('q').trim(), focus: '' });
}

/** How many of those that are searched for are of which kind. */
const facets = new Source((signal, text) => get('/facets/devices' + query({ q: text }), signal), 15000);

const FACETS = [['status', 'Status'], ['fleet', 'Fleet'], ['manufacturer', 'Manufacturer'], ['tag', 'Tag']];
const SHOWN = 8;
const CHIPS = [['is:online', 'online'], ['is:offline', 'offline'], ['is:never', 'never connected'], ['seen>7d', 'not seen for 7 days'], ['cert.expires<30d', 'certificate ends within 30 days'], ['renewal:overdue', 'renewal overdue']];

const focusing = (element) => {
  if (element && param('focus') === 'search') {
    queueMicrotask(() => {
      element.focus();
      set({ focus: '' }, true);
    });
  }
};

export function devicesView() {
  const text = param('q');
  const sort = param('sort');
  if (text !== searched) selected.clear();
  searched = text;
  devices.use(JSON.stringify({ q: text, sort }));
  const values = (format) => '/api/v1/export/devices' + query({ format, q: text, sort });
  return html`${heading('Devices', html`<a href="/bulk">bulk jobs</a><span class="push row">
      <a class="button" href=${values('csv')} download="devices.csv">CSV</a>
      <a class="button" href=${values('ndjson')} download="devices.ndjson">NDJSON</a></span>`)}
    <form class="search" role="search" @submit=${search}>
      <input type="search" name="q" aria-label="Search devices" .value=${text} placeholder="fleet:plant-a status:active seen<1h cert.expires<30d tag:site=berlin pump-" autocomplete="off" spellcheck="false" ${ref(focusing)}>
      <button>Search</button>
    </form>
    ${savedViews('/devices', text)}
    <p class="facets" role="group" aria-label="Connection">${CHIPS.map(([q, label]) => {
      const on = words(text).includes(q);
      return html`<a class="chip" href=${to(toggled(text, q))} aria-current=${on ? 'true' : nothing}>${label}</a>`;
    })}</p>
    ${devices.first.problem ? nothing : facets.use(text).shown((found) => facetLists(found, text), nothing)}
    ${columnChooser()}
    ${may('operator') ? bulkBar(text) : nothing}
    ${devices.shown((rows) => rows.length ? list(rows) : nobody(text))}`;
}

/** What was searched for when devices were selected. */
let searched = '';

/** Ids of devices that something is to be done to. */
const selected = new Set();

function select(id, on) {
  if (on) selected.add(id);
  else selected.delete(id);
  redraw();
}

/** What is to be done to those that are selected; to all that are found, as long as none is. */
function bulkBar(text) {
  const some = [...selected].sort();
  if (!some.length && !devices.rows.length) return nothing;
  const selection = some.length ? { ids: some } : { query: text ? { q: text } : {} };
  return html`<div class="bulk" role="group" aria-label="Change many">
    <span aria-live="polite">${some.length ? `${number(some.length)} selected` : text ? 'All that are found' : 'All devices'}:</span>
    ${Object.entries(WORKS).filter(([, work]) => may(work.role)).map(([name, work]) =>
      html`<button type="button" @click=${() => order(name, selection)}>${work.label}</button>`)}
    ${some.length ? html`<button type="button" class="quiet" @click=${() => { selected.clear(); redraw(); }}>Select none</button>` : nothing}
  </div>`;
}

const selectBox = (one) => may('operator')
  ? html`<input type="checkbox" class="select" aria-label=${`Select ${one.id}`} .checked=${selected.has(one.id)} @change=${(event) => select(one.id, event.target.checked)}>`
  : nothing;

/** Without what is of the same name, and with a word unless it was there: chosen again, it takes itself back. */
function toggled(text, chosen) {
  const all = words(text);
  const [name] = split(chosen);
  const others = all.filter((one) => one !== chosen && (name === 'tag:' || split(one)[0] !== name));
  return [...others, ...(all.includes(chosen) ? [] : [chosen])].map(quoted).join(' ');
}

const facetLists = (found, text) => html`<div class="facetlists">${FACETS.filter(([field]) => found[field].length).map(([field, title]) => html`<section aria-label=${title}><h2>${title}</h2><ul>${found[field].slice(0, SHOWN).map((one) => {
    const is = `${field}:${one.value}`;
    return html`<li><a href=${to(toggled(text, is))} aria-current=${words(text).includes(is) ? 'true' : nothing}>${one.value} <span class="count">${number(one.devices)}</span></a></li>`;
  })}${found[field].length > SHOWN ? html`<li class="muted">and ${number(found[field].length - SHOWN)} more</li>` : nothing}</ul></section>`)}</div>
  <p class="muted">${number(found.devices)} devices</p>`;

const nobody = (text) => text
  ? empty('No device is like that. A word by itself is how an id begins.', html`<a href=${to('')}>All devices</a>`)
  : empty('No device has come yet. Try a simulated one:', './muster simulate --devices 25');

/** What may stand in the list; those marked do unless somebody chooses otherwise. */
const COLUMNS = [
  ['connection', 'Connection', true, (one) => connection(one.presence)],
  ['status', 'Status', true, (one) => (one.status ? badge(one.status) : nothing)],
  ['fleet', 'Fleet', true, (one) => html`<a href=${to('fleet:' + one.fleet)}>${one.fleet}</a>`],
  ['manufacturer', 'Manufacturer, serial', true, (one) => (one.manufacturer ? `${one.manufacturer}, ${one.serial}` : nothing)],
  ['ends', 'Certificate ends', true, (one) => (one.status ? ending(one) : nothing)],
  ['certificate', 'Certificate', false, (one) => (one.certificateSerial ? html`<code>${one.certificateSerial}</code>` : nothing)],
  ['enrolled', 'Enrolled', false, (one) => (one.status ? time(one.enrolledAt) : nothing)],
  ['reason', 'Why on or off', false, (one) => one.presence?.reason ?? nothing],
];

const chosenColumns = () => {
  const named = params('column');
  return COLUMNS.filter(([name, , usual]) => (named.length ? named.includes(name) : usual));
};

function chooseColumn(name, on) {
  const names = chosenColumns().map(([one]) => one).filter((one) => one !== name);
  if (on) names.push(name);
  const usual = COLUMNS.filter(([, , one]) => one).map(([one]) => one);
  const same = names.length === usual.length && usual.every((one) => names.includes(one));
  // An empty list would be the usual one again: with no other column, the id is left by itself.
  set({ column: same ? [] : names.length ? names : ['id'] }, true);
}

const columnChooser = () => html`<details class="columns"><summary>Columns</summary><div role="group" aria-label="Columns">${COLUMNS.map(([name, title]) =>
  html`<label class="check"><input type="checkbox" .checked=${chosenColumns().some(([one]) => one === name)} @change=${(event) => chooseColumn(name, event.target.checked)}>${title}</label>`)}</div></details>`;

const SORTED = { connection: 'seen', ends: 'ends' };

const list = (rows) => table('Devices', [sorting('id', 'Device'), ...chosenColumns().map(([name, title]) => SORTED[name] ? sorting(SORTED[name], title) : title)], rows.map((one) => [
  html`${selectBox(one)}<a href=${'/devices/' + part(one.id)}>${one.id}</a>`,
  ...chosenColumns().map(([, , , cell]) => cell(one)),
]), rows.map((one) => one.id));

const connection = (presence) => presence
  ? html`${badge(presence.state)} <span class="muted">${time(presence.since)}</span>`
  : html`<span class="muted">never</span>`;

const ending = (one) => !one.notAfter
  ? html`<span class="muted">none</span>`
  : html`${time(one.notAfter)}${one.certificateStatus === 'active' ? nothing : html` ${badge(one.certificateStatus)}`}`;
