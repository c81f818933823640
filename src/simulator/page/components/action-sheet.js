// Questions that rise from the bottom of the phone: open a link? which date? where? which message?

import { act, ask } from '../actions.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { hostOf, isLocal, isWeb } from '../media.js';
import { customer, state, subscribe } from '../store.js';
import { copy } from '../taps.js';

const INPUT = { date: 'date', time: 'time', datetime: 'datetime-local' };
const PLACES = [
  ['台北 101', '110 台北市信義區信義路五段 7 號', 25.033964, 121.564468],
  ['高雄駁二藝術特區', '803 高雄市鹽埕區大勇路 1 號', 22.620067, 120.281464],
];

export class ActionSheet extends HTMLElement {
  connectedCallback() {
    this.dialog = h('dialog', {
      class: 'sheet',
      onclose: () => state.sheet && ask(null),
      onclick: (event) => event.target === this.dialog && this.dialog.close(),
    });
    this.append(this.dialog);
    this.stop = subscribe(['sheet'], () => this.render());
  }

  disconnectedCallback() {
    this.stop();
  }

  render() {
    const sheet = state.sheet;
    if (!sheet) return this.dialog.open && this.dialog.close();
    const body = this[sheet.kind](sheet);
    const title = h('h2', { id: 'sheet-title' }, body.title);
    this.dialog.setAttribute('aria-labelledby', 'sheet-title');
    this.dialog.replaceChildren(title, ...body.parts, this.button(t('cancel'), () => {}));
    this.place();
    if (!this.dialog.open) this.dialog.showModal();
    return undefined;
  }

  /** Over the phone, not over the page. */
  place() {
    const frame = document.querySelector('phone-frame').getBoundingClientRect();
    this.dialog.style.left = `${frame.left}px`;
    this.dialog.style.width = `${frame.width}px`;
    this.dialog.style.bottom = `${Math.max(0, window.innerHeight - frame.bottom)}px`;
  }

  button(words, run, className = '') {
    return h('button', {
      type: 'button', class: `button sheet-button ${className}`,
      onclick: () => {
        this.dialog.close();
        run();
      },
    }, words);
  }

  uri({ uri }) {
    const parts = [h('p', { class: 'sheet-address' }, uri || '')];
    if (isWeb(uri)) {
      parts.push(h('p', { class: 'quiet' }, isLocal(uri) ? t('uri.local') : t('uri.outside', { host: hostOf(uri) })));
      parts.push(h('a', {
        class: 'button primary sheet-button', href: uri, target: '_blank', rel: 'noopener noreferrer',
        onclick: () => this.dialog.close(),
      }, t('uri.open')));
    } else {
      parts.push(h('p', { class: 'quiet' }, t('uri.app')));
    }
    parts.push(this.button(t('uri.copy'), () => copy(uri || '')));
    return { title: t('uri.title'), parts };
  }

  datetime({ action }) {
    const mode = action.mode in INPUT ? action.mode : 'date';
    const native = (value) => (value || '').replace(' ', 'T').replace('t', 'T') || undefined;
    const input = h('input', {
      type: INPUT[mode], class: 'field', id: 'sheet-input', 'aria-label': action.label || t('date.title'),
      min: native(action.min), max: native(action.max), value: native(action.initial) || today(mode), required: true,
    });
    const send = h('button', { type: 'submit', class: 'button primary sheet-button' }, t('date.send'));
    const form = h('form', {
      class: 'sheet-form',
      onsubmit: (event) => {
        event.preventDefault();
        this.dialog.close();
        act({ type: 'postback', data: action.data || '', params: { [mode]: input.value.slice(0, 16) } });
      },
    }, input, send);
    return { title: action.label || t('date.title'), parts: [form] };
  }

  location() {
    const parts = PLACES.map(([title, address, latitude, longitude]) =>
      this.button(title, () => act({ type: 'location', title, address, latitude, longitude })));
    return { title: t('location.title'), parts };
  }

  message({ entry }) {
    const text = entry.message?.text;
    const parts = [this.button(t('bubble.unsend'), () => act({ type: 'unsend', messageId: entry.messageId }), 'danger')];
    if (text) parts.unshift(this.button(t('bubble.copy'), () => copy(text)));
    return { title: t('bubble.title'), parts };
  }

  customer() {
    const who = customer();
    const blocked = who?.friend === false;
    const type = blocked ? 'follow' : 'unfollow';
    const parts = [
      h('p', { class: 'quiet' }, t(blocked ? 'friend.add.text' : 'friend.block.text')),
      this.button(t(blocked ? 'friend.add' : 'friend.block'), () => act({ type }), blocked ? '' : 'danger'),
      this.button(t('friend.copy'), () => copy(who?.userId || '')),
    ];
    return { title: who?.displayName || '', parts };
  }
}

function today(mode) {
  const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString();
  return { date: now.slice(0, 10), time: now.slice(11, 16), datetime: now.slice(0, 16) }[mode];
}

customElements.define('action-sheet', ActionSheet);
