// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, query } from './api.js';
import { about, auditTable } from './device.js';
import { param, set } from './router.js';
import { empty, heading, html, Pages, table, time } from './ui.js';

/** An entry of the audit log: its text is JSON, because its hash is of those bytes. */
function entry(one) {
  try {
    return { ...JSON.parse(one.text), hash: one.hash };
  } catch {
    return { seq: one.seq, action: one.text, details: {} };
  }
}

/** Entries about an object, of an action, or all. */
const entriesOf = () => new Pages(async (key, after, signal) => {
  const { object, action } = JSON.parse(key);
  const page = await get('/audit' + query({ object, action, order: object || action ? '' : 'newest', after, limit: 100 }), signal);
  return { rows: page.entries.map(entry), next: page.next };
}, 10000);

const entries = entriesOf();
const refused = entriesOf();
const keyOf = (object, action) => JSON.stringify({ object, action });

/** To whom the enrollment server has said no, and why: by a rule, the hook, or as an operator had decided. */
export const refusals = () => refused.use(keyOf('', 'enrollment.refused')).shown((rows) => rows.length
  ? table('Requests that were refused', ['When', 'Who asked', 'Reason', 'About'], rows.map((one) => [
      time(one.at),
      html`${one.actor} <span class="muted word">${one.from}</span>`,
      one.details?.reason,
      about(one.object),
    ]))
  : empty('No request was refused yet. What else was done, stands in the log:', html`<a href="/audit">Audit</a>`));

export function auditView() {
  const object = param('object');
  entries.use(keyOf(object, ''));
  return html`${heading('Audit')}
    <form class="search" role="search" @submit=${(event) => {
      event.preventDefault();
      set({ object: new FormData(event.target).get('object').trim() });
    }}>
      <input type="search" name="object" aria-label="About" .value=${object} placeholder="device:acme-sn1, certificate:SERIAL, operator:NAME" autocomplete="off" spellcheck="false">
      <button>Search</button>
    </form>
    <p class="facets muted">${object ? 'Oldest first.' : 'Newest first.'} Each entry holds the hash of the one before: <code>./muster admin audit verify</code> proves the chain.</p>
    ${entries.shown(auditTable)}`;
}
