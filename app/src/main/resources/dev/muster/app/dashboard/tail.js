// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { badge, empty, html, measured, nothing, number, redraw, table, time } from './ui.js';

/** So many rows are kept: more pass by faster than anybody reads. */
const KEPT = 200;

/** What a device says, as it says it. */
class Tail {
  rows = [];
  paused = false;
  missed = 0;
  /** How many came while it stood still. */
  held = 0;

  begin() {
    this.rows = [];
    this.paused = false;
    this.missed = 0;
    this.held = 0;
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
    return html`<div class="bulk">
        ${this.paused ? badge('paused', 'warn') : badge('live', 'good')}
        <button type="button" @click=${() => this.pause()}>${this.paused ? 'Go on' : 'Pause'}</button>
        <button type="button" class="quiet" @click=${() => this.clear()}>Clear</button>
        <span class="muted">${this.paused ? `${number(this.held)} values since` : `the last ${KEPT} values are kept`}${this.missed ? html`, ${number(this.missed)} came too fast to show` : nothing}</span>
      </div>
      ${this.rows.length
        ? table('Values as they come', ['Came', 'Stream', 'Metric', 'Value', 'Measured'], this.rows.map((one) => [
            html`<time datetime=${one.at} title=${one.at + ' (UTC)'}>${new Date(one.at).toLocaleTimeString()}</time>`,
            one.stream, one.metric, html`${measured(one.value)} <span class="muted">${one.unit ?? ''}</span>`, time(one.time)]))
        : empty('Nothing has come since you look.', `./muster admin telemetry latest ${id}`)}`;
  }
}

export const tail = new Tail();
