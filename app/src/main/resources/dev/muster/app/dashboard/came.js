// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check

/** So many values of a series are kept: minutes of what is shown, which is four a second at most. */
const KEPT = 1000;

export const nameOf = (one) => `${one.stream}/${one.metric}`;
const isBefore = (one, other) => Date.parse(one.time) < Date.parse(other.time);

/**
 * What a device has said since it is looked at. It is acknowledged, but the database may be behind: what that answers
 * takes nothing of it back.
 */
class Came {
  /** By series, in the order of their times. */
  values = new Map();

  begin() {
    this.values.clear();
  }

  take(values) {
    for (const value of values) {
      const of = this.values.get(nameOf(value)) ?? [];
      // Who has to ask for the stream again may be told what was sent again.
      if (of.length && !isBefore(of.at(-1), value)) continue;
      of.push(value);
      this.values.set(nameOf(value), of.slice(-KEPT));
    }
  }

  /** Of each series the newest: what is stored, or what came. */
  newest(stored) {
    const all = new Map(stored.map((one) => [nameOf(one), one]));
    for (const [name, of] of this.values) {
      const known = all.get(name);
      if (!known || isBefore(known, of.at(-1))) all.set(name, of.at(-1));
    }
    return [...all.values()];
  }

  /** A series of values as they came, with those that are not stored yet. Of a mean there is no next. */
  goneOn(series) {
    const last = series.points.at(-1);
    const more = last.min === undefined ? (this.values.get(nameOf(series)) ?? []).filter((one) => isBefore(last, one)) : [];
    return more.length ? { ...series, points: [...series.points, ...more] } : series;
  }
}

export const came = new Came();
