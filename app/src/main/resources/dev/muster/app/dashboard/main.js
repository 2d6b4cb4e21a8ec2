// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { contact, limited, lookWho, me, onChange, signOut } from './api.js';
import { accessView } from './access.js';
import { auditView } from './audit.js';
import { bulkView } from './bulk.js';
import { certificatesView } from './certificates.js';
import { deviceView, stopFollowing } from './device.js';
import { devicesView } from './devices.js';
import { enrollmentView } from './enrollment.js';
import { exploreView } from './explore.js';
import { healthView } from './health.js';
import { helpDialog, PLACES, showHelp } from './keys.js';
import { lettersView } from './letters.js';
import { overviewView } from './overview.js';
import { policyView } from './policy.js';
import { go, onNavigate, path } from './router.js';
import { next, setUpView, signInView } from './sign-in.js';
import { act, age, asked, drawn, html, inUtc, nothing, onRedraw, redraw, render, skeleton, spoken, toggleUtc } from './ui.js';

const VIEWS = {
  '': overviewView,
  access: accessView,
  audit: auditView,
  bulk: bulkView,
  certificates: certificatesView,
  'dead-letters': lettersView,
  devices: () => (path().length > 1 ? deviceView(path()[1]) : devicesView()),
  enrollment: enrollmentView,
  health: healthView,
  policy: policyView,
  telemetry: exploreView,
};

/** About all fleets: closed to who is limited to some. */
const OF_ALL = ['/policy', '/audit'];

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
let scheduled = false;

/** Draws once, however often it is asked for until then. */
onRedraw(() => {
  if (!scheduled) {
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  }
});

/** What has asked for the focus last. */
let wanted = null;

/** What had the focus and cannot while something is under way: a button that was pressed. */
let resting = null;

/**
 * Draws, and sees to the focus: who had it on what is no longer drawn goes on with what has taken its place, or with
 * the heading; and what asks for it gets it once, unless somebody is elsewhere already. A browser does the latter only
 * for what is there when a page is loaded.
 */
function draw() {
  const around = [];
  for (let one = document.activeElement; one && one !== document.body; one = one.parentElement) around.push(one);
  render(page(), app);
  const [had] = around;
  if (had && !had.isConnected) {
    const left = around.find((one) => one.isConnected) ?? app;
    /** @type {HTMLElement | null} */ (left.querySelector('[autofocus]') ?? app.querySelector('h1'))?.focus();
  }
  if (had?.matches(':disabled')) {
    resting = had;
  } else if (resting && !resting.matches(':disabled')) {
    if (resting.isConnected && document.activeElement === document.body) resting.focus();
    resting = null;
  }
  const wants = /** @type {HTMLElement | null} */ (app.querySelector('main [autofocus]'));
  if (wants && wants !== wanted && (document.activeElement === document.body || document.activeElement?.matches('h1'))) wants.focus();
  wanted = wants;
  if (revealed !== location.href) reveal();
}

/** Of which address the links in the bars were brought into sight. */
let revealed = '';

/** Where one is, is seen in bars, too, that are wider than the window. */
function reveal() {
  for (const here of app.querySelectorAll('nav [aria-current]')) {
    const bar = /** @type {HTMLElement} */ (here.closest('nav'));
    const [link, all] = [here.getBoundingClientRect(), bar.getBoundingClientRect()];
    bar.scrollLeft += link.left - all.left - (all.width - link.width) / 2;
    revealed = location.href;
  }
}

function page() {
  const place = path()[0] ?? '';
  if (!me || place !== 'devices' || path().length < 2) stopFollowing();
  if (place === 'setup') return setUpView();
  if (me === undefined) return html`<main>${contact.lostAt ? banner() : skeleton()}</main>`;
  if (me === null) return signInView();
  const view = VIEWS[place] ?? (() => html`<h1 tabindex="-1">Nothing here</h1><p><a href="/">Back to the overview</a></p>`);
  const [content, old, oldest] = drawn(view);
  return html`<a class="skip" href="#main" @click=${skip}>Skip to content</a>
    <div class="shell">
      <header class="top">
        <a class="brand" href="/">Muster</a>
        <nav aria-label="Main">${PLACES.filter(([, href]) => !limited() || !OF_ALL.includes(href)).map(([, href, name]) => html`<a href=${href} aria-current=${href === '/' + place ? 'page' : nothing}>${name}</a>`)}</nav>
        <div class="who">
          <button type="button" class="quiet" title="Times in UTC (z)" aria-label="Times in UTC" aria-pressed=${inUtc()} @click=${toggleUtc}>UTC</button>
          <button type="button" class="quiet" title="Light, dark, or as the system" aria-label="Colours" @click=${nextTheme}>◐</button>
          <button type="button" class="quiet" title="Keys (?)" aria-label="Keys" @click=${showHelp}>?</button>
          <span class="name">${me.operator} <span class="muted">${me.role}${limited() ? ` of ${me.fleets.join(', ')}` : nothing}</span></span>
          <button type="button" class="quiet" @click=${() => act(signOut)}>Sign out</button>
        </div>
      </header>
      ${banner(old, oldest)}
      <main id="main" tabindex="-1">${content}</main>
    </div>
    ${spoken()}${asked()}${helpDialog()}`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/**
 * What is shown is as old as its answers: said, as soon as there are none, or others than those that were asked for.
 *
 * @param {{at: number, reason: string} | null} old
 */
function banner(old = null, oldest = 0) {
  if (contact.lostAt) return told(`No connection: ${contact.reason}`, oldest || contact.last || contact.lostAt, 'Trying again…');
  return old ? told(`Not all is up to date: ${old.reason}`, old.at) : nothing;
}

const told = (what, since, more = '') => html`<div class="banner" role="alert">${what}. What you see is from ${age(new Date(since).toISOString())}. ${more}</div>`;

const THEMES = ['', 'light', 'dark'];

function nextTheme() {
  const now = document.documentElement.dataset.theme ?? '';
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  localStorage.setItem('theme', next);
  applyTheme(next);
}

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  redraw();
}

/** Whose data this page holds. */
let operator = null;

/** Who is signed out in the middle comes back to where he was; another begins with an empty page. */
function watchSession() {
  const place = path()[0] ?? '';
  if (me && operator !== null && operator !== me.operator) {
    location.reload();
    return;
  }
  operator = me?.operator ?? operator;
  if (me === null && place !== 'sign-in' && place !== 'setup') {
    history.replaceState(null, '', '/sign-in?next=' + encodeURIComponent(location.pathname + location.search));
  } else if (me && place === 'sign-in') {
    go(next());
  }
  redraw();
}

let titled = '';

/** Draws at once: whatever is typed next is meant for what is there then. */
function navigated() {
  draw();
  if (titled !== location.pathname) {
    titled = location.pathname;
    document.title = [...path().slice(-1), 'Muster'].join(' · ');
    // A screen reader goes on from the new page's heading.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (document.activeElement === document.body && !document.querySelector('[autofocus]')) document.querySelector('h1')?.focus();
    }));
  }
}

onChange(watchSession);
onNavigate(navigated);
addEventListener('resize', reveal);
applyTheme(localStorage.getItem('theme') ?? '');
navigated();

let looking = false;

/** Asks who is signed in, until there is an answer. */
async function look() {
  if (looking) return;
  looking = true;
  try {
    await lookWho();
    looking = false;
  } catch {
    setTimeout(() => {
      looking = false;
      look();
    }, 2000);
  }
}

look();
// Meanwhile one may have signed in anew in another tab, as somebody else.
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look());
// The second click of two that go together is meant for what was there at the first, not for the row that has moved up.
document.addEventListener('click', (event) => {
  if (event.detail > 1 && /** @type {Element} */ (event.target).closest('tbody button')) event.stopPropagation();
}, true);
// Ages go on, and sources ask again when they are due; where none does, somebody has to find out whether there is an answer.
setInterval(() => {
  if (document.visibilityState !== 'visible') return;
  if (contact.lostAt) look();
  redraw();
}, 1000);
