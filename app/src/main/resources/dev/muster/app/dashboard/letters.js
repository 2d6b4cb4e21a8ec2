// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, may, part, post, query } from './api.js';
import { param, set } from './router.js';
import { act, ask, empty, heading, html, nothing, number, Pages, say, table, time } from './ui.js';

const letters = new Pages(async (device, after, signal) => {
  const page = await get('/dead-letters' + query({ device, after, limit: 100 }), signal);
  return { rows: page.deadLetters, next: page.next };
}, 5000);

export function lettersView() {
  const device = param('device');
  letters.use(device);
  return html`${heading('Dead letters')}
    <p class="muted">Messages that were acknowledged and could not be read: kept, to be looked at and read anew.</p>
    <form class="search" role="search" @submit=${(event) => {
      event.preventDefault();
      set({ device: new FormData(event.target).get('device').trim() });
    }}>
      <input type="search" name="device" aria-label="Device" .value=${device} placeholder="device" autocomplete="off" spellcheck="false">
      <button>Search</button>
    </form>
    <p class="facets"></p>
    ${letters.shown((rows) => rows.length ? list(rows) : empty(device ? `None of ${device}: every message could be read.` : 'None: every message could be read.', device ? html`<a href="/dead-letters">Those of all devices</a>` : html`<a href="/telemetry">What came</a>`))}`;
}

const list = (rows) => table('Dead letters', ['No', 'Device', 'Stream', 'Why', 'Received', 'Bytes', 'Act'], rows.map((one) => [
  html`<button type="button" class="quiet" @click=${() => show(one)}>${one.id}</button>`,
  html`<a href=${'/devices/' + part(one.device)}>${one.device}</a>`,
  one.stream,
  html`${one.reason}${one.due ? html` <span class="muted">read anew ${time(one.due)}</span>` : nothing}`,
  time(one.receivedAt),
  html`<span class="word">${number(one.bytes)}</span>`,
  may('operator') ? html`<button type="button" class="quiet" aria-label=${`Replay ${one.id}`} @click=${() => replay(one)}>Replay</button>
    <button type="button" class="quiet" aria-label=${`Discard ${one.id}`} @click=${() => discard(one)}>Discard…</button>` : nothing,
]), rows.map((one) => one.id));

const show = (one) => act(async () => {
  const whole = await get(`/dead-letters/${one.id}`);
  ask({
    title: `Dead letter ${one.id}`,
    text: html`<p>${whole.reason}</p><pre tabindex="0">${whole.payloadText ?? whole.payloadHex}</pre>`,
    label: may('operator') ? 'Replay' : 'Look again',
    run: async () => { if (may('operator')) await replay(one); },
  });
});

const replay = (one) => act(async () => {
  const done = await post(`/dead-letters/${one.id}/replay`);
  say(done.reason ? `It stays: ${done.reason}` : `Stored: ${done.outcome}`);
  letters.refresh();
});

const discard = (one) => ask({
  title: `Discard dead letter ${one.id}`,
  text: html`<p>Of ${one.device}, ${number(one.bytes)} bytes. It is gone for good.</p>`,
  label: 'Discard',
  run: async () => {
    await post(`/dead-letters/${one.id}/discard`);
    letters.refresh();
    say('Discarded');
  },
});
