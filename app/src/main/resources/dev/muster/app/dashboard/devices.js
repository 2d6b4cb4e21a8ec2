// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, part, query } from './api.js';
import { param, set } from './router.js';
import { badge, empty, heading, html, nothing, Pages, ref, table, time } from './ui.js';

const FIELDS = ['fleet', 'status', 'group', 'tag'];

/** `status:active fleet:a tag:site=berlin pump-` as what the API asks for. */
export function parse(text) {
  const filter = { prefix: '', is: '', fleet: '', status: '', group: '', tag: [], unknown: '' };
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const at = word.indexOf(':');
    const name = word.slice(0, at);
    if (at < 0) filter.prefix = word.toLowerCase();
    else if (name === 'tag') filter.tag.push(word.slice(at + 1));
    else if (name === 'is' || FIELDS.includes(name)) filter[name] = word.slice(at + 1);
    else filter.unknown = name;
  }
  return filter;
}

async function ask(text, after, signal) {
  const { is, unknown, ...filter } = parse(text);
  if (unknown) throw new Error(`${unknown}: not known (expected: fleet, status, group, tag, is, or how an id begins)`);
  if (is) {
    const page = await get('/presence' + query({ state: is, after, limit: 100 }), signal);
    return { rows: page.presence.map((one) => ({ id: one.device, fleet: one.fleet, presence: one })), next: page.next };
  }
  const page = await get('/devices' + query({ ...filter, after, limit: 100 }), signal);
  const seen = page.devices.length
    ? await get('/presence' + query({ device: page.devices.map((one) => one.id) }), signal)
    : { presence: [] };
  const presence = new Map(seen.presence.map((one) => [one.device, one]));
  return { rows: page.devices.map((one) => ({ ...one, presence: presence.get(one.id) })), next: page.next };
}

const devices = new Pages(ask, 10000);

function search(event) {
  event.preventDefault();
  set({ q: new FormData(event.target).get('q').trim(), focus: '' });
}

const FACETS = [
  ['online', 'is:online'],
  ['offline', 'is:offline'],
  ['active', 'status:active'],
  ['pending', 'status:pending'],
  ['refused', 'status:refused'],
  ['retired', 'status:retired'],
];

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
  devices.use(text);
  return html`${heading('Devices')}
    <form class="search" role="search" @submit=${search}>
      <input type="search" name="q" aria-label="Search devices" .value=${text} placeholder="fleet:plant-a status:active tag:site=berlin pump-" autocomplete="off" spellcheck="false" ${ref(focusing)}>
      <button>Search</button>
    </form>
    <p class="facets">${FACETS.map(([name, q]) => html`<a class="chip" href=${'/devices' + (q === text ? '' : query({ q }))} aria-current=${q === text ? 'true' : nothing}>${name}</a>`)}</p>
    ${devices.shown((rows) => rows.length ? list(rows) : nobody(text))}`;
}

const nobody = (text) => text
  ? empty('No device is like that. A word without a colon is how an id begins.')
  : empty('No device has come yet. Try a simulated one:', './muster simulate --devices 25');

const list = (rows) => table('Devices', ['Device', 'Connection', 'Status', 'Fleet', 'Manufacturer, serial', 'Certificate ends'], rows.map((one) => [
  html`<a href=${'/devices/' + part(one.id)}>${one.id}</a>`,
  connection(one.presence),
  one.status ? badge(one.status) : nothing,
  html`<a href=${'/devices' + query({ q: 'fleet:' + one.fleet })}>${one.fleet}</a>`,
  one.manufacturer ? `${one.manufacturer}, ${one.serial}` : nothing,
  one.status ? ending(one) : nothing,
]));

const connection = (presence) => presence
  ? html`${badge(presence.state)} <span class="muted">${time(presence.since)}</span>`
  : html`<span class="muted">never</span>`;

const ending = (one) => !one.notAfter
  ? html`<span class="muted">none</span>`
  : html`${time(one.notAfter)}${one.certificateStatus === 'active' ? nothing : html` ${badge(one.certificateStatus)}`}`;
