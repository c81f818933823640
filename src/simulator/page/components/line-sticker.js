// A sticker. LINE's artwork cannot be fetched, so each id gets its own small drawn face.

import { h, svg } from '../dom.js';
import { t } from '../i18n.js';

const FILLS = ['#ffd23f', '#ff9b85', '#9bd770', '#7cc6fe', '#c9a7eb', '#ffb347'];
const MOUTHS = [
  'M34 60q16 18 32 0',
  'M36 62q14 10 28 0q-14 22-28 0z',
  'M38 66q12-12 24 0',
  'M40 63h20',
  'M44 62a6 7 0 1 0 12 0a6 7 0 1 0-12 0',
];
const EYES = ['dot', 'wink', 'arc'];

function eye(kind, x, right) {
  if (kind === 'arc' || (kind === 'wink' && right)) {
    return svg('path', { d: `M${x - 6} 44q6-8 12 0`, fill: 'none', stroke: '#3b2f14', 'stroke-width': 4, 'stroke-linecap': 'round' });
  }
  return svg('circle', { cx: x, cy: 42, r: 4.5, fill: '#3b2f14' });
}

/** The same id always gives the same face. */
export function face(packageId, stickerId) {
  let seed = 7;
  for (const c of `${packageId}/${stickerId}`) seed = (seed * 31 + c.charCodeAt(0)) >>> 0;
  const kind = EYES[(seed >>> 3) % EYES.length];
  return svg('svg', { viewBox: '0 0 100 100', class: 'sticker-face', 'aria-hidden': 'true' },
    svg('circle', { cx: 50, cy: 50, r: 44, fill: FILLS[seed % FILLS.length] }),
    svg('ellipse', { cx: 26, cy: 57, rx: 7, ry: 4, fill: '#f47c6c', opacity: 0.6 }),
    svg('ellipse', { cx: 74, cy: 57, rx: 7, ry: 4, fill: '#f47c6c', opacity: 0.6 }),
    eye(kind, 35, false),
    eye(kind, 65, true),
    svg('path', {
      d: MOUTHS[(seed >>> 6) % MOUTHS.length], fill: '#fff', stroke: '#3b2f14',
      'stroke-width': 4, 'stroke-linecap': 'round', 'stroke-linejoin': 'round',
    }));
}

export class LineSticker extends HTMLElement {
  set message({ packageId, stickerId, text, keywords }) {
    const words = text || (keywords || []).slice(0, 3).join('、');
    const name = t('sticker.name', { id: `${packageId}/${stickerId}` });
    this.setAttribute('role', 'img');
    this.setAttribute('aria-label', words ? `${name} ${words}` : name);
    this.title = name;
    this.replaceChildren(face(packageId, stickerId), words ? h('small', {}, words) : '');
  }
}
customElements.define('line-sticker', LineSticker);
