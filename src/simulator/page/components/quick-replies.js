// Quick replies of the last message only; they vanish as soon as anything newer arrives.

import { h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { picture } from '../media.js';
import { customer, subscribe, thread } from '../store.js';
import { labelOf, tap } from '../taps.js';

const ICONS = { camera: 'image', cameraRoll: 'image', location: 'pin' };

export class QuickReplies extends HTMLElement {
  connectedCallback() {
    this.setAttribute('role', 'group');
    this.stop = subscribe(['threads', 'current', 'locale', 'customers'], () => this.render());
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  items() {
    const { entries, pending } = thread();
    const last = entries.at(-1);
    if (customer()?.friend === false) return []; // who has blocked the account cannot answer
    if (!last || last.from !== 'account' || pending.length) return [];
    return (last.quickReply || last.message?.quickReply)?.items || [];
  }

  render() {
    const items = this.items();
    this.setAttribute('aria-label', t('quick.name'));
    this.hidden = items.length === 0;
    const key = JSON.stringify(items);
    if (key === this.drawn) return;
    this.drawn = key;
    this.replaceChildren(...items.map((item) => {
      const action = item.action || {};
      const mark = item.imageUrl
        ? picture(item.imageUrl, { className: 'quick-icon', quiet: true })
        : ICONS[action.type] && icon(ICONS[action.type]);
      return h('button', { type: 'button', class: 'chip', onclick: () => tap(action) }, mark, labelOf(action));
    }));
    this.scrollLeft = 0;
  }
}
customElements.define('quick-replies', QuickReplies);
