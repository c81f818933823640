// One LINE message as an element. An unknown type shows its alternative text, never nothing.

import { ask } from './actions.js';
import { api } from './api.js';
import { h, icon } from './dom.js';
import { t } from './i18n.js';
import { picture } from './media.js';

const LINK = /https?:\/\/[^\s<>"'、。,!?)」』]+/g;

/** Text with its web addresses as buttons that ask before opening. */
export function words(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(from, found.index), h('button', {
      type: 'button', class: 'text-link', onclick: () => ask({ kind: 'uri', uri: found[0] }),
    }, found[0]));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function substituted(message) {
  const parts = message.substitution || {};
  return (message.text || '').replace(/\{\{|\}\}|\{(\w{1,20})\}/g, (whole, key) => {
    if (whole === '{{') return '{';
    if (whole === '}}') return '}';
    const part = parts[key];
    if (!part) return whole;
    return part.type === 'mention' ? '@' + (part.mentionee?.userId || t('mention.all')) : '☺';
  });
}

function element(tag, message) {
  const made = document.createElement(tag);
  made.message = message;
  return made;
}

function media(entry, message) {
  const remote = message.previewImageUrl || message.originalContentUrl
    || message.contentProvider?.previewImageUrl || message.contentProvider?.originalContentUrl;
  const id = entry.messageId || message.id;
  const address = remote || (entry.from === 'customer' && id ? api.contentUrl(id) : null);
  const image = picture(address, { className: 'photo', alt: t(`kind.${message.type}`) });
  return message.type === 'video' ? h('div', { class: 'video' }, image, h('span', { class: 'play' }, icon('play'))) : image;
}

function location(message) {
  return h('section', { class: 'card place' },
    h('div', { class: 'place-map', 'aria-hidden': 'true' }, icon('pin')),
    h('div', { class: 'card-body' },
      h('strong', { class: 'card-title' }, message.title || t('kind.location')),
      h('p', { class: 'card-text' }, message.address || ''),
      h('p', { class: 'quiet num' }, `${Number(message.latitude).toFixed(4)}, ${Number(message.longitude).toFixed(4)}`)));
}

export function content(entry) {
  const message = entry.message || {};
  switch (message.type) {
    case 'text':
      return h('p', { class: 'text-bubble' }, words(message.text || ''));
    case 'textV2':
      return h('p', { class: 'text-bubble' }, words(substituted(message)));
    case 'sticker':
      return element('line-sticker', message);
    case 'image':
    case 'video':
      return media(entry, message);
    case 'audio':
      return h('p', { class: 'text-bubble with-icon' }, icon('play'),
        t('audio.length', { n: Math.round((message.duration || 0) / 1000) }));
    case 'file':
      return h('p', { class: 'text-bubble' }, message.fileName || t('kind.file'));
    case 'location':
      return location(message);
    case 'template':
      return element('template-message', message);
    case 'flex':
      return element('flex-message', message);
    case 'imagemap':
      return element('image-map', message);
    default:
      return h('p', { class: 'text-bubble' }, message.altText || t('kind.unknown', { type: message.type || '?' }));
  }
}
