// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { go } from './router.js';
import { html, modal, nothing, redraw, ref, toggleUtc } from './ui.js';

/** Where `g` and a letter lead. */
export const PLACES = [
  ['o', '/', 'Overview'],
  ['d', '/devices', 'Devices'],
  ['t', '/telemetry', 'Telemetry'],
  ['e', '/enrollment', 'Enrollment'],
  ['c', '/certificates', 'Certificates'],
  ['l', '/dead-letters', 'Dead letters'],
  ['p', '/policy', 'Policy'],
  ['u', '/audit', 'Audit'],
  ['a', '/access', 'Access'],
  ['h', '/health', 'Health'],
];

let pending = 0;
let help = false;

/** Who dictates, or hits keys by accident, can do without them (WCAG 2.1.4); kept in this browser. */
let working = localStorage.getItem('keys') !== 'off';

function turn(on) {
  working = on;
  localStorage.setItem('keys', on ? 'on' : 'off');
  redraw();
}

const isTyping = (element) => element.isContentEditable
  || (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && element.type !== 'checkbox');

/** Moves among the rows' links, as the arrow keys do in lists. */
function step(by) {
  const links = [...document.querySelectorAll('main tbody th a, main tbody th button')];
  const at = links.indexOf(document.activeElement);
  const next = links[Math.max(0, Math.min(links.length - 1, at === -1 ? 0 : at + by))];
  /** @type {HTMLElement | undefined} */ (next)?.focus();
}

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (isTyping(target)) {
    if (event.key === 'Escape') target.blur();
    return;
  }
  if (!working) return;
  const went = Date.now() - pending < 1500 && PLACES.find(([key]) => key === event.key);
  pending = 0;
  if (went) go(went[1]);
  else if (event.key === 'g') pending = Date.now();
  else if (event.key === 'j') step(1);
  else if (event.key === 'k') step(-1);
  else if (event.key === 'x') /** @type {HTMLElement | null | undefined} */ (target.closest('tr')?.querySelector('input.select'))?.click();
  else if (event.key === 'z') toggleUtc();
  else if (event.key === '?') help = true;
  else if (event.key === '/') {
    const search = /** @type {HTMLElement | null} */ (document.querySelector('main input[type=search]'));
    if (search) search.focus();
    else go('/devices?focus=search');
  } else return;
  event.preventDefault();
  redraw();
});

const opened = modal(() => (help = false));

export function showHelp() {
  help = true;
  redraw();
}

export const helpDialog = () => !help ? nothing : html`<dialog ${ref(opened)} aria-labelledby="keys">
  <h2 id="keys">Keys</h2>
  <dl class="keys">
    <dt><kbd>/</kbd></dt><dd>search</dd>
    <dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next and previous row; <kbd>Enter</kbd> opens it</dd>
    <dt><kbd>x</kbd></dt><dd>select the row, or not</dd>
    ${PLACES.map(([key, , name]) => html`<dt><kbd>g</kbd> <kbd>${key}</kbd></dt><dd>${name}</dd>`)}
    <dt><kbd>z</kbd></dt><dd>times in UTC, or local again</dd>
    <dt><kbd>?</kbd></dt><dd>this help; <kbd>Esc</kbd> closes it</dd>
  </dl>
  <p><label class="check"><input type="checkbox" .checked=${working} @change=${(event) => turn(event.target.checked)}>These keys work</label></p>
  <form method="dialog" class="buttons"><button autofocus>Close</button></form>
</dialog>`;
