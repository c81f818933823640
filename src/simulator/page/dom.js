// Builds elements. Text always goes in as text nodes: this file offers no way to parse markup,
// so a customer's words can never become elements.

const SVG = 'http://www.w3.org/2000/svg';

/** h('button', {class: 'x', onclick: f, 'aria-label': 's', style: {color: 'red'}}, child, …) */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'style') for (const [k, v] of Object.entries(value)) setStyle(element, k, v);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function setStyle(element, name, value) {
  if (value === undefined || value === null || value === '') return;
  element.style.setProperty(name.replace(/[A-Z]/g, (c) => '-' + c.toLowerCase()), String(value));
}

const PATHS = {
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  send: 'M4 12l16-8-5 16-3.5-6.5L4 12z',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
  pin: 'M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14c1.8 2.6 5.200 2.6 7 0M9 9.5h.01M15 9.5h.01',
  down: 'M6 9l6 6 6-6',
  up: 'M6 15l6-6 6 6',
  play: 'M8 5l11 7-11 7z',
  in: 'M19 12H5M11 6l-6 6 6 6',
  out: 'M5 12h14M13 6l6 6-6 6',
  check: 'M5 12l5 5 9-10',
  warn: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  off: 'M12 4v8M7 6.5a8 8 0 1 0 10 0',
  moon: 'M19 14.5A8 8 0 1 1 9.5 5a6.5 6.5 0 0 0 9.5 9.5z',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6L7 7M17 17l1.4 1.4M5.6 18.4L7 17M17 7l1.4-1.4',
  coin: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM14.5 9.5c-1-1.300-5-1.300-5 .6 0 2.300 5 1.300 5 3.700 0 2-4 2-5.200.4M12 7v10',
};

export function icon(name) {
  const path = svg('path', { d: PATHS[name] || PATHS.more });
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, path);
}
