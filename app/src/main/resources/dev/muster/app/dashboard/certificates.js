// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, may, part, post, query } from './api.js';
import { certificateTable } from './device.js';
import { param } from './router.js';
import { ask, badge, empty, heading, html, nothing, number, Pages, say, Source, table, tabs, time } from './ui.js';

const DAY = 86400000;

const certificates = new Pages(async (key, after, signal) => {
  const { days, status } = JSON.parse(key);
  const endsBefore = days === '' ? '' : new Date(Date.now() + Number(days) * DAY).toISOString();
  const page = await get('/certificates' + query({ endsBefore, status, after, limit: 100 }), signal);
  return { rows: page.certificates, next: page.next };
}, 15000);

/** Devices that should have renewed by now: usual is well before. */
const overdue = new Pages(async (key, after, signal) => {
  const page = await get('/devices' + query({ renewal: 'overdue', sort: 'ends', after, limit: 100 }), signal);
  return { rows: page.devices, next: page.next };
}, 15000);

const authorities = new Source((signal) => get('/authorities', signal), 15000);

const LISTS = [
  ['', '', '', 'All'],
  ['0', '0', '', 'Ended'],
  ['7', '7', '', 'Ending in 7 days'],
  ['30', '30', '', 'in 30 days'],
  ['90', '90', '', 'in 90 days'],
  ['overdue', '', '', 'Renewal overdue'],
  ['revoked', '', 'revoked', 'Revoked'],
  ['held', '', 'held', 'Held'],
  ['cas', '', '', 'CAs'],
];

export function certificatesView() {
  const chosen = param('list') || param('status') || param('days');
  const [name, days, status] = LISTS.find(([one]) => one === chosen) ?? LISTS[0];
  return html`${heading('Certificates')}
    ${tabs('Certificates', name, LISTS.map(([one, inDays, of, text]) => [one, '/certificates' + query({ list: LISTS_APART[one] ? one : '', days: inDays, status: of }), text]))}
    ${LISTS_APART[name] ? LISTS_APART[name]()
      : html`<p class="muted">${days ? 'Devices whose newest live certificate ends by then: they will have none. A device renews by itself well before; one that is listed here is worth a look.' : ''}</p>
        ${certificates.use(JSON.stringify({ days, status })).shown((rows) => certificateTable(rows, () => certificates.refresh()))}`}`;
}

const overdueTable = (rows) => rows.length
  ? html`<p class="muted">Devices that have not renewed in the time for it: offline, refused, or with a clock that is wrong. <a href="/devices?q=renewal:overdue">Search among them</a></p>
    ${table('Renewals overdue', ['Device', 'Fleet', 'Was to renew by', 'Certificate ends', 'Certificate'], rows.map((one) => [
      html`<a href=${'/devices/' + part(one.id)}>${one.id}</a>`,
      one.fleet,
      time(one.renewBy),
      time(one.notAfter),
      html`<code>${one.certificateSerial}</code>`,
    ]))}`
  : empty('None: each device has renewed in time. What ends next:', html`<a href="/certificates?days=30">Certificates that end in 30 days</a>`);

/** What each state means for whoever waits for the next. */
const STATES = {
  prepared: (one) => html`known to all, signs from ${time(one.activeFrom, 'local')}`,
  active: () => 'signs',
  retiring: () => 'signs nothing new; what it has signed is good',
  compromised: () => 'nothing that it has signed is good',
  ended: () => 'all that it has signed has ended',
};

const TONES = { active: 'good', prepared: 'warn', retiring: 'plain', compromised: 'bad', ended: 'plain' };

const cas = (page) => html`<p class="muted">A CA is followed by the next long before it ends, by itself. CRLs are made anew well before the next is due.</p>
  ${table('CAs', ['CA', 'State', 'Since', 'Ends', 'CRL', 'CRL made', 'Next CRL due', 'Act'], page.authorities.map((one) => [
    html`${one.id} <span class="muted">${one.kind} · ${one.subject}</span>`,
    html`${badge(one.state, TONES[one.state])} <span class="muted">${STATES[one.state]?.(one) ?? ''}</span>`,
    time(one.since),
    time(one.notAfter),
    one.crl ? html`${number(one.crl.entries)} revoked <span class="muted">no ${String(one.crl.number)}</span>` : html`<span class="muted">none</span>`,
    one.crl ? time(one.crl.thisUpdate) : nothing,
    one.crl ? html`${time(one.crl.nextUpdate)}${Date.parse(one.crl.nextUpdate) < Date.now() ? html` ${badge('overdue', 'bad')}` : nothing}` : nothing,
    one.state === 'active' && may('officer') && !page.authorities.some((other) => other.kind === one.kind && other.state === 'prepared')
      ? html`<button type="button" class="quiet" aria-label=${`Roll over ${one.id}`} @click=${() => rollOver(one)}>Roll over…</button>` : nothing,
  ]))}`;

/** Lists that are not of certificates by their end or status. */
const LISTS_APART = { overdue: () => overdue.use('').shown(overdueTable), cas: () => authorities.use().shown(cas) };

const rollOver = (one) => ask({
  title: `Make the CA that follows ${one.id}`,
  text: html`<p>It is made known to all, and signs after its lead time; until then ${one.id} goes on. What ${one.id} has signed stays good. If its key is in other hands, use the command line:</p>
    <p><code>./muster admin authorities roll-over ${one.id} --emergency --reason keyCompromise</code></p>`,
  typed: one.id,
  label: 'Roll over',
  run: async () => {
    await post(`/authorities/${part(one.kind)}/roll-over`);
    authorities.refresh();
    say('The next CA is made');
  },
});
