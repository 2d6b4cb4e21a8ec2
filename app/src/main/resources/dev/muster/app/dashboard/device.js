// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, limited, may, part, post, postOnce, query, Refusal, seen } from './api.js';
import { came } from './came.js';
import { difference, mergePatch, pretty } from './diff.js';
import { tail } from './tail.js';
import { deviceChart } from './devicechart.js';
import { param } from './router.js';
import { act, ask, badge, copyable, empty, failure, heading, html, measured, nothing, number, Pages, redraw, say, skeleton, Source, table, tabs, tell, time } from './ui.js';
import { listed, readTags, writeTags } from './words.js';

/** What is not there is nothing bad: a device that never was connected has no presence. */
const orNull = (promise) => promise.catch((problem) => {
  if (problem instanceof Refusal && problem.status === 404) return null;
  throw problem;
});

const at = (id, rest = '') => `/devices/${part(id)}${rest}`;

const record = new Source((signal, id) => orNull(get(at(id), signal)), 10000);
const presence = new Source(async (signal, id) => ({ one: await orNull(get(at(id, '/presence'), signal)) }), 5000);
const latest = new Source(async (signal, id) => {
  const stored = await get(at(id, '/telemetry/latest'), signal);
  return { ...stored, values: came.newest(stored.values) };
}, 15000);
const history = new Pages(async (id, after, signal) => {
  const page = await get(at(id, '/history') + query({ after, limit: 200 }), signal);
  return { rows: page.events, certificates: page.certificates, next: page.next };
}, 15000);
const connections = new Pages(async (id, after, signal) => {
  const page = await get(at(id, '/connections') + query({ after, limit: 50 }), signal);
  return { rows: page.connections, next: page.next };
}, 10000);
const twin = new Source((signal, id) => get(at(id, '/twin'), signal), 5000);
const commands = new Pages(async (id, after, signal) => {
  const page = await get(at(id, '/commands') + query({ after, limit: 50 }), signal);
  return { rows: page.commands, next: page.next };
}, 2000);
const refusals = new Source((signal, id) => get(`/refusals/${part(id)}`, signal), 5000);

const TABS = [
  ['', 'Now'],
  ['live', 'Live'],
  ['connections', 'Connections'],
  ['certificates', 'Certificates'],
  ['twin', 'Twin'],
  ['commands', 'Commands'],
  ['refused', 'Rights'],
  ['audit', 'Audit'],
];

export function deviceView(id) {
  record.use(id);
  presence.use(id);
  const tab = param('tab');
  if (record.data === null) return html`${heading(id)}${empty('There is no device of that name.', html`<a href="/devices">All devices</a>`)}`;
  return html`${heading(id, states())}
    ${tabs('Device', tab, TABS.map(([name, text]) => [name, at(id) + query({ tab: name }), text]))}
    ${record.problem && !record.data ? failure(record.problem) : nothing}
    ${(BODIES[tab] ?? now)(id)}`;
}

const states = () => html`${record.data ? badge(record.data.status) : nothing}${presence.data
  ? presence.data.one
    ? html`${badge(presence.data.one.state)} <span class="muted">${presence.data.one.reason}, ${time(presence.data.one.since)}</span>`
    : badge('never connected')
  : nothing}`;

const facts = (pairs) => html`<dl class="facts">${pairs.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

let stream = null;

/** Browsers ask again by themselves when a connection is lost, but not when they were refused. */
const AGAIN_MS = 3000;
const isOver = ({ source, since }) => source.readyState === EventSource.CLOSED && Date.now() - since > AGAIN_MS;

/** It says every 15 s that it is still there: who has not heard that twice, hears nobody. */
const SILENCE_MS = 31000;
const isSilent = ({ heard }) => Date.now() - heard > SILENCE_MS;

/** Values as they come, as long as somebody looks at this device. */
function follow(id) {
  if (stream?.id === id && !isOver(stream) && !isSilent(stream)) return;
  if (stream?.id === id) tail.lost();
  else begin();
  stream?.source.close();
  const source = new EventSource('/api/v1/telemetry/live' + query({ device: id }));
  const own = { id, source, since: Date.now(), heard: Date.now() };
  const hear = () => (own.heard = Date.now());
  stream = own;
  source.onopen = () => {
    hear();
    tail.opened();
  };
  source.onerror = () => tail.lost();
  ['alive', 'missed', 'values'].forEach((name) => source.addEventListener(name, hear));
  source.addEventListener('missed', (event) => tail.miss(JSON.parse(event.data)));
  source.addEventListener('values', (event) => {
    const values = JSON.parse(event.data);
    tail.take(values);
    came.take(values);
    if (latest.key === id && latest.data) latest.data.values = came.newest(latest.data.values);
    redraw();
  });
}

function begin() {
  tail.begin();
  came.begin();
}

export function stopFollowing() {
  stream?.source.close();
  stream = null;
}

function now(id) {
  latest.use(id);
  follow(id);
  return html`<div class="panels">
    <section class="panel"><h2>Identity</h2>${record.shown((one) => identity(one), skeleton(4))}</section>
    <section class="panel"><h2>Latest values</h2>${latest.shown(values, skeleton(4))}</section>
  </div>
  ${latest.data?.values.length ? deviceChart(id, latest.data.values) : nothing}`;
}

const identity = (one) => html`${facts([
  ['Fleet', html`<a href=${'/devices' + query({ q: 'fleet:' + one.fleet })}>${one.fleet}</a>`],
  ['Manufacturer', one.manufacturer],
  ['Serial', one.serial],
  ['Enrolled', time(one.enrolledAt)],
  ['Identified by', one.identifiedBy],
  ['Certificate ends', one.notAfter ? time(one.notAfter) : 'none'],
  ['Tags', labels(Object.entries(one.tags ?? {}).map(([name, value]) => `${name}=${value}`), 'tag')],
  ['Groups', labels(one.groups ?? [], 'group')],
])}
${may('operator') ? html`<p class="row"><button type="button" @click=${() => act(async () => label(await get(at(one.id))))}>Tags and groups…</button>${may('officer') ? html`
  ${one.status === 'retired' ? nothing : html`<button type="button" @click=${() => retire(one)}>Retire…</button>`}
  <button type="button" @click=${() => release(one)}>Release…</button>` : nothing}</p>` : nothing}
${(one.pending ?? []).map(asking)}`;

/** A key that asked to be let in: why it waits, or what the operator said who refused it. */
const asking = ({ key, state, reason, remark }) => {
  const what = html`<code title=${key}>${key.slice(0, 16)}…</code>`;
  return state === 'waiting' ? html`<p class="notice">The key ${what} waits for a decision: ${reason}. <a href="/enrollment">Decide</a></p>`
    : state === 'refused' ? html`<p class="notice bad">The key ${what} was refused: ${remark ?? 'no reason was given'}; it had waited: ${reason}. <a href="/enrollment?tab=refused">By whom</a></p>`
    : nothing;
};

const labels = (texts, kind) => texts.length
  ? texts.map((text) => html`<a class="chip" href=${'/devices' + query({ q: `${kind}:${/\s/.test(text) ? `"${text}"` : text}` })}>${text}</a> `)
  : html`<span class="muted">none</span>`;

const OVERTAKEN = html`<p class="notice bad" role="alert">Somebody has changed them meanwhile. Below is what there is now, with your changes made to it: press Change again to have it so.</p>`;

/**
 * Orders what differs from what was looked at. If that was changed meanwhile by somebody else, what both want is shown
 * together first.
 *
 * @param wanted what begins to be edited
 */
function label(shown, wanted = shown, notice = nothing) {
  let had = shown;
  ask({
    title: `Tags and groups of ${had.id}`,
    text: notice,
    label: 'Change',
    fields: html`<label>Tags, each name=value<input name="tags" .value=${writeTags(wanted.tags)} spellcheck="false" autofocus></label>
      <p class="rule">With spaces in quotes: site="hall 3"</p>
      <label>Groups<input name="groups" .value=${wanted.groups.join(' ')} spellcheck="false"></label>`,
    run: async (form) => {
      const orders = relabeling(had, readTags(form.get('tags')), listed(form.get('groups')));
      try {
        for (const [what, order] of Object.entries(orders)) {
          if (isSomething(order)) had = { ...had, ...await seen('POST', at(had.id, '/' + what), had.etag, order) };
        }
        say('Changed');
      } catch (problem) {
        if (problem.status !== 412) throw problem;
        const now = await get(at(had.id));
        label(now, relabeled(now, orders), OVERTAKEN);
      } finally {
        record.refresh();
      }
    },
  });
}

/** What is to be ordered, that those come of what a device has. */
const relabeling = (had, tags, groups) => ({
  tags: {
    set: Object.fromEntries(Object.entries(tags).filter(([name, value]) => had.tags[name] !== value)),
    remove: Object.keys(had.tags).filter((name) => !Object.hasOwn(tags, name)),
  },
  groups: { add: without(groups, had.groups), remove: without(had.groups, groups) },
});

/** What would come of it. */
const relabeled = (has, { tags, groups }) => ({
  tags: Object.fromEntries(Object.entries({ ...has.tags, ...tags.set }).filter(([name]) => !tags.remove.includes(name))),
  groups: [...without(has.groups, groups.remove), ...without(groups.add, has.groups)],
});

const without = (some, others) => some.filter((one) => !others.includes(one));

const isSomething = (order) => Object.values(order).some((some) => Object.keys(some).length);

const retire = (one) => ask({
  title: `Retire ${one.id}`,
  text: html`<p>Its certificates are revoked, its connection is cut, and it stays out until it is released.</p>`,
  typed: one.id,
  label: 'Retire',
  run: async () => {
    await post(at(one.id, '/retire'));
    record.refresh();
    presence.refresh();
    say('Retired');
  },
});

const release = (one) => ask({
  title: `Release ${one.id}`,
  text: html`<p>It may enroll anew with another key: for a device whose key is lost, or that was retired.</p>`,
  label: 'Release',
  run: async () => {
    await post(at(one.id, '/release'));
    record.refresh();
    say('Released');
  },
});

const values = (page) => page.values.length
  ? table('Latest values', ['Metric', 'Value', 'Age'], page.values.map((one) => [
      one.stream + '/' + one.metric,
      html`<strong>${measured(one.value)}</strong> ${one.unit ?? ''}`,
      time(one.time),
    ]))
  : empty('It has sent nothing yet. Has it come?', html`<a href=${at(latest.key, '?tab=connections')}>Its connections</a>`);

const connected = (id) => connections.use(id).shown((rows) => rows.length
  ? table('Connections', ['Connected', 'Until', 'Why it ended', 'Address', 'MQTT', 'TLS', 'Certificate'], rows.map((one) => [
      time(one.connectedAt, 'local'),
      one.disconnectedAt ? time(one.disconnectedAt, 'local') : badge('online'),
      one.reason ?? nothing,
      html`<span class="word">${one.address}</span>`,
      one.mqttVersion,
      html`${one.tls} <span class="muted">${one.cipher}</span>`,
      html`<code>${one.certificateSerial}</code>`,
    ]))
  : empty('It never was connected. To connect, it needs a certificate that is live.', html`<a href=${at(id, '?tab=certificates')}>Its certificates</a>`));

const certificates = (id) => history.use(id).shown(() => certificateTable(history.first.data.certificates ?? []));

/** From a certificate up to the root: the order in which they are sent (RFC 8446, 4.4.2). */
async function chainOf(serial) {
  const [leaf, { authorities }] = await Promise.all([get(`/certificates/${part(serial)}`), get('/authorities')]);
  const chain = [leaf];
  const above = (id) => authorities.find((one) => one.id === id && !chain.includes(one));
  for (let ca = above(leaf.issuer); ca; ca = above(ca.parent)) chain.push(ca);
  return chain;
}

const showChain = (serial) => act(async () => {
  const chain = await chainOf(serial);
  tell(`Certificate ${serial}`, html`<ol class="chain">${chain.map((one) => html`<li>${facts([
    ['Subject', one.subject],
    ['Serial', html`<code>${one.serial}</code>`],
    ['Ends', time(one.notAfter, 'local')],
    ...(one.fingerprint ? [['SHA-256', html`<code>${one.fingerprint}</code>`]] : []),
  ])}</li>`)}</ol>
  ${copyable(chain.map((one) => one.certificate.trim()).join('\n'))}`);
});

/** Shared with the list of all certificates. */
export const certificateTable = (rows, after = () => {}) => rows.length
  ? table('Certificates', ['Serial', 'Status', 'Of', 'Issued', 'Ends', 'Issuer', 'Act'], rows.map((one) => [
      html`<button type="button" class="quiet" @click=${() => showChain(one.serial)}><code>${one.serial}</code></button>`,
      html`${badge(one.status)}${one.reason ? html` <span class="muted">${one.reason}, ${time(one.revokedAt)}</span>` : nothing}`,
      one.device ? html`<a href=${at(one.device)}>${one.device}</a>` : html`${one.subject} <span class="muted">${one.role}</span>`,
      time(one.issuedAt, 'local'),
      time(one.notAfter),
      html`<span class="word">${one.issuer}</span>`,
      one.status !== 'revoked' && one.role !== 'ca' && may('officer')
        ? html`<button type="button" class="quiet" aria-label=${`Revoke ${one.serial}`} @click=${() => revoke(one, after)}>Revoke…</button>` : nothing,
    ]), rows.map((one) => one.serial))
  : empty('No certificate. Devices have one when they have enrolled.', html`<a href="/enrollment">Who waits</a>`);

const REASONS = ['unspecified', 'keyCompromise', 'cessationOfOperation', 'superseded', 'affiliationChanged'];

const revoke = (one, after) => ask({
  title: 'Revoke a certificate',
  text: html`<p>Of <strong>${one.device ?? one.subject}</strong>. Sessions that use it are cut at once. This cannot be undone.</p>`,
  typed: one.serial.slice(-6),
  label: 'Revoke',
  fields: html`<label>Reason<select name="reason">${REASONS.map((reason) => html`<option>${reason}</option>`)}</select></label>`,
  run: async (form) => {
    const done = await post(`/certificates/${part(one.serial)}/revoke`, { reason: form.get('reason') });
    history.refresh();
    presence.refresh();
    after();
    return html`<p>Revoked; CRL ${done.crlNumber} says so.</p>
      ${done.brokers.length ? done.brokers.map((broker) => html`<p class="notice good">Broker ${broker.broker}: <strong>${number(broker.cut)}</strong> sessions cut, ${number(broker.remaining)} remaining, in ${number(broker.tookMs)} ms.</p>`)
        : html`<p class="notice bad">No broker has answered yet; it cuts the sessions when the list reaches it.</p>`}
      ${done.also.length ? html`<p>With it: ${done.also.join(', ')}</p>` : nothing}
      ${done.stillLive.length ? html`<p class="notice bad">Still live: ${done.stillLive.join(', ')}</p>` : nothing}`;
  },
});

const twinTab = (id) => twin.use(id).shown((one) => html`
  <div class="panels">
    <section class="panel"><h2>Desired <span class="muted">version ${one.desiredVersion ?? 0}</span></h2><pre tabindex="0">${pretty(one.desired)}</pre></section>
    <section class="panel"><h2>Reported <span class="muted">version ${one.reportedVersion ?? 0}${one.reportedAt ? html`, ${time(one.reportedAt)}` : nothing}</span></h2><pre tabindex="0">${pretty(one.reported)}</pre></section>
    <section class="panel"><h2>Not taken over yet</h2>${Object.keys(one.delta ?? {}).length ? html`<pre tabindex="0">${pretty(one.delta)}</pre>` : html`<p class="muted">Nothing: the device is as it should be.</p>`}</section>
  </div>
  ${draft?.id === id ? editor(id)
    : may('operator') ? html`<p><button type="button" class="main" @click=${() => edit(id, one)}>Change…</button></p>` : nothing}`);

/** What somebody is writing, and the version that he writes it over. */
let draft = null;

const edit = (id, one) => {
  draft = { id, text: pretty(one.desired), base: one, refused: '', shown: false };
  redraw();
};

/** What is written, or null if it is no JSON object. */
function written() {
  try {
    const value = JSON.parse(draft.text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

const editor = (id) => html`<section class="panel" aria-label="Editor">
  <h2>Change what it should be like <span class="muted">version ${draft.base.desiredVersion ?? 0}</span></h2>
  <label>Desired, JSON<textarea rows="12" spellcheck="false" autofocus .value=${draft.text} @input=${(event) => { draft.text = event.target.value; draft.shown = false; redraw(); }}></textarea></label>
  ${draft.refused ? html`<p class="notice bad" role="alert">${draft.refused}</p>` : nothing}
  ${written() === null ? html`<p class="notice bad" role="status">Not a JSON object.</p>` : nothing}
  ${draft.shown ? difference(pretty(draft.base.desired), pretty(written())) : nothing}
  <p class="buttons">
    <button type="button" @click=${() => { draft = null; redraw(); }}>Cancel</button>
    ${draft.shown
      ? html`<button type="button" class="main" autofocus @click=${() => save(id)}>Save</button>`
      : html`<button type="button" class="main" ?disabled=${written() === null} @click=${() => { draft.shown = true; redraw(); }}>Show the changes</button>`}
  </p>
</section>`;

/** Over the version that was looked at; if there is another, that is shown, and nothing is lost. */
const save = (id) => act(async () => {
  try {
    await seen('PATCH', at(id, '/twin'), `"${draft.base.desiredVersion ?? 0}"`, mergePatch(draft.base.desired ?? {}, written()));
    draft = null;
    say('Saved');
  } catch (problem) {
    if (problem.status !== 412) throw problem;
    draft.base = await get(at(id, '/twin'));
    draft.refused = `Somebody has saved version ${draft.base.desiredVersion} meanwhile. The changes are now told against that one: save again to have yours.`;
  } finally {
    twin.refresh();
  }
});

const commandsTab = (id) => html`
  ${may('operator') ? html`<p><button type="button" class="main" @click=${() => command(id)}>Send a command…</button></p>` : nothing}
  ${commands.use(id).shown((rows) => rows.length
    ? table('Commands', ['Command', 'State', 'Asked', 'Ended', 'Result', 'Act'], rows.map((one) => [
        html`${one.name} <span class="muted">${one.id}</span>`,
        badge(one.state),
        time(one.createdAt),
        one.endedAt ? time(one.endedAt) : nothing,
        one.result ? html`${one.result.detail ?? ''} <code>${one.result.payload === undefined ? '' : JSON.stringify(one.result.payload)}</code>` : nothing,
        ['queued', 'sent'].includes(one.state) && may('operator')
          ? html`<button type="button" class="quiet" @click=${() => act(async () => { await post(`/commands/${part(one.id)}/cancel`); commands.refresh(); })}>Cancel</button>` : nothing,
      ]), rows.map((one) => one.id))
    : empty('No command has been sent to it.', `./muster admin commands send ${id} NAME`))}`;

const command = (id) => ask({
  title: 'Send a command',
  text: html`<p>Sent at once, or when the device is back in time.</p>`,
  label: 'Send',
  fields: html`<label>Name<input name="name" required autofocus></label>
    <label>Payload, JSON<textarea name="payload" spellcheck="false">{}</textarea></label>
    <label>Valid for seconds<input name="seconds" type="number" min="1" value="300"></label>`,
  run: async (form) => {
    await postOnce(at(id, '/commands'), {
      name: form.get('name'),
      payload: JSON.parse(form.get('payload') || '{}'),
      validForSeconds: Number(form.get('seconds')),
    });
    commands.refresh();
    say('Sent');
  },
});

/** What a device of a usual fleet does, each asked of the broker. */
const USUAL = [
  ['publish', 'telemetry/x'],
  ['publish', 'events/x'],
  ['publish', 'twin/reported'],
  ['publish', 'commands/1/result'],
  ['will', 'events/x'],
  ['subscribe', 'twin/desired'],
  ['subscribe', 'commands/+'],
];

const topicOf = (id, fleet, rest) => `fleets/${fleet}/devices/${id}/${rest}`;

/** Null for a device that is not connected: what it may do is a matter of the certificate that it shows. */
const rights = new Source((signal, key) => {
  const { id, fleet } = JSON.parse(key);
  return orNull(Promise.all(USUAL.map(async ([act, rest]) => {
    const topic = topicOf(id, fleet, rest);
    return { act, topic, ...(await get(`/sessions/${part(id)}/explain` + query({ [act]: topic }), signal)) };
  })));
}, 30000);

const mayDo = (id, fleet) => html`<h2>What it may do</h2>
  ${rights.use(JSON.stringify({ id, fleet })).shown((all) => all
    ? table('Rights', ['What', 'Topic', 'May it', 'Rule', 'Why'], all.map((one) => [
        one.act, html`<code>${one.topic}</code>`, one.allowed ? badge('allowed', 'good') : badge('refused', 'bad'), one.rule, one.detail]))
    : empty('It is not connected. Of whoever is not, the command line tells:', `./muster policy explain --subject CN=${id},O=${fleet},OU=device --publish ${topicOf(id, fleet, 'telemetry/x')}`))}
  ${limited() ? nothing : html`<p><a href=${'/policy' + query({ client: id })}>May it do something else?</a></p>`}`;

const refused = (id) => html`${record.data ? mayDo(id, record.data.fleet) : nothing}
  <h2>What was refused</h2>
  ${refusedOf(id)}`;

const refusedOf = (id) => refusals.use(id).shown((page) => page.refusals.length
  ? page.refusals.map((one) => html`<h3>${one.subject} <span class="muted">${one.issuer} CA</span></h3>
      <p>${Object.entries(one.counts).map(([name, count]) => html`<span class="chip">${name} × ${number(count)}</span> `)}</p>
      ${table('Refusals', ['When', 'What', 'Topic', 'Rule', 'Why'], one.newest.map((each) => [time(each.at), each.operation, html`<code>${each.topic}</code>`, each.rule, each.detail]))}`)
  : empty('Nothing was refused since the broker started. What else it may do, and what not, is asked of the policy:', `./muster policy explain --connected ${id} --publish TOPIC`));

const audit = (id) => history.use(id).shown(auditTable);

export const auditTable = (rows) => rows.length
  ? table('Audit log', ['No', 'When', 'Who', 'What', 'About', 'Details'], rows.map((one) => [
      one.seq,
      time(one.at, 'local'),
      html`${one.actor} <span class="muted word">${one.from}</span>`,
      html`<span class="word">${one.action}</span>`,
      about(one.object),
      html`<span class="muted">${Object.entries(one.details ?? {}).map(([name, value]) => detail(name, value))}</span>`,
    ]))
  : empty('No entry. About what, is written like device:ID, certificate:SERIAL, operator:NAME.', html`<a href="/audit">All entries</a>`);

/** Nobody reads a hash to its end; who needs it, finds it there. */
const detail = (name, value) => html`<span title=${value}>${name}=${value.length > 40 && !value.includes(' ') ? value.slice(0, 16) + '…' : value}</span> `;

export const about = (object = '') => object.startsWith('device:') ? html`<a href=${at(object.slice(7))}>${object}</a>` : object;

function live(id) {
  follow(id);
  return tail.view(id);
}

const BODIES = { '': now, live, connections: connected, certificates, twin: twinTab, commands: commandsTab, refused, audit };
