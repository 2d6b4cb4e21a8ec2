// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, part, query } from './api.js';
import { param, set } from './router.js';
import { badge, empty, failure, heading, html, nothing, Source } from './ui.js';

const ACTS = ['publish', 'subscribe', 'receive', 'will'];

const answer = new Source((signal, key) => {
  const { client, act, topic } = JSON.parse(key);
  return get(`/sessions/${part(client)}/explain` + query({ [act]: topic }), signal);
});

export function policyView() {
  const client = param('client');
  const topic = param('topic');
  const act = ACTS.includes(param('act')) ? param('act') : ACTS[0];
  const asking = client && topic;
  if (asking) answer.use(JSON.stringify({ client, act, topic }));
  return html`${heading('Policy')}
    <p class="muted">May a client that is connected do this, and which rule decides? What was refused stands with each device, under Refused.</p>
    <form class="panel row" @submit=${(event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      set({ client: form.get('client').trim(), act: form.get('act'), topic: form.get('topic').trim() });
    }}>
      <label>Client id<input name="client" required .value=${client} spellcheck="false" autocomplete="off"></label>
      <label>wants to<select name="act">${ACTS.map((one) => html`<option ?selected=${one === act}>${one}</option>`)}</select></label>
      <label>Topic<input name="topic" required .value=${topic} size="40" spellcheck="false" autocomplete="off"></label>
      <button class="main">Explain</button>
    </form>
    ${!asking ? nothing : answer.problem && !answer.data ? failure(answer.problem) : answer.shown(verdict)}
    ${asking ? nothing : empty('The file itself is checked by the command line:', './muster policy check muster-data/policy.yaml')}`;
}

const verdict = (one) => html`<section class="panel" aria-live="polite">
  <h2>${one.allowed ? badge('allowed', 'good') : badge('refused', 'bad')} by ${one.rule}</h2>
  <p>${one.detail}</p>
  <p class="muted">${one.subject}, ${one.issuer} CA, roles: ${one.roles.join(', ') || 'none'}</p>
</section>`;
