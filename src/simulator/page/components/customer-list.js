// The customers one can be, with the last line and what is unread.

import { addCustomer, attempt, choose, openDrawer, setFollows } from '../actions.js';
import { h, icon } from '../dom.js';
import { clock, number, t } from '../i18n.js';
import { state, subscribe } from '../store.js';
import { avatar } from './message-bubble.js';

const SHOWN = 60;

export class CustomerList extends HTMLElement {
  connectedCallback() {
    this.filter = '';
    this.search = h('input', {
      type: 'search', class: 'field', id: 'customer-search',
      oninput: () => {
        this.filter = this.search.value.trim().toLowerCase();
        this.fill();
      },
    });
    this.heading = h('div', { class: 'panel-top' });
    this.rows = h('ul', { class: 'customers' });
    this.follows = h('label', { class: 'switch' });
    this.append(this.heading, this.follows, this.search, this.rows);
    this.stop = subscribe(['customers', 'current', 'unread', 'lastLine', 'locale', 'status', 'follows'], () => this.later());
    this.render();
  }

  disconnectedCallback() {
    this.stop();
    clearTimeout(this.timer);
  }

  /** A campaign changes many rows at once: at most ten drawings a second. */
  later() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.render();
    }, this.timer === undefined ? 0 : 100);
  }

  render() {
    this.search.placeholder = t('customers.search');
    this.search.setAttribute('aria-label', t('customers.search'));
    this.search.hidden = state.customers.length < 8;
    this.heading.replaceChildren(
      h('h2', {}, t('customers.title'), h('small', { class: 'num' }, ` ${number(state.customers.length)}`)),
      h('button', {
        type: 'button', class: 'button', id: 'add-customer', disabled: state.status !== 'ready',
        onclick: () => attempt(async () => this.pick((await addCustomer()).userId)),
      }, icon('plus'), t('customers.add')));
    this.renderFollows();
    this.fill();
  }

  renderFollows() {
    const focus = this.follows.contains(document.activeElement);
    this.follows.title = t('customers.follows.about');
    this.follows.replaceChildren(
      h('input', {
        type: 'checkbox', role: 'switch', id: 'follows', checked: state.follows,
        onchange: (event) => setFollows(event.target.checked),
      }),
      h('span', {}, t('customers.follows'), h('small', {}, t('customers.follows.about'))));
    if (focus) this.follows.querySelector('input').focus();
  }

  pick(userId) {
    choose(userId);
    openDrawer(false);
  }

  found() {
    const words = (c) => `${c.displayName} ${c.userId}`.toLowerCase();
    const list = state.customers.filter((c) => !this.filter || words(c).includes(this.filter));
    const at = (c) => Number(new Date(state.lastLine[c.userId]?.at ?? 0)) || 0;
    return list.sort((a, b) => at(b) - at(a));
  }

  fill() {
    const focus = this.rows.contains(document.activeElement) && document.activeElement.dataset.user;
    const list = this.found();
    const rows = list.slice(0, SHOWN).map((c) => this.row(c));
    if (list.length > SHOWN) rows.push(h('li', { class: 'quiet more-rows' }, t('customers.rest', { n: number(list.length - SHOWN) })));
    if (list.length === 0) rows.push(h('li', { class: 'quiet more-rows' }, t(this.filter ? 'customers.none' : 'customers.empty')));
    this.rows.replaceChildren(...rows);
    if (focus) [...this.rows.querySelectorAll('button')].find((b) => b.dataset.user === focus)?.focus();
  }

  row(c) {
    const last = state.lastLine[c.userId];
    const unread = state.unread[c.userId] || 0;
    const current = c.userId === state.current;
    const known = state.threads[c.userId]?.phase === 'ready'; // a thread not yet read is not called empty
    return h('li', {}, h('button', {
      type: 'button', class: `customer${unread ? ' is-unread' : ''}`, data: { user: c.userId },
      'aria-current': current ? 'true' : null, onclick: () => this.pick(c.userId),
    },
    avatar(c.displayName, c.pictureUrl),
    h('span', { class: 'customer-words' },
      h('span', { class: 'customer-name' }, c.displayName,
        c.friend === false ? h('span', { class: 'tag tag-warn' }, t('friend.blocked')) : null),
      h('span', { class: 'customer-last' }, last?.text || (known ? t('customers.quiet') : ''))),
    h('span', { class: 'customer-side' },
      last ? h('time', { class: 'num' }, clock(last.at)) : null,
      unread ? h('span', { class: 'badge', 'aria-label': t('customers.unread', { n: unread }) }, unread) : null)));
  }
}
customElements.define('customer-list', CustomerList);
