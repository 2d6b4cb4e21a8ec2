// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, query } from './api.js';
import { auditTable } from './device.js';
import { param, set } from './router.js';
import { heading, html, Pages } from './ui.js';

/** An entry of the audit log: its text is JSON, because its hash is of those bytes. */
function entry(one) {
  try {
    return { ...JSON.parse(one.text), hash: one.hash };
  } catch {
    return { seq: one.seq, action: one.text, details: {} };
  }
}

const entries = new Pages(async (key, after, signal) => {
  const { object } = JSON.parse(key);
  const page = await get('/audit' + query({ object, order: object ? '' : 'newest', after, limit: 100 }), signal);
  return { rows: page.entries.map(entry), next: page.next };
}, 10000);

export function auditView() {
  const object = param('object');
  entries.use(JSON.stringify({ object }));
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
