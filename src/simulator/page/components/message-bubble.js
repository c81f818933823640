// One line of the thread: who, what, when, and for the account what it cost.

import { ask, resend } from '../actions.js';
import { content } from '../content.js';
import { h, icon } from '../dom.js';
import { age, clock, moment, t } from '../i18n.js';
import { isLocal, picture } from '../media.js';
import { accountName } from '../store.js';

export function avatar(name, url, className = '') {
  const first = [...(name || '?').trim()][0] || '?';
  if (url && isLocal(url)) return picture(url, { className: `avatar ${className}`, quiet: true });
  let hue = 0;
  for (const c of name || '') hue = (hue * 31 + c.codePointAt(0)) % 6;
  return h('span', { class: `avatar avatar-${hue} ${className}`, 'aria-hidden': 'true' }, first);
}

/** Free or billed, in words with an icon: the truth about money. */
export function bill(entry, same) {
  const parts = [];
  if (entry.billed > 0 || entry.via === 'push') {
    const n = entry.billed ?? 1;
    const text = same ? t('bill.push.same') : n > 0 ? t('bill.push', { n, cost: (n * 0.2).toFixed(1) }) : t('bill.push.free');
    parts.push(h('span', { class: n > 0 && !same ? 'bill bill-push' : 'bill bill-free', title: t('bill.push.why') }, icon('coin'), text));
  } else if (entry.via === 'reply') {
    parts.push(h('span', { class: 'bill bill-free', title: t('bill.reply.why') }, icon('check'), t('bill.reply')));
  }
  if (typeof entry.tokenAgeMs === 'number') {
    parts.push(h('span', { class: 'num', title: t('token.why') }, t('token.age', { age: age(entry.tokenAgeMs) })));
  }
  return parts;
}

export class MessageBubble extends HTMLElement {
  /** `data` = {entry, read, grouped, same} or {pending}; `same`: bubble of a push already billed. */
  set data(data) {
    if (data.pending) this.drawPending(data.pending);
    else if (data.entry.unsent) this.drawUnsent(data.entry);
    else if (data.entry.from === 'customer') this.drawCustomer(data);
    else this.drawAccount(data);
  }

  drawUnsent(entry) {
    this.className = 'system';
    this.replaceChildren(h('span', {}, t(entry.from === 'customer' ? 'unsent.you' : 'unsent')));
  }

  drawPending(pending) {
    this.className = 'row row-customer pending';
    const foot = pending.failed
      ? h('button', { type: 'button', class: 'retry', onclick: () => resend(pending.mark) }, icon('warn'), t('send.failed'))
      : h('span', {}, t('send.pending'));
    this.replaceChildren(
      h('div', { class: 'side-notes' }, foot),
      h('div', { class: 'body' }, h('p', { class: 'text-bubble' }, pending.text)));
  }

  drawCustomer({ entry, read }) {
    this.className = 'row row-customer';
    const more = entry.messageId && h('button', {
      type: 'button', class: 'more', 'aria-label': t('bubble.more'),
      onclick: () => ask({ kind: 'message', entry }),
    }, icon('more'));
    this.replaceChildren(
      more || '',
      h('div', { class: 'side-notes' },
        read ? h('span', { class: 'read' }, t('read')) : null,
        this.time(entry)),
      h('div', { class: 'body' }, content(entry)));
  }

  drawAccount({ entry, grouped, same }) {
    const account = accountName() || t('account');
    const sender = entry.message?.sender || {};
    const name = sender.name || account;
    this.className = `row row-account${grouped ? ' grouped' : ''}`;
    const face = sender.iconUrl && isLocal(sender.iconUrl)
      ? picture(sender.iconUrl, { className: 'avatar', quiet: true }) : avatar(name);
    this.replaceChildren(
      h('div', { class: 'face' }, grouped ? null : face),
      h('div', { class: 'body' },
        grouped ? null : h('p', { class: 'sender' }, name,
          sender.name ? h('span', {}, ` ${t('sender.from', { account })}`) : null),
        content(entry),
        h('p', { class: 'foot' }, this.time(entry), bill(entry, same))));
  }

  time(entry) {
    const at = moment(entry.at);
    return h('time', Number.isNaN(at.getTime()) ? {} : { datetime: at.toISOString() }, clock(entry.at));
  }
}
customElements.define('message-bubble', MessageBubble);
