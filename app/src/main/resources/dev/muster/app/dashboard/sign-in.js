// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, post, setUp, signIn, signInByCertificate } from './api.js';
import { go, param } from './router.js';
import { failure, html, nothing, redraw, skeleton, Source } from './ui.js';

let problem = null;
let busy = false;

async function attempt(event, what) {
  event.preventDefault();
  if (busy) return;
  const form = event.target instanceof HTMLFormElement ? event.target : undefined;
  busy = true;
  problem = null;
  redraw();
  try {
    await what(new FormData(form));
  } catch (refusal) {
    problem = refusal;
  }
  busy = false;
  redraw();
}

/** Only a path of our own: an address in a link must not lead elsewhere. */
export function next() {
  const wanted = param('next');
  return /^\/(?![/\\])/.test(wanted) ? wanted : '/';
}

/** How one may sign in besides with a password; asked for once. */
const ways = new Source((signal) => get('/access/ways', signal));

const REFUSED = {
  group: 'You are known, but none of your groups may do anything here. Ask an admin of this server.',
  provider: 'Signing in there did not work. Try again; if it does not help, the log of this server says why.',
  over: 'That took too long, or was begun in another browser. Try again.',
};

/** Plain links: the way to the provider leads out of this page. */
const otherWays = (found) => html`
  ${found.provider ? html`<p><a class="button" href="/provider" target="_self">Sign in with ${found.provider}</a></p>` : nothing}
  ${found.certificate ? html`<p><button type="button" ?disabled=${busy} @click=${(event) => attempt(event, () => signInByCertificate())}>Sign in with a certificate</button></p>` : nothing}`;

export const signInView = () => html`<main class="alone">
  <div class="brand">Muster</div>
  <h1 tabindex="-1">Sign in</h1>
  <form @submit=${(event) => attempt(event, async (form) => {
    await signIn(form.get('name').trim(), form.get('password'));
  })}>
    <label>Name<input name="name" autocomplete="username" autocapitalize="none" required autofocus></label>
    <label>Password<input name="password" type="password" autocomplete="current-password" required></label>
    ${problem ? failure(problem) : nothing}
    <button class="main" ?disabled=${busy}>Sign in</button>
  </form>
  ${Object.hasOwn(REFUSED, param('refused')) ? html`<div class="notice bad" role="alert">${REFUSED[param('refused')]}</div>` : nothing}
  ${ways.use().shown(otherWays, nothing)}
  <p class="muted">Forgotten? An admin makes you a new link, or who owns the server does:</p>
  <code class="block">./muster admin operators link NAME</code>
</main>`;

let link = null;
let invited;

async function look(secret) {
  link = secret;
  invited = undefined;
  try {
    invited = await post('/access/setup', { link: secret });
  } catch (refusal) {
    problem = refusal;
    invited = null;
  }
  redraw();
}

export function setUpView() {
  const secret = location.hash.slice(1);
  if (secret !== link) look(secret);
  return html`<main class="alone">
    <div class="brand">Muster</div>
    <h1 tabindex="-1">${invited?.operator ? 'Choose a password' : 'The first operator'}</h1>
    ${invited === undefined ? skeleton(3) : nothing}
    ${invited ? setUpForm(secret) : nothing}
    ${problem ? failure(problem) : nothing}
  </main>`;
}

const setUpForm = (secret) => html`
  <p>${invited.operator
    ? html`For operator <strong>${invited.operator}</strong>. This link works once.`
    : 'You will be an admin: you let the other operators in. This link works once.'}</p>
  <form @submit=${(event) => attempt(event, async (form) => {
    if (form.get('password') !== form.get('again')) throw new Error('The two passwords differ.');
    await setUp(secret, form.get('name'), form.get('password'));
    go('/');
  })}>
    ${invited.operator ? html`<input type="hidden" name="name" autocomplete="username" .value=${invited.operator}>`
      : html`<label>Name<input name="name" autocomplete="username" autocapitalize="none" required pattern="[a-z0-9][a-z0-9._\\-]*" maxlength="32" autofocus aria-describedby="name-rule"></label>
        <p class="rule" id="name-rule">Small letters, digits, dots, dashes.</p>`}
    <label>Password<input name="password" type="password" autocomplete="new-password" minlength="12" required aria-describedby="password-rule"></label>
    <p class="rule" id="password-rule">At least 12 characters. A few words are easier to keep than signs.</p>
    <label>Once more<input name="again" type="password" autocomplete="new-password" required></label>
    <button class="main" ?disabled=${busy}>Begin</button>
  </form>`;
