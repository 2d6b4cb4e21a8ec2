// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, limited } from './api.js';
import { badge, copyable, heading, html, nothing, number, skeleton, Source, table, time } from './ui.js';

const health = new Source((signal) => get('/health', signal), 5000);
const traffic = new Source((signal) => get('/summary/traffic', signal), 5000);
const authorities = new Source((signal) => get('/authorities', signal), 30000);
const policy = new Source((signal) => get('/policy', signal), 30000);

/** Where to go on from what is wrong. */
const NEXT = {
  disk: './muster doctor',
  broker: './muster doctor',
  enrollment: './muster doctor',
  services: './muster admin certificates list',
};

export const healthView = () => html`${heading('Health', health.data ? badge(health.data.status, health.data.status === 'well' ? 'good' : 'bad') : nothing)}
  ${health.use().shown((one) => problems(Object.entries(one.problems)), skeleton(2))}
  ${!limited() && policy.use().data?.problem ? html`<div class="notice bad" role="alert"><strong>The policy file is not followed:</strong> ${policy.data.problem}</div>` : nothing}
  <section class="panel" aria-label="Broker"><h2>Broker</h2>${traffic.use().shown((one) => html`<dl class="facts">
    <dt>Devices connected</dt><dd><a href="/devices?q=is:online">${number(one.online)}</a></dd>
    <dt>Programs connected</dt><dd>${number(one.services)}</dd>
    <dt>Messages since the start</dt><dd>${number(one.messages)}</dd>
    <dt>Dead letters</dt><dd><a href="/dead-letters">${number(one.deadLetters)}</a></dd>
    <dt>As of</dt><dd>${time(one.at, 'local')}</dd></dl>`, skeleton(4))}</section>
  <h2>Certification authorities</h2>
  ${authorities.use().shown((page) => table('Certification authorities', ['Authority', 'State', 'Ends', 'CRL made', 'Next CRL'], page.authorities.map((one) => [
    one.id, badge(one.state, one.state === 'active' ? 'good' : 'plain'), time(one.notAfter),
    one.crl ? time(one.crl.thisUpdate) : nothing,
    one.crl ? overdue(one.crl.nextUpdate) : nothing,
  ])))}
  <h2>More</h2>
  <p>Whether clients without a certificate, with a foreign or a revoked one are turned away, is tried by:</p>
  ${copyable('./muster doctor')}`;

const problems = (all) => all.length
  ? html`<ul class="problems">${all.map(([component, text]) => html`<li class="notice bad"><strong>${component}:</strong> ${text}
      ${NEXT[component] ? copyable(NEXT[component]) : nothing}</li>`)}</ul>`
  : html`<p class="notice good">All components are well.</p>`;

const overdue = (next) => html`${time(next)} ${Date.parse(next) < Date.now() ? badge('overdue', 'bad') : nothing}`;
