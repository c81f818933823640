// The thread: day separators, bubbles, the loading dots, and a beginner's first suggestions.

import { act, reloadThread } from '../actions.js';
import { h } from '../dom.js';
import { day, dayTitle, has, t } from '../i18n.js';
import { accountName, subscribe, thread } from '../store.js';

const HINTS = 6;
// Bubbles of one push carry the same time, give or take the clock's reading.
const SAME_CALL_MS = 5;

export class ThreadView extends HTMLElement {
  connectedCallback() {
    this.list = h('div', { class: 'thread-list', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions' });
    this.append(this.list);
    this.shown = new Map();
    this.stop = subscribe(['threads', 'current', 'locale', 'channels'], (keys) => this.render(keys));
    this.addEventListener('load', () => this.pinned && this.toEnd(), true);
    this.addEventListener('scroll', () => {
      this.pinned = this.scrollHeight - this.scrollTop - this.clientHeight < 80;
    }, { passive: true });
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(this);
    this.pinned = true;
    this.render(new Set(['current']));
  }

  disconnectedCallback() {
    this.stop();
    clearTimeout(this.timer);
  }

  render(keys) {
    const fresh = keys.has('current') || keys.has('locale') || keys.has('channels');
    if (fresh) this.shown.clear();
    this.list.setAttribute('aria-label', t('thread.name'));
    const now = thread();
    const nodes = [];
    if (now.phase === 'error') nodes.push(this.notice('thread.error', true));
    else if (now.phase === 'loading') nodes.push(this.skeleton());
    else if (now.entries.length + now.pending.length === 0) nodes.push(this.welcome());
    nodes.push(...this.lines(now), ...this.waiting(now));
    const kept = new Set(nodes);
    for (const child of [...this.list.children]) if (!kept.has(child)) child.remove();
    nodes.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] || null);
    });
    const count = now.entries.length + now.pending.length;
    if (fresh || this.pinned || (now.pending.length && count !== this.count)) this.toEnd();
    this.count = count;
  }

  lines(now) {
    const nodes = [];
    let today = '';
    let before = null;
    for (const entry of now.entries) {
      const date = day(entry.at);
      if (date !== today) {
        nodes.push(this.keep(`day/${date}`, '', () => h('p', { class: 'system day' }, h('span', {}, dayTitle(entry.at)))));
        before = null;
      }
      today = date;
      const grouped = Boolean(before && !before.unsent && before.from === entry.from
        && before.message?.sender?.name === entry.message?.sender?.name);
      const read = entry.seq <= now.readSeq;
      const same = Boolean(before && entry.via && entry.via !== 'reply' && before.via === entry.via
        && entry.at - before.at <= SAME_CALL_MS);
      const version = JSON.stringify([entry, read, grouped, same]);
      nodes.push(this.keep(`seq/${entry.seq}`, version, () => this.bubble({ entry, read, grouped, same })));
      before = entry;
    }
    for (const pending of now.pending) {
      nodes.push(this.keep(`mark/${pending.mark}`, String(pending.failed), () => this.bubble({ pending })));
    }
    return nodes;
  }

  bubble(data) {
    const made = document.createElement('message-bubble');
    made.data = data;
    return made;
  }

  /** The node of `key`, made anew only when `version` differs. */
  keep(key, version, make) {
    const old = this.shown.get(key);
    if (old && old.version === version) return old.node;
    const node = make();
    this.shown.set(key, { version, node });
    return node;
  }

  waiting(now) {
    clearTimeout(this.timer);
    const left = now.loadingUntil - Date.now();
    if (left <= 0) return [];
    this.timer = setTimeout(() => this.render(new Set()), left);
    return [this.keep('dots', t('loading.name'), () =>
      h('div', { class: 'dots', role: 'status', 'aria-label': t('loading.name') }, h('i'), h('i'), h('i')))];
  }

  skeleton() {
    return this.keep('skeleton', '', () =>
      h('div', { class: 'skeleton', 'aria-busy': 'true', 'aria-label': t('thread.loading') }, h('i'), h('i'), h('i')));
  }

  notice(key, retry) {
    return h('div', { class: 'notice', role: 'alert' }, h('p', {}, t(key)),
      retry ? h('button', { type: 'button', class: 'button', onclick: reloadThread }, t('retry')) : null);
  }

  welcome() {
    const chips = [];
    for (let n = 1; n <= HINTS && has(`hint.${n}`); n += 1) {
      const send = t(`hint.${n}`);
      const gloss = has(`hint.${n}.gloss`) ? t(`hint.${n}.gloss`) : '';
      chips.push(h('button', { type: 'button', class: 'hint', onclick: () => act({ type: 'text', text: send }) },
        send, gloss ? h('small', {}, gloss) : null));
    }
    const account = accountName() || t('account');
    return h('section', { class: 'welcome' },
      h('strong', {}, t('welcome.title', { account })),
      h('p', {}, t('welcome.text')),
      h('div', { class: 'hints' }, chips));
  }

  toEnd() {
    this.scrollTop = this.scrollHeight;
  }
}
customElements.define('thread-view', ThreadView);
