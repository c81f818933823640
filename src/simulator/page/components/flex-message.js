// Flex messages: bubble and carousel, with every component LINE documents.

import { h, setStyle } from '../dom.js';
import * as scale from '../flex-scale.js';
import { t } from '../i18n.js';
import { colour, picture } from '../media.js';
import { labelOf, tap } from '../taps.js';
import { strip } from './template-message.js';

const MAX_DEPTH = 20;

function tappable(element, action) {
  if (!action) return element;
  element.classList.add('tappable');
  element.setAttribute('role', 'button');
  element.setAttribute('tabindex', '0');
  if (action.label && !element.textContent) element.setAttribute('aria-label', action.label);
  const go = (event) => {
    event.stopPropagation();
    event.preventDefault();
    tap(action);
  };
  element.addEventListener('click', go);
  element.addEventListener('keydown', (event) => {
    if (event.target === element && (event.key === 'Enter' || event.key === ' ')) go(event);
  });
  return element;
}

function text(part) {
  const spans = (part.contents || []).map((span) =>
    h('span', { style: scale.textStyle(span) }, span.text || ''));
  const style = {
    ...scale.textStyle(part),
    fontSize: scale.textSize(part.size),
    textAlign: part.align,
    alignSelf: scale.gravity(part.gravity),
  };
  const element = h('div', { class: `fx-text${part.wrap ? ' fx-wrap' : ''}`, style }, spans.length ? spans : part.text || '');
  if (part.wrap && part.maxLines > 0) {
    element.classList.add('fx-clamp');
    element.style.webkitLineClamp = String(part.maxLines);
  }
  return tappable(element, part.action);
}

function button(part) {
  const kind = ['primary', 'secondary'].includes(part.style) ? part.style : 'link';
  const paint = colour(part.color);
  const style = {
    height: part.height === 'sm' ? '40px' : '52px',
    backgroundColor: kind === 'link' ? undefined : paint,
    color: kind === 'link' ? paint : undefined,
    alignSelf: scale.gravity(part.gravity),
  };
  return h('button', { type: 'button', class: `fx-button fx-${kind}`, style, onclick: () => tap(part.action) }, labelOf(part.action));
}

function image(part) {
  const frame = h('div', {
    class: 'fx-image',
    style: {
      justifyContent: scale.align(part.align || 'center'),
      alignSelf: scale.gravity(part.gravity),
    },
  }, picture(part.url, {
    alt: part.action ? labelOf(part.action) : '',
    style: {
      width: scale.imageSize(part.size),
      aspectRatio: scale.ratio(part.aspectRatio),
      objectFit: part.aspectMode === 'cover' ? 'cover' : 'contain',
      backgroundColor: colour(part.backgroundColor),
    },
  }));
  return tappable(frame, part.action);
}

function iconPart(part) {
  const size = scale.textSize(part.size);
  return picture(part.url, {
    className: 'fx-icon', quiet: true,
    style: { height: size, aspectRatio: scale.ratio(part.aspectRatio) },
  });
}

function box(part, depth) {
  const children = part.contents || [];
  const element = h('div', { class: `fx-box fx-${part.layout}`, style: scale.boxStyle(part) });
  children.forEach((child, index) => {
    const drawn = component(child, part.layout, depth + 1);
    if (!drawn) return;
    setStyle(drawn, 'flex', scale.share(child, part.layout));
    const gap = scale.space(child.margin) ?? scale.space(part.spacing);
    if (index > 0 && gap && child.position !== 'absolute') {
      setStyle(drawn, part.layout === 'vertical' ? 'marginTop' : 'marginLeft', gap);
    }
    for (const [name, value] of Object.entries(scale.offsets(child))) setStyle(drawn, name, value);
    element.append(drawn);
  });
  return tappable(element, part.action);
}

function component(part, layout, depth) {
  if (!part || depth > MAX_DEPTH) return null;
  switch (part.type) {
    case 'box':
      return box(part, depth);
    case 'text':
      return text(part);
    case 'button':
      return button(part);
    case 'image':
      return image(part);
    case 'video':
      return part.altContent ? component(part.altContent, layout, depth + 1) : image({ ...part, url: part.previewUrl, size: 'full' });
    case 'icon':
      return iconPart(part);
    case 'separator':
      return h('div', { class: `fx-rule ${layout === 'vertical' ? 'fx-across' : 'fx-down'}`, style: { backgroundColor: colour(part.color) } });
    case 'filler':
    case 'spacer':
      return h('div', { class: 'fx-filler' });
    case 'span':
      return h('span', { style: scale.textStyle(part) }, part.text || '');
    default:
      return null;
  }
}

const BLOCKS = ['header', 'hero', 'body', 'footer'];

function bubble(part) {
  const size = part.size in scale.BUBBLE ? part.size : 'mega';
  const element = h('section', {
    class: `fx-bubble fx-size-${size}`,
    dir: part.direction === 'rtl' ? 'rtl' : 'ltr',
    style: { width: `${scale.BUBBLE[size]}px` },
  });
  let first = true;
  for (const name of BLOCKS) {
    const block = part[name];
    if (!block) continue;
    const look = (part.styles && part.styles[name]) || {};
    const inner = component(block, 'vertical', 0);
    if (!inner) continue;
    if (look.separator && !first) {
      element.append(h('div', { class: 'fx-rule fx-across', style: { backgroundColor: colour(look.separatorColor) } }));
    }
    const last = name === 'body' && part.footer ? ' fx-above-footer' : '';
    element.append(h('div', {
      class: `fx-block fx-${name}${last}`, style: { backgroundColor: colour(look.backgroundColor) },
    }, inner));
    first = false;
  }
  return tappable(element, part.action);
}

export class FlexMessage extends HTMLElement {
  set message(message) {
    const contents = message.contents || {};
    this.title = message.altText || '';
    if (contents.type === 'carousel') {
      this.className = 'wide';
      this.replaceChildren(strip((contents.contents || []).map(bubble), message.altText || t('kind.flex')));
    } else if (contents.type === 'bubble') {
      this.replaceChildren(bubble(contents));
    } else {
      this.replaceChildren(h('p', { class: 'text-bubble' }, message.altText || t('kind.flex')));
    }
  }
}
customElements.define('flex-message', FlexMessage);
