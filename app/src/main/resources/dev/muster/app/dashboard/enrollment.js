// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, limited, may, part, post, postOnce, query, Refusal } from './api.js';
import { refusals } from './audit.js';
import { param, set } from './router.js';
import { act, ask, badge, copyable, empty, failure, heading, html, nothing, number, Pages, redraw, say, Source, table, tabs, time } from './ui.js';

const waiting = new Pages(async (key, after, signal) => {
  const page = await get('/waiting' + query({ after, limit: 100 }), signal);
  return { rows: page.waiting, next: page.next };
}, 5000);

const decisions = new Pages(async (state, after, signal) => {
  const page = await get('/decisions' + query({ state, after, limit: 100 }), signal);
  return { rows: page.decisions, next: page.next };
}, 5000);

const manufacturers = new Source((signal) => get('/manufacturers', signal), 10000);
const keyAlarms = new Source((signal) => get('/alarms', signal), 5000);
const manifests = new Source((signal) => get('/manifests' + query({ limit: 100 }), signal), 10000);
const claims = new Pages(async (manufacturer, after, signal) => {
  const page = await get('/claims' + query({ manufacturer, after, limit: 100 }), signal);
  return { rows: page.claims, next: page.next };
}, 10000);
const sessionAlarms = new Source((signal) => get('/sessions/alarms', signal), 5000);

export function enrollmentView() {
  const tab = TABS[param('tab')] && !(limited() && OF_ALL.includes(param('tab'))) ? param('tab') : '';
  waiting.use('');
  keyAlarms.use();
  if (!limited()) sessionAlarms.use();
  const raised = (keyAlarms.data?.alarms.length ?? 0) + (sessionAlarms.data?.alarms.length ?? 0);
  return html`${heading('Enrollment')}
    ${tabs('Enrollment', tab, [
      ['', '/enrollment', 'Waiting', waiting.rows.length],
      ['approved', '/enrollment?tab=approved', 'Approved'],
      ['refused', '/enrollment?tab=refused', 'Refused'],
      ['manufacturers', '/enrollment?tab=manufacturers', 'Manufacturers'],
      ['manifests', '/enrollment?tab=manifests', 'Manifests'],
      ['claims', '/enrollment?tab=claims', 'Claim tokens'],
      ['alarms', '/enrollment?tab=alarms', 'Alarms', raised],
    ].filter(([name]) => !limited() || !OF_ALL.includes(name)))}
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
        may('operator') ? html`<button type="button" aria-label=${`Approve ${one.device}`} @click=${() => act(() => decide(one, 'approve'))}>Approve</button>
          <button type="button" aria-label=${`Refuse ${one.device}`} @click=${() => refuse(one)}>Refuse…</button>` : nothing,
      ]), rows.map((one) => `${one.device} ${one.key}`))
    : empty('Nobody waits. Devices of a manufacturer with manual admission wait here until somebody decides:', './muster admin manufacturers policy acme --admission manual'));
}

/** What was decided about a key, by whom and why. */
const decided = (state) => decisions.use(state).shown((rows) => rows.length
  ? table(`Keys that were ${state}`, ['Device', 'When', 'By', 'Reason', 'Why it waited', 'Now', 'Key'], rows.map((one) => [
      html`<a href=${'/devices/' + part(one.device)}>${one.device}</a> <span class="muted">${one.manufacturer ? `${one.manufacturer}, ${one.serial}` : nothing}</span>`,
      time(one.at),
      one.by,
      one.reason ?? html`<span class="muted">none given</span>`,
      one.waitedFor,
      badge(one.status),
      html`<code title=${one.key}>${one.key.slice(0, 16)}…</code>`,
    ]))
  : empty(`No key was ${state} yet. What is to be decided, waits:`, html`<a href="/enrollment">Who waits</a>`));

/** What was told to whoever asked, also by a rule or the hook. Whoever is limited to fleets does not see the log that it stands in. */
const told = () => limited() ? nothing : html`<h2>What was told to whoever asked</h2>${refusals()}`;

async function decide(one, what, reason) {
  await post(`/devices/${part(one.device)}/${what}`, { key: one.key, reason });
  say(what === 'approve' ? `${one.device} is let in when it asks again` : `${one.device} is refused`);
  waiting.refresh();
}

const refuse = (one) => ask({
  title: 'Refuse a device',
  text: html`<p><strong>${one.device}</strong>, serial ${one.serial} of ${one.manufacturer}. It is told no when it asks again.</p>`,
  label: 'Refuse',
  fields: html`<label>Reason, which the device is told, too<input name="reason" maxlength="200" autocomplete="off" autofocus></label>`,
  run: (form) => decide(one, 'refuse', form.get('reason').trim() || undefined),
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

/** What came of the file that was chosen last; `busy` as long as that is not known. */
let taken = null;

/** To choose one of the manufacturers, or nothing if there are none. */
const choice = (names, chosen, change = () => {}) => html`<label>Manufacturer<select name="manufacturer" @change=${(event) => change(event.target.value)}>${names.map((name) => html`<option ?selected=${name === chosen}>${name}</option>`)}</select></label>`;

const noManufacturer = () => empty('There is no manufacturer yet whose devices could be announced.', './muster admin manufacturers add acme --ca acme-ca.pem');

const manifestsTab = () => manufacturers.use().shown((known) => {
  const names = known.manufacturers.map((one) => one.name);
  if (!names.length) return noManufacturer();
  return html`${may('officer') ? uploading(names) : nothing}
    ${taken ? outcome(taken) : nothing}
    ${manifests.use().shown((page) => page.manifests.length
      ? table('Manifests', ['Taken in', 'Manufacturer', 'Signed by', 'Added', 'Refused', 'SHA-256'], page.manifests.map((one) => [
          time(one.importedAt, 'local'),
          one.manufacturer,
          one.signer ?? html`<span class="muted">nobody</span>`,
          number(one.added),
          one.refused ? badge(number(one.refused), 'warn') : '0',
          html`<code title=${one.sha256}>${one.sha256.slice(0, 16)}…</code>`,
        ]))
      : empty('No manifest has been taken in. It announces devices by their serial numbers: CSV with the header serial,fleet,device,tags, of which only the serial must be there.', `./muster admin manifests import ${names[0]} devices.csv`))}`;
});

const uploading = (names) => html`<form class="panel row" @submit=${upload}>
  ${choice(names, param('manufacturer'))}
  <label>Manifest: CSV, JSON, or either signed<input type="file" name="file" required accept=".csv,.json,.p7s,.p7m,.pem,text/csv,application/json"></label>
  <button class="main" ?disabled=${taken?.busy}>Take in</button>
</form>`;

/** As the server has it, too; but it is known here before all is sent. */
const MOST_MIB = 32;

function checkSize(file) {
  const mib = file.size / 2 ** 20;
  if (mib > MOST_MIB) throw new Refusal(413, `${file.name} has ${number(Math.ceil(mib))} MiB (expected: at most ${MOST_MIB} MiB; take in its rows in several files).`);
}

async function upload(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  const file = /** @type {File} */ (form.get('file'));
  const name = String(form.get('manufacturer'));
  taken = { file: file.name, busy: true };
  redraw();
  try {
    checkSize(file);
    taken = { file: file.name, result: await post(`/manufacturers/${part(name)}/manifest`, file) };
    event.target.reset();
  } catch (problem) {
    taken = { file: file.name, problem };
  }
  manifests.refresh();
  redraw();
}

function outcome({ file, busy, problem, result }) {
  if (busy) return html`<p class="notice" role="status">Taking in ${file}…</p>`;
  if (problem) return html`<h2>${file}</h2>${failure(problem)}`;
  return html`<section class="panel" aria-live="polite"><h2>${file}</h2>
    <p>${badge(`${number(result.added)} added`, result.added ? 'good' : 'plain')} ${badge(`${number(result.unchanged)} unchanged`)}
      ${result.refused ? badge(`${number(result.refused)} refused`, 'bad') : nothing}
      <span class="muted">${result.signer ? `signed by ${result.signer}` : 'not signed'}</span></p>
    ${result.errors.length ? html`${table('Rows that were not taken', ['Row', 'Why it was not taken'], result.errors.map((one) => [number(one.row), one.reason]))}
      <p class="muted">${result.errors.length < result.refused ? `The first ${number(result.errors.length)} of them. ` : ''}Row 1 is the first of the file, in CSV the header. Mend these and take the file in again: what is there already stays as it is.</p>` : nothing}
  </section>`;
}

const claimsTab = () => manufacturers.use().shown((known) => {
  const names = known.manufacturers.map((one) => one.name);
  if (!names.length) return noManufacturer();
  const chosen = names.includes(param('manufacturer')) ? param('manufacturer') : names[0];
  return html`<div class="row panel">${choice(names, chosen, (name) => set({ manufacturer: name }))}
      ${may('officer') ? html`<button type="button" class="main" @click=${() => newClaims(chosen)}>New tokens…</button>` : nothing}</div>
    ${claims.use(chosen).shown((rows) => rows.length
      ? table('Claim tokens', ['Token', 'For', 'State', 'Made', 'Ends', 'Used by', 'Act'], rows.map((one) => [
          html`<code>${one.id}</code>`,
          one.serial ?? html`<span class="muted">whichever comes</span>`,
          badge(one.state, { open: 'good', used: 'plain', revoked: 'bad' }[one.state] ?? 'plain'),
          time(one.createdAt),
          time(one.expiresAt),
          one.usedBy ? html`<a href=${'/devices/' + part(one.usedBy)}>${one.usedBy}</a> <span class="muted">${time(one.usedAt)}</span>` : nothing,
          one.state === 'open' && may('officer') ? html`<button type="button" class="quiet" aria-label=${`Take back ${one.id}`} @click=${() => takeBack(one)}>Take back</button>` : nothing,
        ]), rows.map((one) => one.id))
      : empty('No token. With one, a device is let in once: also one without a factory identity, if the token is for its serial number.', `./muster admin claims create ${chosen} --serial SN1`))}`;
});

const newClaims = (manufacturer) => ask({
  title: `New claim tokens for ${manufacturer}`,
  text: html`<p>Each lets one device in, once. With a serial number, that device needs no factory identity.</p>`,
  label: 'Make',
  fields: html`<label>Serial number, or none<input name="serial" maxlength="64" autocomplete="off" spellcheck="false" autofocus></label>
    <label>How many (1 if there is a serial number)<input name="count" type="number" min="1" max="1000" value="1" required></label>
    <label>Valid for days<input name="days" type="number" min="1" max="366" value="7" required></label>`,
  run: async (form) => {
    const made = await postOnce('/claims', {
      manufacturer,
      serial: String(form.get('serial')).trim() || undefined,
      count: Number(form.get('count')),
      validForSeconds: Number(form.get('days')) * 86400,
    });
    claims.refresh();
    return html`<p>Keep ${made.claims.length === 1 ? 'it' : 'them'} now: shown this once, and known to nobody afterwards.</p>
      ${copyable(made.claims.map((one) => one.token).join('\n'))}`;
  },
});

const takeBack = (one) => act(async () => {
  await post(`/claims/${part(one.id)}/revoke`);
  claims.refresh();
  say('Taken back: it lets nobody in');
});

function alarmsTab() {
  const rows = [
    ...(keyAlarms.data?.alarms ?? []).map((one) => ({ ...one, path: `/alarms/${one.id}`, who: one.device ?? one.client, at: one.raisedAt })),
    ...(sessionAlarms.data?.alarms ?? []).map((one) => ({ ...one, path: `/sessions/alarms/${one.id}`, who: one.client, at: one.lastAt })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  const all = (view) => keyAlarms.shown(() => (limited() ? view() : sessionAlarms.shown(view)));
  return all(() => rows.length
    ? table('Alarms', ['Device', 'Kind', 'What', 'Last', 'Act'], rows.map((one) => [
        whose(one),
        badge(one.kind, 'bad'),
        html`${one.detail}${one.addresses ? html` <span class="muted">${one.addresses.join(', ')}</span>` : nothing}`,
        time(one.at),
        may('operator') ? html`<button type="button" aria-label=${`Acknowledge ${one.who}`} @click=${() => acknowledge(one)}>Acknowledge</button>` : nothing,
      ]), rows.map((one) => one.path))
    : empty('No alarm. Two devices with one identity, or a connection that comes and goes, would stand here. Those that were acknowledged:', './muster admin alarms list --all'));
}

/** Alarms about sessions name a subject: of a service or a CA, there is no page of a device. */
function whose(one) {
  if (one.kind === 'stale_crl') {
    return html`<a href="/health">CA ${one.who}</a>`;
  }
  return one.subject && !one.subject.endsWith(',OU=device')
    ? html`${one.who}`
    : html`<a href=${'/devices/' + part(one.who)}>${one.who}</a>`;
}

const acknowledge = (one) => act(async () => {
  await post(one.path + '/acknowledge');
  keyAlarms.refresh();
  sessionAlarms.refresh();
  say('Acknowledged');
});

const OF_ALL = ['manufacturers', 'manifests', 'claims'];

const TABS = { '': waitingTab, approved: () => decided('approved'), refused: () => html`${decided('refused')}${told()}`, manufacturers: manufacturersTab, manifests: manifestsTab, claims: claimsTab, alarms: alarmsTab };
