// What LINE should do wrong: each switch takes effect at once. "After" faults strike when the call
// was already accepted: the caller is told otherwise.

import { setFaults, setRedeliver } from '../actions.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { state, subscribe } from '../store.js';

const COMMON = ['latencyBefore', 'outage', 'errorBefore', 'rateLimit', 'monthlyLimit', 'hangBefore'];
const DOUBT = ['latencyAfter', 'hangAfter', 'errorAfter', 'resetBefore', 'resetAfter'];
const WAITS = { latencyBefore: [500, 2000, 5000], latencyAfter: [500, 2000, 5000], hangBefore: [5000, 15000, 60000], hangAfter: [5000, 15000, 60000] };
const CHANCES = [1, 0.5, 0.1];
const LIVES = [30000, 10000, 3000, 1000];

export class FaultPanel extends HTMLElement {
  connectedCallback() {
    this.open = false;
    this.stop = subscribe(['faults', 'redeliver', 'locale', 'status'], () => this.render());
    this.render();
  }

  disconnectedCallback() {
    this.stop();
  }

  change(patch) {
    const next = { ...state.faults, ...patch };
    for (const key of Object.keys(next)) if (next[key] === null) delete next[key];
    return setFaults(next);
  }

  render() {
    const focus = this.contains(document.activeElement) && document.activeElement.id;
    const faults = state.faults;
    const on = faults ? [...COMMON, ...DOUBT, 'tokenLifeMs'].filter((key) => active(faults[key])) : [];
    const doubtOn = DOUBT.some((key) => on.includes(key));
    const top = h('div', { class: 'panel-top' },
      h('h2', {}, t('faults.title'), on.length ? h('small', { class: 'tag tag-warn' }, t('faults.on', { n: on.length })) : null),
      h('button', {
        type: 'button', class: 'button', id: 'faults-clear', disabled: on.length === 0, onclick: () => setFaults({}),
      }, t('faults.clear')));
    if (!faults) {
      this.replaceChildren(top, h('p', { class: 'quiet' }, t(state.status === 'loading' ? 'thread.loading' : 'faults.none')));
      return;
    }
    this.replaceChildren(top,
      h('div', { class: 'faults' },
        COMMON.map((key) => this.row(key, faults[key])),
        this.lifeRow(faults.tokenLifeMs),
        state.redeliver === null ? null : this.redeliverRow()),
      h('details', {
        open: this.open || doubtOn,
        ontoggle: (event) => { this.open = event.target.open; },
      }, h('summary', { id: 'faults-doubt' }, t('faults.doubt')), h('div', { class: 'faults' }, DOUBT.map((key) => this.row(key, faults[key])))));
    if (focus) this.querySelector(`#${CSS.escape(focus)}`)?.focus();
  }

  toggle(id, words, about, checked, set) {
    return h('label', { class: 'switch', for: id },
      h('input', { type: 'checkbox', role: 'switch', id, checked, disabled: state.status !== 'ready', onchange: (event) => set(event.target.checked) }),
      h('span', {}, words, about ? h('small', {}, about) : null));
  }

  row(key, fault) {
    const on = active(fault);
    const waits = WAITS[key];
    const fresh = { probability: 1, ...(waits ? { ms: waits[1] } : {}) };
    return h('div', { class: `fault${on ? ' is-on' : ''}` },
      this.toggle(`fault-${key}`, t(`fault.${key}`), t(`fault.${key}.about`), on, (yes) => this.change({ [key]: yes ? fresh : null })),
      on ? h('div', { class: 'fault-more' },
        waits ? this.select(`wait-${key}`, t('fault.wait'), waits, fault.ms, (ms) => t('age.seconds', { n: ms / 1000 }), (ms) => this.change({ [key]: { ...fault, ms } })) : null,
        this.select(`chance-${key}`, t('fault.chance'), CHANCES, fault.probability, (p) => `${Math.round(p * 100)}%`, (probability) => this.change({ [key]: { ...fault, probability } }))) : null);
  }

  lifeRow(life) {
    const on = active(life);
    return h('div', { class: `fault${on ? ' is-on' : ''}` },
      this.toggle('fault-tokenLifeMs', t('fault.tokenLifeMs'), t('fault.tokenLifeMs.about'), on, (yes) => this.change({ tokenLifeMs: yes ? 3000 : null })),
      on ? h('div', { class: 'fault-more' },
        this.select('wait-tokenLifeMs', t('fault.tokenLifeMs'), LIVES, life, (ms) => t('age.seconds', { n: ms / 1000 }), (ms) => this.change({ tokenLifeMs: ms }))) : null);
  }

  redeliverRow() {
    return h('div', { class: 'fault' },
      this.toggle('fault-redeliver', t('fault.redeliver'), t('fault.redeliver.about'), Boolean(state.redeliver), setRedeliver));
  }

  /** A choice of numbers; a value set elsewhere joins the list. */
  select(id, label, choices, value, words, set) {
    const all = choices.includes(value) || value === undefined ? choices : [value, ...choices];
    return h('select', {
      id, class: 'field', 'aria-label': label, onchange: (event) => set(Number(event.target.value)),
    }, all.map((choice) => h('option', { value: choice, selected: choice === value }, words(choice))));
  }
}

const active = (fault) => fault !== null && fault !== undefined && fault !== false;

customElements.define('fault-panel', FaultPanel);
