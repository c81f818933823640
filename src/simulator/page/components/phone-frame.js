// The phone itself: header, thread, quick replies, composer, rich menu; and what it says when
// the simulator is gone.

import { ask, openDrawer, retry } from '../actions.js';
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { accountName, customer, state, subscribe } from '../store.js';
import { avatar } from './message-bubble.js';

export class PhoneFrame extends HTMLElement {
  connectedCallback() {
    this.top = h('header', { class: 'phone-top' });
    this.banner = h('div', { class: 'banner', role: 'status' });
    this.append(this.top, this.banner,
      document.createElement('thread-view'),
      document.createElement('quick-replies'),
      document.createElement('message-composer'),
      document.createElement('rich-menu'));
    this.stop = subscribe(['channels', 'customers', 'current', 'status', 'locale', 'unread'], () => this.render());
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  render() {
    const account = accountName() || t('account');
    const who = customer();
    const unread = Object.values(state.unread).reduce((a, b) => a + b, 0);
    const focus = document.activeElement?.id;
    this.setAttribute('aria-label', t('phone.name'));
    this.setAttribute('role', 'region');
    this.top.replaceChildren(
      h('button', {
        type: 'button', id: 'open-drawer', class: 'round drawer-button', 'aria-label': t('drawer.open'),
        onclick: () => openDrawer(true),
      }, icon('menu'), unread ? h('span', { class: 'badge' }, unread > 99 ? '99+' : unread) : null),
      avatar(account),
      h('div', { class: 'phone-title' },
        h('h1', {}, account),
        h('p', {}, who ? t('phone.as', { name: who.displayName }) : '',
          who?.friend === false ? h('span', { class: 'tag tag-warn' }, t('friend.blocked')) : null)),
      h('button', {
        type: 'button', id: 'phone-more', class: 'round', 'aria-label': t('phone.more'), disabled: !who,
        onclick: () => ask({ kind: 'customer' }),
      }, icon('more')));
    if (focus) this.top.querySelector(`#${CSS.escape(focus)}`)?.focus();
    this.renderBanner();
  }

  renderBanner() {
    const shown = ['offline', 'error'].includes(state.status);
    this.banner.hidden = !shown;
    this.classList.toggle('is-off', shown);
    if (!shown) return this.banner.replaceChildren();
    const offline = state.status === 'offline';
    return this.banner.replaceChildren(icon(offline ? 'off' : 'warn'),
      h('div', {}, h('strong', {}, t(offline ? 'status.offline' : 'status.error')),
        h('p', {}, offline ? t('status.offline.text') : t('status.error.text', { why: state.problem }))),
      h('button', { type: 'button', class: 'button', onclick: retry }, t('retry')));
  }
}
customElements.define('phone-frame', PhoneFrame);
