// The rich menu under the chat: a bar that opens and closes it, and its tappable areas.

import { toggleMenu } from '../actions.js';
import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { customer, subscribe, thread } from '../store.js';
import { stage } from './image-map.js';

export class RichMenu extends HTMLElement {
  connectedCallback() {
    this.stop = subscribe(['threads', 'current', 'locale', 'customers'], () => this.render());
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  render() {
    const { menuOpen, ...now } = thread();
    // Who has blocked the account sees no menu, as in LINE.
    const richMenu = customer()?.friend === false ? null : now.richMenu;
    const key = JSON.stringify([richMenu, menuOpen, t('menu.open')]);
    if (key === this.drawn) return;
    this.drawn = key;
    this.hidden = !richMenu;
    if (!richMenu) return this.replaceChildren();
    const hadFocus = this.contains(document.activeElement) && document.activeElement.classList.contains('menu-bar');
    const words = richMenu.chatBarText || t('menu.name');
    const bar = h('button', {
      type: 'button', class: 'menu-bar', 'aria-expanded': String(menuOpen), 'aria-controls': 'menu-areas',
      'aria-label': `${words} · ${t(menuOpen ? 'menu.close' : 'menu.open')}`,
      onclick: () => toggleMenu(),
    }, icon(menuOpen ? 'down' : 'up'), words);
    const size = richMenu.size || { width: 2500, height: 1686 };
    const panel = h('div', { id: 'menu-areas', class: 'menu-panel', hidden: !menuOpen },
      menuOpen ? stage(size, richMenu.areas || [], richMenu.imageUrl, words) : null);
    this.replaceChildren(bar, panel);
    if (hadFocus) bar.focus();
    return undefined;
  }
}
customElements.define('rich-menu', RichMenu);
