// Words, times and numbers in the chosen language. Missing keys show as themselves: easy to see.

import { state } from './store.js';

export const LOCALES = [
  ['zh-TW', '繁體中文'],
  ['zh-CN', '简体中文'],
  ['en', 'English'],
];

const dictionaries = {};

export function addWords(locale, words) {
  dictionaries[locale] = words;
}

export function hasWords(locale) {
  return Boolean(dictionaries[locale]);
}

export function has(key) {
  return Boolean(dictionaries[state.locale] && key in dictionaries[state.locale]);
}

/** t('bill.push', {n: 2}) fills `{n}`. */
export function t(key, values = {}) {
  const words = dictionaries[state.locale] || dictionaries['zh-TW'] || {};
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Milliseconds, seconds or an RFC 3339 string: one Date. */
export function moment(at) {
  if (typeof at === 'number') return new Date(at < 1e11 ? at * 1000 : at);
  return new Date(at);
}

const ZONE = 'Asia/Taipei';
const clockFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE, hour: '2-digit', minute: '2-digit', hour12: false,
});
const preciseFormat = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
});
const dayFormat = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit',
});

const guard = (format, at) => {
  const date = moment(at);
  return Number.isNaN(date.getTime()) ? '' : format.format(date);
};

export const clock = (at) => guard(clockFormat, at);
export const preciseClock = (at) => guard(preciseFormat, at);
export const day = (at) => guard(dayFormat, at).replaceAll('-', '/');

export function dayTitle(at) {
  const name = day(at);
  if (name === day(Date.now())) return t('day.today');
  if (name === day(Date.now() - 86400000)) return t('day.yesterday');
  return name;
}

export const number = (n) => Number(n).toLocaleString('en-US');

/** A token's age: one decimal under ten seconds, whole seconds above. */
export function age(ms) {
  const seconds = Math.max(0, ms) / 1000;
  return t('age.seconds', { n: seconds < 10 ? seconds.toFixed(1) : Math.round(seconds) });
}
