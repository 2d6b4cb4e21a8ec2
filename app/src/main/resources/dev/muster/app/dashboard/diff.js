// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { html } from './ui.js';

/** JSON as people compare it: names in order, a line for each. */
export const pretty = (value) => JSON.stringify(sorted(value ?? {}), null, 2);

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * What makes one of the other (RFC 7396). What nobody has touched is not in it: a browser has rounded
 * numbers beyond 2^53 when it read them, and would write them so.
 */
export function mergePatch(before, after) {
  const patch = {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    if (pretty({ value: old }) === pretty({ value })) continue;
    patch[name] = isObject(old) && isObject(value) ? mergePatch(old, value) : value;
  }
  return patch;
}

/** More lines than that are told as a whole: comparing takes their square. */
const MOST = 1500;

/** @returns {[string, string][]} lines, each with ' ', '-' or '+' before it */
export function lines(before, after) {
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length > MOST || b.length > MOST) return [...a.map((line) => mark('-', line)), ...b.map((line) => mark('+', line))];
  // How long the longest common rest is from there on.
  const rest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      rest[i][j] = a[i] === b[j] ? rest[i + 1][j + 1] + 1 : Math.max(rest[i + 1][j], rest[i][j + 1]);
    }
  }
  const found = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push(mark(' ', a[i++]));
      j++;
    } else if (i < a.length && (j === b.length || rest[i + 1][j] >= rest[i][j + 1])) found.push(mark('-', a[i++]));
    else found.push(mark('+', b[j++]));
  }
  return found;
}

/** @returns {[string, string]} */
const mark = (sign, line) => [sign, line];

const KINDS = { '-': 'taken', '+': 'given', ' ': 'same' };
const WORDS = { '-': 'removed: ', '+': 'added: ', ' ': '' };

/** What changes, line by line; said, too, as colours and signs say nothing to a screen reader. */
export const difference = (before, after) => html`<pre class="diff" tabindex="0" aria-label="Changes">${lines(before, after).map(([sign, line]) =>
  html`<span class=${KINDS[sign]}><span aria-hidden="true">${sign} </span><span class="hidden">${WORDS[sign]}</span>${line}\n</span>`)}</pre>`;
