// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** What the server says no to; `detail` is meant for people. */
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** Who is signed in; null for nobody, undefined as long as that is not known. */
export let me;

/** When an answer came last, and since when none has: what the banner tells. */
export const contact = { last: 0, lostAt: 0, reason: '' };

const listeners = new Set();

/** Calls back whenever `me` or `contact` may have changed. */
export function onChange(listener) {
  listeners.add(listener);
}

const changed = () => listeners.forEach((listener) => listener());

/**
 * A server that has not answered a question by then will not: it gives up itself after 15 s, of which a query takes 10.
 * What it is asked to do may take longer.
 */
const PATIENCE_MS = 30000;

async function send(method, path, body, signal, more = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: 'application/json', ...more };
  const file = body instanceof Blob;
  if (body !== undefined) headers['Content-Type'] = file ? 'application/octet-stream' : 'application/json';
  if (method !== 'GET' && me?.csrf) headers['X-CSRF-Token'] = me.csrf;
  const patience = new AbortController();
  const timer = method === 'GET' ? setTimeout(() => patience.abort(new Error('the server does not answer')), PATIENCE_MS) : 0;
  let response;
  let text;
  try {
    response = await fetch('/api/v1' + path, {
      method,
      headers,
      body: body === undefined || file ? body : JSON.stringify(body),
      credentials: 'same-origin',
      signal: AbortSignal.any([patience.signal, ...(signal ? [signal] : [])]),
    });
    text = await response.text();
  } catch (problem) {
    if (!signal?.aborted) lost('the server does not answer');
    throw problem;
  } finally {
    clearTimeout(timer);
  }
  contact.last = Date.now();
  contact.lostAt = 0;
  changed();
  if (response.status === 403 && method !== 'GET' && await isSignedInAnew()) return send(method, path, body, signal, more);
  return read(response, text);
}

/**
 * Whether the same operator has signed in anew in another tab: this one has said the token of the session before then,
 * and nothing was done.
 */
async function isSignedInAnew() {
  const before = me;
  const now = before && await lookWho();
  return Boolean(now) && now.operator === before.operator && now.csrf !== before.csrf;
}

function lost(reason) {
  contact.lostAt ||= Date.now();
  contact.reason = reason;
  changed();
}

function read(response, text) {
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    throw new Refusal(response.status, 'the answer is not JSON');
  }
  if (response.ok) return json;
  if (response.status === 401 && me) {
    me = null;
    changed();
  }
  throw new Refusal(response.status, json?.detail ?? json?.title ?? `status ${response.status}`);
}

export const get = (path, signal) => send('GET', path, undefined, signal);
export const post = (path, body = {}) => send('POST', path, body);
export const put = (path, body) => send('PUT', path, body);
export const patch = (path, body) => send('PATCH', path, body);
export const remove = (path) => send('DELETE', path);

/** Changes what was looked at, and nothing else: 412 if it is another by now. */
export const seen = (method, path, tag, body) => send(method, path, body, undefined, { 'If-Match': tag });

/** Makes something of which there is to be one, though the answer be lost: it is asked for again then. */
export async function postOnce(path, body) {
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const once = () => send('POST', path, body, undefined, headers);
  try {
    return await once();
  } catch (problem) {
    if (problem instanceof Refusal) throw problem;
    return once();
  }
}

/** One segment of a path, or a value of a query. */
export const part = (value) => encodeURIComponent(value);

/** A query string of what is not empty. */
export function query(values) {
  const pairs = [];
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') pairs.push(`${name}=${part(one)}`);
    }
  }
  return pairs.length ? '?' + pairs.join('&') : '';
}

addEventListener('offline', () => lost('this machine is off the network'));

/** Asks who is signed in; throws if nobody knows. */
export async function lookWho() {
  try {
    me = await get('/access/session');
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    me = null;
  }
  changed();
  return me;
}

export async function signIn(name, password) {
  me = await post('/access/session', { name, password });
  changed();
}

/** With the certificate that the browser has shown. */
export async function signInByCertificate() {
  me = await post('/access/session', { certificate: true });
  changed();
}

export async function setUp(link, name, password) {
  me = await post('/access/setup', { link, name, password });
  changed();
}

export async function signOut() {
  await remove('/access/session');
  me = null;
  changed();
}

const RANKS = ['viewer', 'operator', 'officer', 'admin'];

/** Whether who is signed in is limited to some fleets: what is about all of them is closed to him. */
export const limited = () => (me?.fleets?.length ?? 0) > 0;

/** Whether who is signed in may do what this role may; the server decides, this only hides. */
export const may = (role) => RANKS.indexOf(me?.role) >= RANKS.indexOf(role);
