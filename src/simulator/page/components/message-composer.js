// Where the customer writes: Enter sends, Shift+Enter breaks the line, plus opens the extras.

import { act, ask } from '../actions.js';
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { customer, state, subscribe } from '../store.js';
import { face } from './line-sticker.js';

// A few ids of LINE's "List of available stickers".
const STICKERS = [
  ['446', '1988'], ['446', '1989'], ['446', '1990'], ['446', '1992'],
  ['789', '10855'], ['789', '10856'], ['11537', '52002734'], ['11537', '52002735'],
];
const TEXT_LIMIT = 5000;

export class MessageComposer extends HTMLElement {
  connectedCallback() {
    this.open = false;
    this.stop = subscribe(['locale', 'customers', 'current', 'status'], () => this.render());
    this.field = h('textarea', {
      rows: 1, maxlength: TEXT_LIMIT, class: 'field', id: 'message-field', enterkeyhint: 'send', autocomplete: 'off',
      oninput: () => this.grow(),
      onkeydown: (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        this.send();
      },
    });
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  /** Puts text in the field, as an action with `fillInText` does. */
  write(text) {
    this.field.value = text;
    this.grow();
    this.field.focus();
  }

  grow() {
    this.field.style.height = 'auto';
    this.field.style.height = `${Math.min(this.field.scrollHeight, 110)}px`;
    if (this.sender) this.sender.disabled = !this.ready();
  }

  ready() {
    return this.field.value.trim() !== '' && state.status === 'ready' && customer()?.friend !== false;
  }

  send() {
    if (!this.ready()) return;
    const text = this.field.value.trim();
    this.field.value = '';
    this.grow();
    this.field.focus();
    act({ type: 'text', text });
  }

  toggle(open) {
    this.open = open;
    this.render();
    this.querySelector('.plus')?.focus();
  }

  pick(action) {
    this.toggle(false);
    act(action);
  }

  extras() {
    const stickers = STICKERS.map(([packageId, stickerId]) =>
      h('button', {
        type: 'button', class: 'sticker-choice', 'aria-label': t('sticker.name', { id: `${packageId}/${stickerId}` }),
        onclick: () => this.pick({ type: 'sticker', packageId, stickerId }),
      }, face(packageId, stickerId)));
    return h('div', { class: 'extras', id: 'extras' },
      h('div', { class: 'extras-row' },
        h('button', { type: 'button', class: 'button', onclick: () => this.pick({ type: 'image' }) }, icon('image'), t('extras.image')),
        h('button', { type: 'button', class: 'button', onclick: () => { this.toggle(false); ask({ kind: 'location' }); } }, icon('pin'), t('extras.location'))),
      h('div', { class: 'stickers', role: 'group', 'aria-label': t('kind.sticker') }, stickers));
  }

  render() {
    const focused = document.activeElement === this.field;
    const blocked = customer()?.friend === false;
    this.field.setAttribute('aria-label', t('composer.label'));
    this.field.placeholder = t(blocked ? 'composer.blocked' : 'composer.hint');
    this.field.disabled = blocked;
    if (blocked) this.open = false;
    this.sender = h('button', {
      type: 'button', class: 'round send', 'aria-label': t('composer.send'), disabled: !this.ready(),
      onclick: () => this.send(),
    }, icon('send'));
    this.replaceChildren(
      this.open ? this.extras() : '',
      h('div', { class: 'composer-row' },
        h('button', {
          type: 'button', class: 'round plus', disabled: blocked, 'aria-label': t('composer.more'), 'aria-expanded': String(this.open),
          onclick: () => this.toggle(!this.open),
        }, icon(this.open ? 'close' : 'plus')),
        this.field,
        blocked ? h('button', { type: 'button', class: 'button', onclick: () => act({ type: 'follow' }) }, t('friend.add')) : this.sender));
    if (focused) this.field.focus();
  }
}
customElements.define('message-composer', MessageComposer);
