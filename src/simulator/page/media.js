// Which addresses the page may load or open. The simulator never reaches outside this machine:
// a picture elsewhere becomes a labelled placeholder, a link elsewhere waits for a human's yes.

import { h, icon } from './dom.js';
import { t } from './i18n.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function parse(address) {
  try {
    return new URL(String(address), location.href);
  } catch {
    return null;
  }
}

export function isLocal(address) {
  const url = parse(address);
  if (!url) return false;
  if (url.protocol === 'data:') return /^data:image\/(png|jpeg|gif|webp)[;,]/.test(url.href);
  if (!/^https?:$/.test(url.protocol)) return false;
  return url.origin === location.origin || LOOPBACK.test(url.hostname);
}

export function isWeb(address) {
  const url = parse(address);
  return Boolean(url && /^https?:$/.test(url.protocol));
}

export function hostOf(address) {
  const url = parse(address);
  return (url && url.hostname) || t('media.unknown');
}

/** An image element, or a placeholder that says where the image would come from. */
export function picture(address, { alt = '', className = '', style = {}, quiet = false } = {}) {
  const placeholder = () =>
    h('span', { class: `picture-missing ${className}`, style, role: 'img', 'aria-label': alt || t('media.image') },
      icon('image'), quiet ? null : h('small', {}, address ? hostOf(address) : t('media.image')));
  if (!address || !isLocal(address)) return placeholder();
  const image = h('img', { class: className, style, src: String(address), alt, loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () => image.replaceWith(placeholder()), { once: true });
  return image;
}

/** Only plain hex colours pass; anything else is ignored. */
export function colour(value) {
  return /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(value || '') ? value : undefined;
}
