// One short sentence about what just happened.

import { h } from '../dom.js';
import { state, subscribe } from '../store.js';

export class ToastLine extends HTMLElement {
  connectedCallback() {
    this.setAttribute('role', 'status');
    this.stop = subscribe(['toast'], () => {
      this.replaceChildren(state.toast ? h('p', {}, state.toast) : '');
    });
  }

  disconnectedCallback() {
    this.stop();
  }
}
customElements.define('toast-line', ToastLine);
