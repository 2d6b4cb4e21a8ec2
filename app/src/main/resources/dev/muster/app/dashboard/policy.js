// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, may, part, post, query } from './api.js';
import { param, set } from './router.js';
import { badge, empty, failure, heading, html, nothing, number, redraw, Source, table, tabs } from './ui.js';

const ACTS = ['publish', 'subscribe', 'receive', 'will'];

const answer = new Source((signal, key) => {
  const { client, act, topic } = JSON.parse(key);
  return get(`/sessions/${part(client)}/explain` + query({ [act]: topic }), signal);
}, 5000);

const inForce = new Source((signal) => get('/policy', signal), 15000);

export function policyView() {
  const tab = param('tab') === 'file' ? 'file' : '';
  return html`${heading('Policy')}
    ${tabs('Policy', tab, [['', '/policy', 'Explain'], ['file', '/policy?tab=file', 'File and preview']])}
    ${tab ? fileTab() : explainTab()}`;
}

function explainTab() {
  const client = param('client');
  const topic = param('topic');
  const act = ACTS.includes(param('act')) ? param('act') : ACTS[0];
  const asking = client && topic;
  if (asking) answer.use(JSON.stringify({ client, act, topic }));
  return html`<p class="muted">May a client that is connected do this, and which rule decides? What was refused stands with each device, under Rights.</p>
    <form class="panel row" @submit=${(event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      set({ client: form.get('client').trim(), act: form.get('act'), topic: form.get('topic').trim() });
      if (answer.key && !answer.running) answer.refresh();
    }}>
      <label>Client id<input name="client" required .value=${client} spellcheck="false" autocomplete="off"></label>
      <label>wants to<select name="act">${ACTS.map((one) => html`<option ?selected=${one === act}>${one}</option>`)}</select></label>
      <label>Topic<input name="topic" required .value=${topic} size="40" spellcheck="false" autocomplete="off"></label>
      <button class="main">Explain</button>
    </form>
    ${!asking ? nothing : answer.problem && !answer.data ? failure(answer.problem) : answer.shown(verdict)}
    ${asking ? nothing : empty('Of somebody who has not come yet, the command line tells:', './muster policy explain --subject CN=pump-7,O=plant-a,OU=device --publish fleets/plant-a/devices/pump-7/telemetry/flow')}`;
}

const verdict = (one) => html`<section class="panel" aria-live="polite">
  <h2>${one.allowed ? badge('allowed', 'good') : badge('refused', 'bad')} by ${one.rule}</h2>
  <p>${one.detail}</p>
  <p class="muted">${one.subject}, ${one.issuer} CA, roles: ${one.roles.join(', ') || 'none'}</p>
</section>`;

/** What came of the last preview. */
let asked = null;

/** What somebody is writing, and the text in force that it was begun from; kept until he goes back to that. */
let draft = null;

const fileTab = () => inForce.use().shown((now) => html`
  ${now.problem ? html`<p class="notice bad" role="alert">The file is not followed: ${now.problem}</p>` : nothing}
  <p class="muted">In force, from <code>${now.file}</code>, with the roles ${now.roles.join(', ')}. Change it here to see who would lose what; nothing is changed by that. What is saved in the file is followed within seconds.</p>
  ${draft && draft.base !== now.text ? html`<p class="notice" role="status">The file has changed since you began. What you see is your text.</p>` : nothing}
  ${may('operator') ? html`<form @submit=${preview}>
      <label>Policy<textarea class="file" name="policy" spellcheck="false" .value=${draft?.text ?? now.text} @input=${(event) => (draft = { base: now.text, ...draft, text: event.target.value })}></textarea></label>
      <div class="row"><button class="main" ?disabled=${asked?.busy}>Check and preview</button>
        <button type="button" @click=${(event) => {
          event.target.form.elements.policy.value = now.text;
          asked = null;
          draft = null;
          redraw();
        }}>Back to what is in force</button></div>
    </form>` : html`<pre tabindex="0">${now.text}</pre>`}
  ${asked?.problem ? failure(asked.problem) : nothing}
  ${asked?.found ? consequences(asked.found) : nothing}`);

async function preview(event) {
  event.preventDefault();
  const asking = { busy: true };
  asked = asking;
  redraw();
  let answered;
  try {
    answered = { found: await post('/policy/preview', { policy: event.target.elements.policy.value }) };
  } catch (problem) {
    answered = { problem };
  }
  if (asked === asking) asked = answered;
  redraw();
}

const consequences = (found) => html`<section class="panel" aria-live="polite"><h2>What it would do</h2>
  ${!found.good ? html`<p>${badge('no policy', 'bad')} It cannot be understood, and would not be followed:</p><ul>${found.problems.map((problem) => html`<li>${problem}</li>`)}</ul>`
    : html`<p>${found.losses.length ? badge('takes something away', 'warn') : badge('takes nothing away', 'good')}
        <span class="muted">${number(found.clients)} clients looked at: devices that were ever connected, and programs that are; limits are not compared</span></p>
      ${found.losses.length ? losses(found.losses) : nothing}
      ${found.moreLosses ? html`<p>and ${number(found.moreLosses)} more</p>` : nothing}
      ${found.subscriptions.length ? html`<p>${number(found.subscriptions.length)} subscriptions of those connected would end at once: ${found.subscriptions.slice(0, 20).map((one) => html`<code>${one.filter}</code> of ${one.client} `)}</p>` : nothing}`}
</section>`;

const losses = (all) => table('Losses', ['Clients', 'Lose', 'What', 'By which rule now', 'Why'], all.map((one) => [
  html`<strong>${number(one.clients)}</strong> <span class="muted">${one.sample.slice(0, 5).map((name) => html`<a href=${'/devices/' + part(name)}>${name}</a> `)}${one.clients > 5 ? '…' : ''}</span>`,
  one.act,
  one.topic ? html`<code>${one.topic}</code>` : 'everything',
  one.rule,
  one.reason,
]));
