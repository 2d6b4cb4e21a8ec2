// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, limited, query } from './api.js';
import { badge, copyable, failure, heading, html, nothing, number, skeleton, Source, time } from './ui.js';

let before = null;

const identities = new Source((signal) => get('/summary/identities', signal), 5000);
const health = new Source((signal) => get('/health', signal), 5000);
const alarms = new Source((signal) => get('/sessions/alarms', signal), 5000);
const traffic = new Source(async (signal) => {
  const now = await get('/summary/traffic', signal);
  const seconds = before ? (Date.parse(now.at) - Date.parse(before.at)) / 1000 : 0;
  // Fewer than before: the broker has been started anew.
  now.rate = seconds > 0 && now.messages !== null && now.messages >= before.messages ? (now.messages - before.messages) / seconds : null;
  before = now;
  return now;
}, 5000);

/** Whom the broker has never seen, counted as the list behind the number counts. */
const NEVER = 'is:never status:active';
const never = new Source((signal) => get('/facets/devices' + query({ q: NEVER }), signal), 10000);

const tile = (href, label, value, note = nothing, tone = '') => html`<a class="tile ${tone}" href=${href}>
  <span class="value">${typeof value === 'number' ? number(value) : value}</span>
  <span class="label">${label}</span>
  ${note === nothing ? nothing : html`<span class="note">${note}</span>`}
</a>`;

const tones = (value, tone) => (value > 0 ? tone : '');

export function overviewView() {
  identities.use();
  health.use();
  if (!limited()) alarms.use();
  traffic.use();
  never.use();
  return html`${heading('Fleet', healthBadge())}
    ${identities.problem && !identities.data ? failure(identities.problem) : nothing}
    ${identities.data && traffic.data ? numbers(identities.data, traffic.data) : skeleton(8)}`;
}

const healthBadge = () => health.data
  ? html`${badge(health.data.status, health.data.status === 'well' ? 'good' : 'bad')}`
  : nothing;

function numbers(known, now) {
  const total = Object.values(known.devices).reduce((sum, one) => sum + one, 0);
  const raised = limited() || alarms.data ? known.alarms + (alarms.data?.alarms.length ?? 0) : '…';
  return html`
    ${Object.entries(health.data?.problems ?? {}).map(([part, text]) => html`<div class="notice bad" role="alert"><strong>${part}:</strong> ${text}</div>`)}
    ${total === 0 ? firstSteps() : nothing}
    <h2>Devices</h2>
    <div class="tiles">
      ${tile('/devices?q=is:online', 'online', now.online, `of ${number(total)} known`, tones(now.online, 'good'))}
      ${tile('/devices?q=is:offline', 'offline', now.offline)}
      ${tile('/devices' + query({ q: NEVER }), 'never connected', never.data?.devices ?? '…', 'enrolled, not seen by the broker')}
      ${tile('/enrollment', 'waiting for approval', known.waiting, nothing, tones(known.waiting, 'warn'))}
      ${tile('/certificates?list=overdue', 'renewals overdue', known.certificates.overdue, nothing, tones(known.certificates.overdue, 'warn'))}
      ${tile('/devices?q=status:refused', 'refused', known.devices.refused)}
      ${tile('/devices?q=status:retired', 'retired', known.devices.retired)}
    </div>
    <h2>Traffic</h2>
    <div class="tiles">
      ${now.messages === null ? nothing : tile('/telemetry', 'messages a second', now.rate === null ? '…' : now.rate < 10 ? now.rate.toFixed(1) : Math.round(now.rate), `${number(now.messages)} since the start`)}
      ${tile('/dead-letters', 'dead letters', now.deadLetters, nothing, tones(now.deadLetters, 'warn'))}
      ${tile('/enrollment?tab=alarms', 'alarms', raised, nothing, tones(raised, 'bad'))}
    </div>
    <h2>Certificates by their end</h2>
    ${ends(known.certificates)}
    <p class="muted asof">As of ${time(known.at)}; every 5 seconds anew.</p>`;
}

/** As the lists behind them, each number has in it what ends sooner. */
function ends(counts) {
  const within7Days = counts.ended + counts.within7Days;
  const within30Days = within7Days + counts.within30Days;
  const bars = [
    ['ended', counts.ended, '/certificates?days=0', 'bad'],
    ['within 7 days', within7Days, '/certificates?days=7', 'warn'],
    ['within 30 days', within30Days, '/certificates?days=30', 'plain'],
    ['within 90 days', within30Days + counts.within90Days, '/certificates?days=90', 'plain'],
    ['later', counts.later, '/devices' + query({ q: 'cert.expires>90d' }), 'good'],
  ];
  const most = Math.max(1, ...bars.map(([, count]) => count));
  return html`<div class="bars">${bars.map(([label, count, href, tone]) => html`<a href=${href}>
    <span>${label}</span>
    <svg class=${tone} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect height="10" width=${(100 * count) / most}></rect></svg>
    <span class="value">${number(count)}</span>
  </a>`)}</div>`;
}

const firstSteps = () => html`<div class="empty">
  <p>No device has come yet. First say whose devices are let in, then let one enroll; or look at a simulated fleet:</p>
  ${copyable('./muster admin manufacturers add acme --ca acme-ca.pem')}
  ${copyable('./muster simulate --devices 25')}
</div>`;
