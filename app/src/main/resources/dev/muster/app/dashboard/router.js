// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** All that a view shows is in the URL: a link reproduces it, and the back button works. */
const listeners = new Set();

export const onNavigate = (listener) => listeners.add(listener);
const tell = () => listeners.forEach((listener) => listener());

/** @returns {string[]} the decoded segments of the path */
export const path = () => location.pathname.split('/').filter(Boolean).map(decode);

function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

export const param = (name) => new URLSearchParams(location.search).get(name) ?? '';

/** @returns {string[]} all of a parameter that may stand there again */
export const params = (name) => new URLSearchParams(location.search).getAll(name).filter(Boolean);

export function go(url) {
  history.pushState(null, '', url);
  tell();
}

/** Changes parameters of the URL; empty ones go, and of a list each stands there. */
export function set(values, replace = false) {
  const search = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    search.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one) search.append(name, one);
  }
  const text = search.toString();
  const url = location.pathname + (text ? '?' + text : '');
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  tell();
}

addEventListener('popstate', tell);

document.addEventListener('click', (event) => {
  const link = /** @type {Element} */ (event.target).closest?.('a[href^="/"]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.hasAttribute('download') || link.getAttribute('target')) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
