// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, may, part, post, query } from './api.js';
import { param } from './router.js';
import { act, ask, badge, empty, heading, html, nothing, Pages, say, Source, table, tabs, time } from './ui.js';

const waiting = new Pages(async (key, after, signal) => {
  const page = await get('/waiting' + query({ after, limit: 100 }), signal);
  return { rows: page.waiting, next: page.next };
}, 5000);

const manufacturers = new Source((signal) => get('/manufacturers', signal), 10000);
const keyAlarms = new Source((signal) => get('/alarms', signal), 5000);
const sessionAlarms = new Source((signal) => get('/sessions/alarms', signal), 5000);

export function enrollmentView() {
  const tab = TABS[param('tab')] ? param('tab') : '';
  waiting.use('');
  keyAlarms.use();
  sessionAlarms.use();
  const raised = (keyAlarms.data?.alarms.length ?? 0) + (sessionAlarms.data?.alarms.length ?? 0);
  return html`${heading('Enrollment')}
    ${tabs('Enrollment', tab, [
      ['', '/enrollment', 'Waiting', waiting.rows.length],
      ['manufacturers', '/enrollment?tab=manufacturers', 'Manufacturers'],
      ['alarms', '/enrollment?tab=alarms', 'Alarms', raised],
    ])}
    ${TABS[tab]()}`;
}

function waitingTab() {
  return waiting.shown((rows) => rows.length
    ? table('Waiting devices', ['Device', 'Why it waits', 'Since', 'Last asked', 'Key', 'Decide'], rows.map((one) => [
        html`<a href=${'/devices/' + part(one.device)}>${one.device}</a> <span class="muted">${one.manufacturer}, ${one.serial}</span>`,
        html`${one.reason}${one.status === 'active' ? html` ${badge('has a certificate', 'warn')}` : nothing}`,
        time(one.since),
        time(one.lastSeen),
        html`<code title=${one.key}>${one.key.slice(0, 16)}…</code>`,
        may('operator') ? html`<button type="button" aria-label=${`Approve ${one.device}`} @click=${() => decide(one, 'approve')}>Approve</button>
          <button type="button" aria-label=${`Refuse ${one.device}`} @click=${() => refuse(one)}>Refuse…</button>` : nothing,
      ]))
    : empty('Nobody waits. Devices of a manufacturer with manual admission wait here until somebody decides:', './muster admin manufacturers policy acme --admission manual'));
}

const decide = (one, what) => act(async () => {
  await post(`/devices/${part(one.device)}/${what}`, { key: one.key });
  say(what === 'approve' ? `${one.device} is let in when it asks again` : `${one.device} is refused`);
  waiting.refresh();
});

const refuse = (one) => ask({
  title: 'Refuse a device',
  text: html`<p><strong>${one.device}</strong>, serial ${one.serial} of ${one.manufacturer}. It is told no when it asks again.</p>`,
  label: 'Refuse',
  run: () => decide(one, 'refuse'),
});

const manufacturersTab = () => manufacturers.use().shown((page) => page.manufacturers.length
  ? table('Manufacturers', ['Manufacturer', 'Admission', 'Fleet', 'CAs', 'Claim token'], page.manufacturers.map((one) => [
      one.name,
      badge(one.status === 'disabled' ? 'disabled' : one.admission, one.status === 'disabled' ? 'bad' : 'plain'),
      one.fleet ?? html`<span class="muted">as configured</span>`,
      html`${(one.cas ?? []).map((ca) => html`${badge(ca.status, ca.status === 'enabled' ? 'good' : 'warn')} `)}`,
      one.claimRequired ? 'needed' : 'no',
    ]))
  : empty('Nobody\'s devices are let in yet.', './muster admin manufacturers add acme --ca acme-ca.pem'));

function alarmsTab() {
  const rows = [
    ...(keyAlarms.data?.alarms ?? []).map((one) => ({ ...one, path: `/alarms/${one.id}`, who: one.device, at: one.raisedAt })),
    ...(sessionAlarms.data?.alarms ?? []).map((one) => ({ ...one, path: `/sessions/alarms/${one.id}`, who: one.client, at: one.lastAt })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  return keyAlarms.shown(() => rows.length
    ? table('Alarms', ['Device', 'Kind', 'What', 'Last', 'Act'], rows.map((one) => [
        html`<a href=${'/devices/' + part(one.who)}>${one.who}</a>`,
        badge(one.kind, 'bad'),
        html`${one.detail}${one.addresses ? html` <span class="muted">${one.addresses.join(', ')}</span>` : nothing}`,
        time(one.at),
        may('operator') ? html`<button type="button" aria-label=${`Acknowledge ${one.who}`} @click=${() => acknowledge(one)}>Acknowledge</button>` : nothing,
      ]))
    : empty('No alarm. Two devices with one identity, or a connection that comes and goes, would stand here.'));
}

const acknowledge = (one) => act(async () => {
  await post(one.path + '/acknowledge');
  keyAlarms.refresh();
  sessionAlarms.refresh();
  say('Acknowledged');
});

const TABS = { '': waitingTab, manufacturers: manufacturersTab, alarms: alarmsTab };
