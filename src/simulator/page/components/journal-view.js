// The live journal: each call to the simulator and each webhook it sent; free or billed.

import { h, icon } from '../dom.js';
import { age, number, preciseClock, t } from '../i18n.js';
import { state, subscribe } from '../store.js';

const SHOWN = 120;
const REDRAW_MS = 120;
const FILTERS = {
  all: () => true,
  sends: (line) => line.send,
  billed: (line) => line.billed > 0,
  failed: (line) => line.failed,
};

export class JournalView extends HTMLElement {
  connectedCallback() {
    this.filter = 'all';
    this.top = h('div', { class: 'panel-top' });
    this.figures = h('dl', { class: 'figures' });
    this.tools = h('div', { class: 'segments', role: 'group' });
    this.rows = h('ol', { class: 'journal', tabindex: 0 });
    this.append(this.top, this.figures, this.tools, this.rows);
    this.stop = subscribe(['journal', 'locale', 'quota', 'totals', 'status'], (keys) => this.later(keys));
    this.render(true);
  }

  disconnectedCallback() {
    this.stop();
    clearTimeout(this.timer);
  }

  later(keys) {
    this.whole = this.whole || keys.has('locale');
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.render(this.whole);
      this.whole = false;
    }, REDRAW_MS);
  }

  render(whole) {
    if (whole) {
      this.top.replaceChildren(h('h2', {}, t('journal.title')));
      this.tools.setAttribute('aria-label', t('journal.filter'));
      this.rows.setAttribute('aria-label', t('journal.title'));
      this.renderTools();
      this.drawn = null;
    }
    this.renderFigures();
    const lines = state.journal.filter(FILTERS[this.filter]).slice(-SHOWN).reverse();
    if (lines.length === 0) {
      this.rows.replaceChildren(h('li', { class: 'quiet journal-empty' }, t('journal.empty')));
      this.drawn = null;
      return;
    }
    const old = this.drawn || new Map();
    this.drawn = new Map(lines.map((line) => [line.seq, old.get(line.seq) || this.row(line)]));
    this.rows.replaceChildren(...this.drawn.values());
  }

  renderFigures() {
    const { totals, quota } = state;
    const used = quota ? number(quota.used) + (quota.limit === null ? '' : ` / ${number(quota.limit)}`) : '–';
    const figure = (key, value, className = '') =>
      h('div', { class: className }, h('dt', {}, t(key)), h('dd', { class: 'num' }, value));
    this.figures.replaceChildren(
      figure('journal.free', number(totals.free), 'is-ok'),
      figure('journal.billed', number(totals.billed), totals.billed ? 'is-warn' : ''),
      figure('journal.failed', number(totals.failed), totals.failed ? 'is-danger' : ''),
      figure('journal.quota', used));
  }

  renderTools() {
    this.tools.replaceChildren(...Object.keys(FILTERS).map((name) => h('button', {
      type: 'button', class: 'segment', 'aria-pressed': String(name === this.filter),
      onclick: () => {
        this.filter = name;
        this.render(true);
        this.tools.querySelector('[aria-pressed="true"]').focus();
      },
    }, t(`journal.filter.${name}`))));
  }

  row(line) {
    const out = line.direction === 'out';
    const cost = line.billed > 0
      ? h('span', { class: 'tag tag-warn' }, icon('coin'), t('journal.cost', { n: line.billed }))
      : line.reply && !line.failed ? h('span', { class: 'tag tag-ok' }, icon('check'), t('journal.nocost')) : null;
    const notes = [
      line.note,
      line.fault && t('journal.fault', { fault: line.fault }),
      line.violation,
      line.doubt && t('journal.doubt'),
      line.attempt > 0 && t('journal.attempt', { n: line.attempt + 1 }),
      line.tokenAgeMs !== null && t('token.age', { age: age(line.tokenAgeMs) }),
      line.tookMs !== null && t('journal.took', { n: number(line.tookMs) }),
    ].filter(Boolean);
    return h('li', { class: `journal-row${line.failed ? ' is-failed' : ''}` },
      h('span', { class: 'journal-way', title: t(out ? 'journal.out' : 'journal.in') },
        icon(out ? 'out' : 'in'), h('span', { class: 'sr' }, t(out ? 'journal.out' : 'journal.in'))),
      h('span', { class: 'journal-main' },
        h('span', { class: 'journal-call' }, h('b', {}, out ? t('journal.webhook') : line.method), ' ', line.path.replace(/^\/v2\/bot/, '')),
        notes.length ? h('span', { class: 'journal-note' }, notes.join(' · ')) : null),
      h('span', { class: 'journal-side' },
        h('span', { class: `status ${line.failed ? 'status-bad' : ''} num` },
          line.failed ? icon('warn') : null, line.status || t('journal.silent')),
        cost),
      h('time', { class: 'num journal-time' }, preciseClock(line.at)));
  }
}
customElements.define('journal-view', JournalView);
