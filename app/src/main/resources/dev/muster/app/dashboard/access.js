// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, limited, may, me, part, post, remove, seen } from './api.js';
import { param } from './router.js';
import { act, ask, badge, copyable, empty, heading, html, nothing, say, Source, table, tabs, tell, time } from './ui.js';

const sessions = new Source((signal) => get('/access/sessions', signal), 5000);
const tokens = new Source((signal) => get('/access/tokens', signal), 10000);
const operators = new Source((signal) => get('/access/operators', signal), 10000);

const ROLES = ['viewer', 'operator', 'officer', 'admin'];

export function accessView() {
  const tab = TABS[param('tab')] && (param('tab') !== 'operators' || may('admin') && !limited()) ? param('tab') : '';
  return html`${heading('Access', html`<button type="button" @click=${changePassword}>Change my password…</button>`)}
    ${tabs('Access', tab, [
      ['', '/access', 'Sessions'],
      ['tokens', '/access?tab=tokens', 'API tokens'],
      ...(may('admin') && !limited() ? [['operators', '/access?tab=operators', 'Operators']] : []),
    ])}
    ${TABS[tab]()}`;
}

const role = (most = 'admin', chosen = 'viewer') => html`<label>Role<select name="role">
  ${ROLES.slice(0, ROLES.indexOf(most) + 1).map((one) => html`<option ?selected=${one === chosen}>${one}</option>`)}
</select></label>`;

const sessionsTab = () => sessions.use().shown((page) => table('Sessions', ['Operator', 'From', 'Browser', 'Since', 'Last used', 'Act'], page.sessions.map((one) => [
  html`${one.operator}${one.current ? html` ${badge('this one', 'good')}` : nothing}`,
  html`<span class="word">${one.address}</span>`,
  html`<span class="muted">${one.browser}</span>`,
  time(one.since),
  time(one.lastUsed),
  one.current ? nothing : html`<button type="button" aria-label=${`End the session of ${one.operator} from ${one.address}`} @click=${() => act(async () => {
    await remove('/access/sessions/' + part(one.id));
    sessions.refresh();
    say('Ended');
  })}>End</button>`,
]), page.sessions.map((one) => one.id)));

const tokensTab = () => html`<p><button type="button" class="main" @click=${newToken}>New token…</button></p>
  ${tokens.use().shown((page) => page.tokens.length
    ? table('API tokens', ['Name', 'Operator', 'Role', 'Made', 'Expires', 'Act'], page.tokens.map((one) => [
        one.name, one.operator, badge(one.role), time(one.createdAt), time(one.expiresAt),
        html`<button type="button" aria-label=${`Revoke ${one.name}`} @click=${() => act(async () => {
          await remove('/access/tokens/' + part(one.id));
          tokens.refresh();
          say('Revoked');
        })}>Revoke</button>`,
      ]), page.tokens.map((one) => one.id))
    : empty('No token. Programs come in with one, and may do what its role may, until it expires.', html`<button type="button" @click=${newToken}>Make the first…</button>`))}`;

const newToken = () => ask({
  title: 'New API token',
  text: html`<p>It may do at most what you may, and ends with you.</p>`,
  label: 'Make',
  fields: html`<label>Name<input name="name" required pattern="[a-z0-9][a-z0-9._\\-]*" maxlength="32" autofocus></label>
    ${role(me?.role)}
    <label>Valid for days<input name="days" type="number" min="1" max="366" value="90"></label>`,
  run: async (form) => {
    const made = await post('/access/tokens', { name: form.get('name'), role: form.get('role'), validForDays: Number(form.get('days')) });
    tokens.refresh();
    return html`<p>Keep it now: it is shown this once.</p>${copyable(made.secret)}`;
  },
});

const operatorsTab = () => html`<p><button type="button" class="main" @click=${newOperator}>New operator…</button></p>
  ${operators.use().shown((page) => table('Operators', ['Name', 'Role', 'Fleets', 'Since', 'Act'], page.operators.map((one) => [
    html`${one.name}${one.ready ? nothing : html` ${badge('has no password yet', 'warn')}`}`,
    badge(one.role),
    one.fleets.join(', ') || 'all',
    time(one.createdAt),
    html`<button type="button" aria-label=${`Role of ${one.name}`} @click=${() => changeRole(one)}>Role…</button>
      <button type="button" aria-label=${`New link for ${one.name}`} @click=${() => act(() => newLink(one))}>New link</button>
      ${one.name === me?.operator ? nothing : html`<button type="button" aria-label=${`Remove ${one.name}`} @click=${() => removeOperator(one)}>Remove…</button>`}`,
  ]), page.operators.map((one) => one.name)))}`;

const link = (made) => html`<p>Hand this link to <strong>${made.name}</strong>, who chooses a password with it. It works once, for 24 hours. A password chosen with it ends the API tokens that there are.</p>${copyable(location.origin + made.path)}`;

const fleets = (some = []) => html`<label>Fleets<input name="fleets" .value=${some.join(' ')} autocapitalize="none" placeholder="all" aria-describedby="fleets-rule"></label>
  <p class="rule" id="fleets-rule">With spaces between; nothing for all.</p>`;

const named = (form) => form.get('fleets').split(/[\s,]+/).filter((one) => one);

const newOperator = () => ask({
  title: 'New operator',
  text: nothing,
  label: 'Make',
  fields: html`<label>Name<input name="name" required pattern="[a-z0-9][a-z0-9._\\-]*" maxlength="32" autofocus></label>${role()}${fleets()}`,
  run: async (form) => {
    const made = await post('/access/operators', { name: form.get('name'), role: form.get('role'), fleets: named(form) });
    operators.refresh();
    return link(made);
  },
});

const newLink = async (one) => {
  const made = await post(`/access/operators/${part(one.name)}/link`);
  tell('Link', link(made));
};

const changeRole = (one) => ask({
  title: `Role of ${one.name}`,
  text: nothing,
  label: 'Change',
  fields: html`${role('admin', one.role)}${fleets(one.fleets)}`,
  run: async (form) => {
    await seen('POST', `/access/operators/${part(one.name)}/role`, one.etag, { role: form.get('role'), fleets: named(form) });
    operators.refresh();
    say('Changed');
  },
});

const removeOperator = (one) => ask({
  title: `Remove ${one.name}`,
  text: html`<p>All sessions and tokens of this operator end at once.</p>`,
  typed: one.name,
  label: 'Remove',
  run: async () => {
    await seen('DELETE', '/access/operators/' + part(one.name), one.etag);
    operators.refresh();
    say('Removed');
  },
});

const changePassword = () => ask({
  title: 'Change my password',
  text: html`<p>Your other sessions end, and all your API tokens.</p>`,
  label: 'Change',
  fields: html`<label>Current<input name="current" type="password" autocomplete="current-password" required autofocus></label>
    <label>New, at least 12 characters<input name="password" type="password" autocomplete="new-password" minlength="12" required></label>`,
  run: async (form) => {
    await post('/access/password', { current: form.get('current'), password: form.get('password') });
    tokens.refresh();
    say('Changed');
  },
});

const TABS = { '': sessionsTab, tokens: tokensTab, operators: operatorsTab };
