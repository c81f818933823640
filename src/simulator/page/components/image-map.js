// An imagemap: one picture with tappable areas, measured on a base 1040 wide.
// Where the picture cannot be shown the areas are drawn with their labels.

import { h } from '../dom.js';
import { t } from '../i18n.js';
import { isLocal } from '../media.js';
import { labelOf, tap } from '../taps.js';

/** Buttons over `size`; with `bare` their labels and outlines are drawn. */
export function areas(list, size, bare) {
  const percent = (value, whole) => `${(100 * value) / (whole || 1)}%`;
  return list.map(({ bounds, action }) =>
    h('button', {
      type: 'button',
      class: `area${bare ? ' area-bare' : ''}`,
      'aria-label': labelOf(action),
      title: labelOf(action),
      style: {
        left: percent(bounds.x, size.width),
        top: percent(bounds.y, size.height),
        width: percent(bounds.width, size.width),
        height: percent(bounds.height, size.height),
      },
      onclick: () => tap(action),
    }, bare ? h('span', {}, labelOf(action)) : null));
}

/** A stage of the given proportions with its areas; falls back to drawn areas. */
export function stage(size, list, imageUrl, alt) {
  const holder = h('div', { class: 'stage', style: { aspectRatio: `${size.width} / ${size.height}` } });
  const bare = () => holder.replaceChildren(...areas(list, size, true));
  if (!imageUrl || !isLocal(imageUrl)) {
    bare();
    return holder;
  }
  const image = h('img', { src: imageUrl, alt, decoding: 'async' });
  image.addEventListener('error', bare, { once: true });
  holder.append(image, ...areas(list, size, false));
  return holder;
}

export class ImageMap extends HTMLElement {
  set message({ baseUrl, baseSize, actions, altText }) {
    const size = { width: 1040, height: 1040, ...baseSize };
    const list = (actions || [])
      .filter((action) => action.area)
      .map(({ area, ...action }) => ({ bounds: area, action: { ...action, uri: action.linkUri } }));
    this.title = altText || '';
    this.className = 'wide';
    const url = baseUrl ? `${baseUrl}/700` : null;
    this.replaceChildren(stage(size, list, url, altText || t('kind.imagemap')));
  }
}
customElements.define('image-map', ImageMap);
