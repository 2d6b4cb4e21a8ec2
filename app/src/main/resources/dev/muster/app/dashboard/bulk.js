// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, may, part, post, postOnce, query } from './api.js';
import { go, param, path } from './router.js';
import { act, ask, badge, empty, heading, html, nothing, number, Pages, say, Source, table, tabs, time } from './ui.js';
import { listed, readTags } from './words.js';

const REASONS = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn'];

const fields = (set, remove, hint) => html`<label>${set}<input name="set" autocomplete="off" placeholder=${hint}></label>
  <label>${remove}<input name="remove" autocomplete="off"></label>`;

/** What can be done to many devices: by whom, in which words, and what the server is told. */
export const WORKS = {
  tags: {
    role: 'operator', label: 'Tags…', title: (count) => `Change tags of ${count} devices`, button: 'Change tags',
    fields: () => fields('Tags to set', 'Names of tags to remove', 'site="hall 3" line=7'),
    body: (form) => ({ set: readTags(form.get('set')), remove: listed(form.get('remove')) }),
  },
  groups: {
    role: 'operator', label: 'Groups…', title: (count) => `Change groups of ${count} devices`, button: 'Change groups',
    fields: () => fields('Groups to put them into', 'Groups to take them out of', 'canary'),
    body: (form) => ({ add: listed(form.get('set')), remove: listed(form.get('remove')) }),
  },
  revoke: {
    role: 'officer', label: 'Revoke certificates…', title: (count) => `Revoke the certificates of ${count} devices`, button: 'Revoke',
    fields: () => html`<label>Reason<select name="reason">${REASONS.map((reason) => html`<option>${reason}</option>`)}</select></label>`,
    body: (form) => ({ reason: form.get('reason') }),
  },
  retire: {
    role: 'officer', label: 'Decommission…', title: (count) => `Decommission ${count} devices`, button: 'Decommission',
    fields: () => html`<p>Their certificates are revoked, and they stay out until they are released.</p>`,
    body: () => ({}),
  },
};

/** Looks first, then asks for the number of devices, then orders. @param selection ids, or a query */
export const order = (name, selection) => act(async () => {
  const work = WORKS[name];
  const seen = await post('/bulk/preview', selection);
  const devices = seen.devices + seen.unknown;
  if (!devices) throw new Error('No device is like that any more.');
  ask({
    title: work.title(number(devices)),
    text: html`<p>${Object.entries(seen.status).map(([status, count]) => html`${badge(status)} ${number(count)} `)}
      with ${number(seen.certificates)} live certificates.</p>
      <p class="muted">${seen.sample.join(', ')}${devices > seen.sample.length ? `, and ${number(devices - seen.sample.length)} more` : ''}</p>`,
    fields: work.fields(),
    typed: String(devices),
    label: work.button,
    run: async (form) => {
      const job = await postOnce('/bulk/' + name, { ...selection, ...work.body(form), devices, digest: seen.digest });
      go('/bulk/' + part(job.id));
    },
  });
});

const jobs = new Pages(async (key, after, signal) => {
  const page = await get('/bulk' + query({ after, limit: 50 }), signal);
  return { rows: page.jobs, next: page.next };
}, 5000);

const job = new Source((signal, id) => get('/bulk/' + part(id), signal), 2000);

const results = new Pages(async (key, after, signal) => {
  const [id, state] = key.split('/');
  const page = await get(`/bulk/${part(id)}/results` + query({ state, after, limit: 100 }), signal);
  return { rows: page.results, next: page.next };
}, 2000);

export const bulkView = () => (path().length > 1 ? jobView(path()[1]) : listView());

function listView() {
  jobs.use('');
  return html`${heading('Bulk jobs')}
    ${jobs.shown((rows) => rows.length
      ? table('Bulk jobs', ['Job', 'What', 'State', 'Devices', 'Refused', 'Ordered by', 'Since'], rows.map((one) => [
          html`<a href=${'/bulk/' + part(one.id)}>${one.id}</a>`,
          one.work, badge(one.state), number(one.devices), number(one.results.refused), one.orderedBy, time(one.createdAt),
        ]))
      : empty('Nothing was ordered for many devices yet. Select some in the list of devices, or:', './muster admin bulk tag site=berlin --fleet default'))}`;
}

const STATES = ['waiting', 'done', 'unchanged', 'refused', 'cancelled'];

function jobView(id) {
  const state = STATES.includes(param('state')) ? param('state') : '';
  results.use(`${id}/${state}`);
  return html`${heading('Bulk job', html`<a href="/bulk">all jobs</a>`)}
    ${job.use(id).shown((one) => html`
      <section class="panel" aria-label="Progress">
        <p>${badge(one.state)} <strong>${one.work}</strong> of ${number(one.devices)} devices, ordered by ${one.orderedBy} ${time(one.createdAt)}</p>
        <p><code>${JSON.stringify(one.order)}</code></p>
        <progress max=${one.devices} .value=${one.devices - one.results.waiting} aria-label="Devices that had their turn"></progress>
        <p class="hidden" role="status">${one.state === 'running' ? '' : `The job is ${one.state}.`}</p>
        ${one.state === 'running' && may(WORKS[one.work].role) ? html`<p><button type="button" @click=${() => cancel(one)}>Cancel the rest</button></p>` : nothing}
      </section>
      ${tabs('Results', state, [['', '/bulk/' + part(id), 'All', one.devices],
        ...STATES.map((name) => [name, '/bulk/' + part(id) + query({ state: name }), name, one.results[name]])])}`)}
    ${results.shown((rows) => rows.length
      ? table('Devices', ['Device', 'Result', 'Detail'], rows.map((one) => [
          html`<a href=${'/devices/' + part(one.device)}>${one.device}</a>`, badge(one.state), one.detail ?? nothing]))
      : empty('No device is so.', html`<a href=${'/bulk/' + part(id)}>All of this job</a>`))}`;
}

const cancel = (one) => act(async () => {
  await post(`/bulk/${part(one.id)}/cancel`);
  job.refresh();
  results.refresh();
  say('Cancelled');
});
