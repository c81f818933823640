// Template messages: buttons, confirm, carousel, image_carousel.

import { h } from '../dom.js';
import { t } from '../i18n.js';
import { colour, picture } from '../media.js';
import { labelOf, tap } from '../taps.js';

function actionButton(action) {
  return h('button', { type: 'button', class: 'card-action', onclick: () => tap(action) }, labelOf(action));
}

function image(part, shape) {
  if (!part.thumbnailImageUrl) return null;
  const square = (shape.imageAspectRatio || 'rectangle') === 'square';
  const style = {
    aspectRatio: square ? '1 / 1' : '1.51 / 1',
    objectFit: shape.imageSize === 'contain' ? 'contain' : 'cover',
    backgroundColor: colour(part.imageBackgroundColor || shape.imageBackgroundColor),
  };
  return picture(part.thumbnailImageUrl, { className: 'card-image', style, alt: part.title || '' });
}

function card(part, shape = part) {
  const body = h('div', { class: 'card-body' },
    part.title ? h('strong', { class: 'card-title' }, part.title) : null,
    h('p', { class: 'card-text' }, part.text || ''));
  const top = [image(part, shape), body];
  const head = part.defaultAction
    ? h('button', { type: 'button', class: 'card-head', onclick: () => tap(part.defaultAction) }, top)
    : h('div', { class: 'card-head' }, top);
  return h('section', { class: 'card' }, head, h('div', { class: 'card-actions' }, (part.actions || []).map(actionButton)));
}

function confirm(template) {
  return h('section', { class: 'card card-confirm' },
    h('div', { class: 'card-body' }, h('p', { class: 'card-text' }, template.text || '')),
    h('div', { class: 'card-actions' }, (template.actions || []).map(actionButton)));
}

/** Cards side by side; arrow keys and swipes scroll them. */
export function strip(cards, label) {
  return h('div', { class: 'strip', tabindex: 0, role: 'group', 'aria-label': label }, cards);
}

function imageColumn(column) {
  const action = column.action || {};
  const label = labelOf(action);
  return h('button', { type: 'button', class: 'card image-column', onclick: () => tap(action) },
    picture(column.imageUrl, { alt: label }), h('span', { class: 'image-label' }, label));
}

export class TemplateMessage extends HTMLElement {
  set message(message) {
    const template = message.template || {};
    this.title = message.altText || '';
    this.replaceChildren(this.draw(template, message.altText || t('kind.template')));
  }

  draw(template, alt) {
    switch (template.type) {
      case 'buttons':
        return card(template);
      case 'confirm':
        return confirm(template);
      case 'carousel':
        this.className = 'wide';
        return strip((template.columns || []).map((column) => card(column, { ...template, ...column })), alt);
      case 'image_carousel':
        this.className = 'wide';
        return strip((template.columns || []).map(imageColumn), alt);
      default:
        return h('p', { class: 'text-bubble' }, alt);
    }
  }
}
customElements.define('template-message', TemplateMessage);
