// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, query } from './api.js';
import { certificateTable } from './device.js';
import { param } from './router.js';
import { badge, heading, html, Pages, Source, table, tabs, time } from './ui.js';

const DAY = 86400000;

const certificates = new Pages(async (key, after, signal) => {
  const { days, status } = JSON.parse(key);
  const endsBefore = days === '' ? '' : new Date(Date.now() + Number(days) * DAY).toISOString();
  const page = await get('/certificates' + query({ endsBefore, status, after, limit: 100 }), signal);
  return { rows: page.certificates, next: page.next };
}, 15000);

const authorities = new Source((signal) => get('/authorities', signal), 15000);

const LISTS = [
  ['', '', '', 'All'],
  ['0', '0', '', 'Ended'],
  ['7', '7', '', 'Ending in 7 days'],
  ['30', '30', '', 'in 30 days'],
  ['90', '90', '', 'in 90 days'],
  ['revoked', '', 'revoked', 'Revoked'],
  ['held', '', 'held', 'Held'],
  ['cas', '', '', 'CAs'],
];

export function certificatesView() {
  const chosen = param('list') || param('status') || param('days');
  const [name, days, status] = LISTS.find(([one]) => one === chosen) ?? LISTS[0];
  return html`${heading('Certificates')}
    ${tabs('Certificates', name, LISTS.map(([one, inDays, of, text]) => [one, '/certificates' + query({ list: one === 'cas' ? one : '', days: inDays, status: of }), text]))}
    ${name === 'cas' ? authorities.use().shown(cas)
      : html`<p class="muted">${days ? 'Devices whose newest live certificate ends by then: they will have none. A device renews by itself well before; one that is listed here is worth a look.' : ''}</p>
        ${certificates.use(JSON.stringify({ days, status })).shown((rows) => certificateTable(rows, () => certificates.refresh()))}`}`;
}

const cas = (page) => table('CAs', ['CA', 'Kind', 'State', 'Since', 'Ends', 'Subject'], page.authorities.map((one) => [
  one.id, one.kind, badge(one.state), time(one.since), time(one.notAfter), one.subject,
]));
