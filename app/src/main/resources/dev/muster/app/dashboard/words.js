// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** What is typed, word by word: what stands in quotes is one, `site="hall 3"`. */
export const words = (text) => (String(text ?? '').match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''));

/** Names with spaces or commas between. */
export const listed = (text) => words(text).flatMap((word) => word.split(',')).filter(Boolean);

/**
 * Tags as they are typed, `site="hall 3" line=7`. A word by itself is none: it would rather be the rest of a value
 * with a space.
 */
export function readTags(text) {
  const tags = new Map();
  for (const word of listed(text)) {
    const at = word.indexOf('=');
    if (at < 1) throw new Error(`"${word}" is no tag (expected: name=value, with spaces name="some value")`);
    const name = word.slice(0, at);
    if (tags.has(name)) throw new Error(`${name} stands there twice (expected: one value for a name)`);
    tags.set(name, word.slice(at + 1));
  }
  return Object.fromEntries(tags);
}

/** As `readTags` reads them. */
export const writeTags = (tags) => Object.entries(tags).map(([name, value]) => `${name}=${/\s/.test(value) ? `"${value}"` : value}`).join(' ');
