// The sizes of Flex messages (LINE's "Flex Message elements" and "layout" pages) as CSS values.
// Only keywords, numbers with px / %, and hex colours pass through.

import { colour } from './media.js';

const TEXT = {
  xxs: 11, xs: 13, sm: 14, md: 16, lg: 19, xl: 22, xxl: 29, '3xl': 35, '4xl': 48, '5xl': 74,
};
const IMAGE = {
  xxs: 40, xs: 60, sm: 80, md: 100, lg: 120, xl: 140, xxl: 160, '3xl': 180, '4xl': 200, '5xl': 220,
};
const SPACE = { none: 0, xs: 2, sm: 4, md: 8, lg: 12, xl: 16, xxl: 20 };
const BORDER = { none: 0, light: 0.5, normal: 1, medium: 2, 'semi-bold': 3, bold: 4 };
const ALIGN = { start: 'flex-start', end: 'flex-end', center: 'center' };
const GRAVITY = { top: 'flex-start', bottom: 'flex-end', center: 'center' };
const JUSTIFY = new Set([
  'center', 'flex-start', 'flex-end', 'space-between', 'space-around', 'space-evenly',
]);
const POSITION = { offsetTop: 'top', offsetBottom: 'bottom', offsetStart: 'left', offsetEnd: 'right' };

export const BUBBLE = { nano: 120, micro: 160, deca: 220, hecto: 241, kilo: 260, mega: 300, giga: 386 };

/** '12px', '50%' and keywords of `scale`; anything else is undefined. */
function measure(value, scale) {
  if (value === undefined || value === null) return undefined;
  if (Object.hasOwn(scale, value)) return `${scale[value]}px`;
  return /^-?\d+(\.\d+)?(px|%)$/.test(value) ? value : undefined;
}

export const space = (value) => measure(value, SPACE);
export const textSize = (value) => measure(value || 'md', TEXT) || '16px';
export const imageSize = (value) => (value === 'full' ? '100%' : measure(value || 'md', IMAGE) || '100px');
export const ratio = (value) => {
  const found = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(value || '1:1');
  return found ? `${found[1]} / ${found[2]}` : '1 / 1';
};
export const align = (value) => ALIGN[value];
export const gravity = (value) => GRAVITY[value];

/** How a component shares its parent's room. */
export function share(part, layout) {
  const across = layout !== 'vertical';
  const fixed = ['icon', 'separator', 'spacer'].includes(part.type) || (part.type === 'box' && part.width);
  const fallback = across && !fixed ? 1 : 0;
  if (part.type === 'filler') return `${part.flex ?? 1} 1 0`;
  const weight = Number.isFinite(part.flex) ? part.flex : fallback;
  if (weight === 0) return '0 0 auto';
  return across ? `${weight} 1 0` : `${weight} 0 auto`;
}

export function offsets(part) {
  const style = {};
  if (part.position === 'absolute') style.position = 'absolute';
  else if (part.position === 'relative' || part.offsetTop || part.offsetStart || part.offsetBottom || part.offsetEnd) {
    style.position = 'relative';
  }
  for (const [from, to] of Object.entries(POSITION)) style[to] = space(part[from]);
  return style;
}

export function textStyle(part) {
  const lines = { none: 'none', underline: 'underline', 'line-through': 'line-through' };
  return {
    fontSize: part.size ? textSize(part.size) : undefined,
    color: colour(part.color),
    fontWeight: part.weight === 'bold' ? 700 : part.weight === 'regular' ? 400 : undefined,
    fontStyle: part.style === 'italic' ? 'italic' : undefined,
    textDecoration: lines[part.decoration],
  };
}

export function boxStyle(box) {
  const gradient = box.background && box.background.type === 'linearGradient' ? box.background : null;
  const border = measure(box.borderWidth, BORDER) || (box.borderColor ? '1px' : undefined);
  return {
    flexDirection: box.layout === 'vertical' ? 'column' : 'row',
    alignItems: box.layout === 'baseline' ? 'baseline' : JUSTIFY.has(box.alignItems) ? box.alignItems : undefined,
    justifyContent: JUSTIFY.has(box.justifyContent) ? box.justifyContent : undefined,
    backgroundColor: colour(box.backgroundColor),
    backgroundImage: gradient ? gradientOf(gradient) : undefined,
    borderStyle: border && border !== '0px' ? 'solid' : undefined,
    borderWidth: border && border !== '0px' ? border : undefined,
    borderColor: colour(box.borderColor),
    borderRadius: measure(box.cornerRadius, SPACE),
    width: measure(box.width, {}),
    maxWidth: measure(box.maxWidth, {}),
    height: measure(box.height, {}),
    maxHeight: measure(box.maxHeight, {}),
    ...padding(box),
  };
}

export function padding(box) {
  return {
    padding: space(box.paddingAll),
    paddingTop: space(box.paddingTop),
    paddingBottom: space(box.paddingBottom),
    paddingLeft: space(box.paddingStart),
    paddingRight: space(box.paddingEnd),
  };
}

function gradientOf({ angle, startColor, endColor, centerColor, centerPosition }) {
  const turn = /^-?\d+(\.\d+)?deg$/.test(angle || '') ? angle : '0deg';
  const middle = colour(centerColor) ? `, ${centerColor} ${parseFloat(centerPosition) || 50}%` : '';
  return colour(startColor) && colour(endColor)
    ? `linear-gradient(${turn}, ${startColor}${middle}, ${endColor})` : undefined;
}
