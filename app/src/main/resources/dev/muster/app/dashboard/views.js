// Copyright The Muster Authors
// SPDX-License-Identifier: Apache-2.0
// @ts-check
import { get, part, put, remove } from './api.js';
import { act, ask, html, nothing, say, Source } from './ui.js';

const views = new Source((signal) => get('/access/views', signal), 30000);

/** Only what leads to a page of ours is a link, whatever the server says. */
const isPage = (path) => path.startsWith('/') && !path.startsWith('//');

const here = () => location.pathname + location.search;

/** What an operator has saved to look at again, of one place. */
export function savedViews(place, worth) {
  const mine = (views.use().data?.views ?? []).filter((one) => isPage(one.path) && one.path.split('?')[0] === place);
  if (!mine.length && !worth) return nothing;
  return html`<ul class="facets" aria-label="Saved views">${mine.map((one) => html`<li class="chip"><a href=${one.path} aria-current=${one.path === here() ? 'page' : nothing}>${one.name}</a>
      <button type="button" class="take" aria-label=${`Forget ${one.name}`} @click=${() => forget(one)}>×</button></li>`)}
    ${worth && !mine.some((one) => one.path === here()) ? html`<li><button type="button" class="chip" @click=${save}>Save this view…</button></li>` : nothing}</ul>`;
}

const save = () => {
  const path = here();
  ask({
    title: 'Save this view',
    text: html`<p>Kept for you, on the server: what you search for, not what is found.</p>`,
    label: 'Save',
    fields: html`<label>Name<input name="name" required maxlength="64" autocomplete="off" autofocus></label>`,
    run: async (form) => {
      const name = form.get('name').trim();
      if (views.data?.views.some((one) => one.name === name)) throw new Error(`There is a view called ${name} (expected: another name, or forget that one first).`);
      await put('/access/views/' + part(name), { path });
      views.refresh();
      say('Saved');
    },
  });
};

const forget = (one) => act(async () => {
  await remove('/access/views/' + part(one.name));
  views.refresh();
  say(`${one.name} is forgotten`);
});
