// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { contact } from './api.js';
import { badge, empty, html, measured, nothing, number, redraw, table, time } from './ui.js';

/** So many rows are kept: more pass by faster than anybody reads. */
const KEPT = 200;

/** How far the stream is, and how that looks. */
const STATES = { 'connecting…': 'plain', live: 'good', 'reconnecting…': 'bad' };

/** What a device says, as it says it. */
class Tail {
  rows = [];
  paused = false;
  /** Of the stream, one of `STATES`. */
  state = 'connecting…';
  missed = 0;
  /** How many came while it stood still. */
  held = 0;

  begin() {
    this.rows = [];
    this.paused = false;
    this.state = 'connecting…';
    this.missed = 0;
    this.held = 0;
  }

  opened() {
    this.state = 'live';
    redraw();
  }

  lost() {
    this.state = 'reconnecting…';
    redraw();
  }

  take(values) {
    if (this.paused) {
      this.held += values.length;
      return;
    }
    const at = new Date().toISOString();
    this.rows = [...values.map((value) => ({ ...value, at })).reverse(), ...this.rows].slice(0, KEPT);
  }

  miss(told) {
    this.missed = told.values;
  }

  pause() {
    this.paused = !this.paused;
    this.held = 0;
    redraw();
  }

  clear() {
    this.rows = [];
    redraw();
  }

  view(id) {
    // A stream may be gone without a word; then nothing else comes either.
    const state = this.state === 'live' && contact.lostAt ? 'reconnecting…' : this.state;
    return html`<div class="bulk">
        ${this.paused ? badge('paused', 'warn') : nothing}
        ${this.paused && state === 'live' ? nothing : badge(state, STATES[state])}
        <button type="button" @click=${() => this.pause()}>${this.paused ? 'Go on' : 'Pause'}</button>
        <button type="button" class="quiet" @click=${() => this.clear()}>Clear</button>
        <span class="muted">${this.paused ? `${number(this.held)} values since` : `the last ${KEPT} values are kept`}${this.missed ? html`, ${number(this.missed)} came too fast to show` : nothing}</span>
      </div>
      ${this.rows.length
        ? table('Values as they come', ['Came', 'Stream', 'Metric', 'Value', 'Measured'], this.rows.map((one) => [
            time(one.at, 'clock'),
            one.stream, one.metric, html`${measured(one.value)} <span class="muted">${one.unit ?? ''}</span>`, time(one.time)]))
        : empty('Nothing has come since you look.', `./muster admin telemetry latest ${id}`)}`;
  }
}

export const tail = new Tail();
