// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { html, nothing, render } from '../lib/lit-html/lit-html.js';
import { ref } from '../lib/lit-html/directives/ref.js';
import { repeat } from '../lib/lit-html/directives/repeat.js';

export { html, nothing, render, ref };

let draw = () => {};

/** Says how the page is drawn anew. */
export const onRedraw = (how) => (draw = how);
export const redraw = () => draw();

const UNITS = [
  [60, 's'],
  [60, 'min'],
  [24, 'h'],
  [Infinity, 'd'],
];

/** `3 min ago`, `in 12 d`. */
export function age(text, now = Date.now()) {
  let amount = Math.abs(now - Date.parse(text)) / 1000;
  if (Number.isNaN(amount)) return '';
  if (amount < 2) return 'now';
  for (const [size, unit] of UNITS) {
    if (amount < Number(size) || size === Infinity) {
      const shown = `${Math.floor(amount)} ${unit}`;
      return Date.parse(text) > now ? `in ${shown}` : `${shown} ago`;
    }
    amount /= Number(size);
  }
  return '';
}

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** Whether times are told in UTC: for whom there is no hovering. */
let utc = localStorage.getItem('utc') === 'on';

export const inUtc = () => utc;

export function toggleUtc() {
  utc = !utc;
  localStorage.setItem('utc', utc ? 'on' : '');
  redraw();
}

const seconds = (text) => new Date(text).toISOString().slice(0, 19).replace('T', ' ') + ' UTC';

/** A time as people read it: how long ago, or the local time; UTC on hover, or all in UTC. */
export function time(text, style = 'age') {
  if (!text) return html`<span class="muted">never</span>`;
  const local = LOCAL.format(new Date(text));
  const shown = utc ? seconds(text) : style === 'age' ? age(text) : style === 'clock' ? new Date(text).toLocaleTimeString() : local;
  return html`<time datetime=${text} title=${utc ? `${age(text)} · ${local}` : `${local} · ${text} (UTC)`}>${shown}</time>`;
}

export const number = (value) => (value ?? 0).toLocaleString();

/** A measured value: numbers so that they can be read. */
export const measured = (value) => typeof value === 'number' ? value.toLocaleString(undefined, { maximumFractionDigits: 6 }) : String(value);

const TONES = {
  active: 'good',
  online: 'good',
  done: 'good',
  well: 'good',
  pending: 'warn',
  held: 'warn',
  queued: 'warn',
  sent: 'warn',
  offline: 'plain',
  retired: 'plain',
  expired: 'plain',
  cancelled: 'plain',
  refused: 'bad',
  revoked: 'bad',
  failed: 'bad',
};

/** A status: told by its word; the colour only helps. */
export const badge = (text, tone = TONES[text] ?? 'plain') => html`<span class="badge ${tone}">${text}</span>`;

/** As long as nothing has come: where it will be. */
export const skeleton = (rows = 6) => html`<div class="skeleton" role="status" aria-label="Loading">
  ${Array.from({ length: rows }, () => html`<div class="bone"></div>`)}
</div>`;

/** Nothing there: why, and the next step. @param next a command to copy, or what else leads on */
export const empty = (text, next) => html`<div class="empty">
  <p>${text}</p>
  ${typeof next === 'string' ? copyable(next) : html`<p>${next}</p>`}
</div>`;

/** A command to copy. */
export const copyable = (command) => html`<div class="command">
  <code tabindex="0">${command}</code>
  <button type="button" class="quiet" @click=${() => copy(command)}>Copy</button>
</div>`;

/** @param said what is told when it is done */
export const copy = (text, said = 'Copied') => act(async () => {
  await navigator.clipboard.writeText(text);
  say(said);
});

export const failure = (problem) => html`<div class="notice bad" role="alert">
  <strong>${problem.status ? 'Refused' : 'No answer'}:</strong> ${problem.message}
</div>`;

const RETRY_MS = 2000;

/** Whatever the page that is drawn has asked for. */
let inUse = new Set();

/**
 * Draws a view, and finds out since when something that it shows is old, though the server answers: it has said no;
 * and of when the oldest is that is asked for again and again, which is what it is all worth if nobody answers.
 *
 * @returns {[unknown, {at: number, reason: string} | null, number]} the last is 0 as long as nothing has come
 */
export function drawn(view) {
  inUse = new Set();
  const content = view();
  const asked = [...inUse].filter((one) => one.data !== undefined).sort((a, b) => a.answeredAt - b.answeredAt);
  const old = asked.find((one) => one.isOld());
  return [content, old ? { at: old.answeredAt, reason: old.problem.message } : null, asked.find((one) => one.everyMs)?.answeredAt ?? 0];
}

/**
 * What a view asks the server for: kept while the same, asked again every so often.
 * `shown(data)` draws it when it is there, and what came before stays while the next is on its way.
 */
export class Source {
  constructor(ask, everyMs = 0) {
    this.ask = ask;
    this.everyMs = everyMs;
    this.data = undefined;
    this.problem = null;
    this.at = 0;
    this.answeredAt = 0;
    this.key = undefined;
    this.running = null;
  }

  /** Asks, if that is due or `key` has changed. */
  use(key = '') {
    inUse.add(this);
    const other = key !== this.key;
    if (other) {
      this.key = key;
      this.data = undefined;
      this.problem = null;
    }
    if (other || (!this.running && this.isDue())) this.refresh();
    return this;
  }

  /** Whether what is there is shown in place of what was asked for last and refused. */
  isOld() {
    return this.data !== undefined && Boolean(this.problem?.status);
  }

  isDue() {
    const pause = this.problem && !this.problem.status ? RETRY_MS : this.everyMs;
    return pause > 0 && Date.now() - this.at > pause;
  }

  async refresh() {
    this.stop();
    const running = new AbortController();
    this.running = running;
    try {
      const data = await this.ask(running.signal, this.key);
      if (this.running !== running) return;
      this.data = data;
      this.answeredAt = Date.now();
      this.problem = null;
    } catch (problem) {
      if (this.running !== running) return;
      this.problem = problem;
    }
    this.at = Date.now();
    this.running = null;
    redraw();
  }

  /** What is under way is given up. */
  stop() {
    this.running?.abort();
    this.running = null;
  }

  shown(view, waiting = skeleton()) {
    if (this.problem && this.data === undefined) return failure(this.problem);
    return this.data === undefined ? waiting : view(this.data);
  }
}

/** A list that is read in pages, one after the other. */
export class Pages {
  constructor(ask, everyMs = 0) {
    this.more = [];
    this.reading = false;
    this.ask = ask;
    this.first = new Source(async (signal, key) => {
      const page = await ask(key, null, signal);
      this.more = [];
      return page;
    }, everyMs);
  }

  use(key) {
    if (key !== this.first.key) this.more = [];
    // Who has read on, or is about to, is not to lose his place.
    else if (this.more.length || this.reading) {
      inUse.add(this.first);
      return this;
    }
    this.first.use(key);
    return this;
  }

  get rows() {
    return this.first.data ? [...this.first.data.rows, ...this.more.flatMap((page) => page.rows)] : [];
  }

  get next() {
    return (this.more.at(-1) ?? this.first.data)?.next;
  }

  async readOn() {
    if (this.reading) return;
    const [{ key }, { next }] = [this.first, this];
    this.reading = true;
    this.first.stop();
    try {
      const page = await this.ask(key, next);
      if (key === this.first.key && next === this.next) this.more.push(page);
    } finally {
      this.reading = false;
      redraw();
    }
  }

  refresh() {
    return this.first.refresh();
  }

  standsStill() {
    return html`<p class="asof muted">As of ${time(new Date(this.first.answeredAt).toISOString())}, and not asked for again by itself since you have read on.
      <button type="button" class="quiet" @click=${() => this.refresh()}>Look again</button></p>`;
  }

  shown(view) {
    return html`${this.more.length ? this.standsStill() : nothing}
    ${this.first.shown(() => view(this.rows))}
    ${this.next ? html`<p class="more"><button type="button" @click=${() => act(() => this.readOn())}>Show more</button></p>` : nothing}`;
  }
}

/**
 * A table; the first column is a row's heading. On narrow screens each row becomes a card, and only
 * the roles still say that it is a table. A heading that sorts is a link: `{text, href, sort}`, of which `sort`
 * is `ascending`, `descending` or none. Where rows have buttons, `keys` tell what each is about: a row that another comes
 * before stays the same, and who is on its button does not find himself on that of another.
 */
export const table = (caption, heads, rows, keys = rows.map((_, i) => i)) => html`<div class="scroll"><table role="table">
  <caption class="hidden">${caption}</caption>
  <thead role="rowgroup"><tr role="row">${heads.map((head) => html`<th role="columnheader" scope="col" aria-sort=${head.sort || nothing}>${head.href
    ? html`<a href=${head.href}>${head.text}${head.sort ? html`<span aria-hidden="true">${head.sort === 'ascending' ? ' ▲' : ' ▼'}</span>` : nothing}</a>` : head}</th>`)}</tr></thead>
  <tbody role="rowgroup">${repeat(rows, (_, i) => keys[i], (cells) => html`<tr role="row">${cells.map((cell, i) =>
    i === 0 ? html`<th role="rowheader" scope="row">${cell}</th>` : html`<td role="cell" data-head=${heads[i].text ?? heads[i]}>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;

export const heading = (title, beside = nothing) => html`<header class="heading"><h1 tabindex="-1">${title}</h1><div class="beside">${beside}</div></header>`;

let message = '';
let timer = 0;

/** Tells in passing, also to screen readers. */
export function say(text) {
  message = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    message = '';
    redraw();
  }, 6000);
  redraw();
}

export const spoken = () => html`<div class="toast ${message ? 'shown' : ''}" role="status" aria-live="polite">${message}</div>`;

/** Does something, and says so if it is refused. */
export async function act(what) {
  try {
    return await what();
  } catch (problem) {
    say(problem.message);
    return undefined;
  }
}

/** For `ref`: shows a dialog over all else, and says when it is closed. */
export function modal(closed) {
  return (element) => {
    if (!element) return;
    element.addEventListener('close', () => {
      closed();
      redraw();
      // The browser goes back to where one was, if that is still there.
      if (document.activeElement === document.body) document.querySelector('h1')?.focus();
    });
    // It is not in the page yet, and what is not cannot be shown.
    queueMicrotask(() => element.showModal());
  };
}

let dialog = null;

/**
 * Asks before something is done.
 *
 * @param {{title: string, text: unknown, typed?: string, label: string, fields?: unknown, run: (form: FormData) => Promise<unknown>}} question
 *   `typed` is what must be typed first
 */
export function ask(question) {
  dialog = { ...question, problem: null, result: null };
  redraw();
}

/** Shows what there is to read, or to take along. */
export function tell(title, content) {
  dialog = { title, result: content };
  redraw();
}

function close(element) {
  element.closest('dialog').close();
}

const opened = modal(() => (dialog = null));

async function submit(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  const asked = dialog;
  if (asked.busy) return;
  if (asked.typed && form.get('typed') !== asked.typed) {
    asked.problem = `Type ${asked.typed} to go on.`;
    redraw();
    return;
  }
  asked.busy = true;
  redraw();
  try {
    asked.result = (await asked.run(form)) ?? null;
    if (asked.result === null && dialog === asked) close(event.target);
  } catch (problem) {
    asked.problem = problem.message;
  }
  asked.busy = false;
  redraw();
}

export const asked = () => dialog === null ? nothing : html`<dialog ${ref(opened)} aria-labelledby="question">
  <h2 id="question">${dialog.title}</h2>
  ${dialog.result !== null
    ? html`<div role="status">${dialog.result}</div>
      <div class="buttons"><button type="button" autofocus @click=${(event) => close(event.target)}>Close</button></div>`
    : html`<form @submit=${submit}>
      <div class="text">${dialog.text}</div>
      ${dialog.fields ?? nothing}
      ${dialog.typed ? html`<label>Type <code>${dialog.typed}</code> to confirm<input name="typed" autocomplete="off" autofocus></label>` : nothing}
      ${dialog.problem ? html`<p class="notice bad" role="alert">${dialog.problem}</p>` : nothing}
      <div class="buttons">
        <button type="button" @click=${(event) => close(event.target)}>Cancel</button>
        <button class=${dialog.typed ? 'danger' : 'main'} ?disabled=${dialog.busy}>${dialog.label}</button>
      </div>
    </form>`}
</dialog>`;

/** Tabs that are links. */
export const tabs = (label, chosen, all) => html`<nav class="tabs" aria-label=${label}>
  ${all.map(([name, href, text, count]) => html`<a href=${href} aria-current=${name === chosen ? 'page' : nothing}>${text}${count ? html` <span class="count">${number(count)}</span>` : nothing}</a>`)}
</nav>`;
