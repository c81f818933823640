// Many customers write at once: shows how the service behaves after a broadcast.

import { campaign } from '../actions.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { state, subscribe } from '../store.js';

const SIZES = [10, 50, 200];
const MOST = 1000;

export class CampaignPanel extends HTMLElement {
  connectedCallback() {
    this.count = h('input', { type: 'number', class: 'field num', id: 'campaign-count', min: 1, max: MOST, value: 50, required: true });
    this.text = h('input', { type: 'text', class: 'field', id: 'campaign-text', maxlength: 300, required: true });
    this.stop = subscribe(['locale', 'status'], () => this.render());
    this.busy = false;
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  async run(event) {
    event.preventDefault();
    const count = Math.min(MOST, Math.max(1, Number(this.count.value) || 1));
    this.busy = true;
    this.render();
    await campaign(count, this.text.value.trim());
    this.busy = false;
    this.render();
  }

  render() {
    if (!this.text.value || this.text.value === this.suggested) {
      this.suggested = t('campaign.text.default');
      this.text.value = this.suggested;
    }
    const sizes = SIZES.map((n) => h('button', {
      type: 'button', class: 'segment num', onclick: () => { this.count.value = n; },
    }, n));
    this.replaceChildren(
      h('div', { class: 'panel-top' }, h('h2', {}, t('campaign.title'))),
      h('p', { class: 'quiet' }, t('campaign.about')),
      h('form', { class: 'campaign', onsubmit: (event) => this.run(event) },
        h('label', { for: 'campaign-count' }, t('campaign.count')),
        h('div', { class: 'campaign-count' }, this.count, h('div', { class: 'segments' }, sizes)),
        h('label', { for: 'campaign-text' }, t('campaign.text')),
        this.text,
        h('button', { type: 'submit', class: 'button', disabled: this.busy || state.status !== 'ready' },
          t(this.busy ? 'campaign.busy' : 'campaign.go'))));
  }
}
customElements.define('campaign-panel', CampaignPanel);
