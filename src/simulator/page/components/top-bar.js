// Name of the page, state of the connection, language and colours.

import { openDrawer, say, setLocale, setTheme } from '../actions.js';
import { h, icon } from '../dom.js';
import { LOCALES, t } from '../i18n.js';
import { state, subscribe } from '../store.js';

const NEXT = { auto: 'light', light: 'dark', dark: 'auto' };

export class TopBar extends HTMLElement {
  connectedCallback() {
    this.stop = subscribe(['locale', 'theme', 'status'], () => this.render());
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  render() {
    const focus = this.contains(document.activeElement) && document.activeElement.id;
    const dark = state.theme === 'dark';
    const words = { ready: 'status.ready', loading: 'status.loading', offline: 'status.offline', error: 'status.error' };
    document.title = t('title');
    this.replaceChildren(
      h('strong', { class: 'brand' }, t('title')),
      h('span', { class: `state state-${state.status}` },
        icon(state.status === 'ready' ? 'check' : state.status === 'loading' ? 'more' : 'off'), t(words[state.status])),
      h('span', { class: 'spring' }),
      h('label', { class: 'sr', for: 'language' }, t('language')),
      h('select', {
        id: 'language', class: 'field',
        onchange: (event) => setLocale(event.target.value).catch(() => say(t('error.words'))),
      }, LOCALES.map(([value, name]) => h('option', { value, selected: value === state.locale }, name))),
      h('button', { type: 'button', id: 'theme', class: 'button', onclick: () => setTheme(NEXT[state.theme]) },
        icon(dark ? 'moon' : 'sun'), t(`theme.${state.theme}`)),
      h('button', {
        type: 'button', id: 'close-drawer', class: 'round drawer-button', 'aria-label': t('drawer.close'),
        onclick: () => openDrawer(false),
      }, icon('close')));
    if (focus) this.querySelector(`#${CSS.escape(focus)}`)?.focus();
  }
}
customElements.define('top-bar', TopBar);
