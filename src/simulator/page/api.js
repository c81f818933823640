// The only file that touches the network, and only this page's own origin.

const TIMEOUT_MS = 15000;

async function call(method, path, body) {
  const options = { method, headers: {}, signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body !== undefined) {
    options.headers['content-type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  const response = await fetch('/sim/' + path, options);
  const text = await response.text();
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (!response.ok) {
    const error = new Error((value && (value.message || value.error)) || text.slice(0, 120));
    error.status = response.status;
    throw error;
  }
  return value;
}

const id = encodeURIComponent;

export const api = {
  state: () => call('GET', 'state'),
  createCustomer: (body) => call('POST', 'customers', body),
  act: (userId, action) => call('POST', `customers/${id(userId)}/actions`, action),
  thread: (userId) => call('GET', `customers/${id(userId)}/thread`),
  campaign: (body) => call('POST', 'campaign', body),
  faults: () => call('GET', 'faults'),
  setFaults: (faults) => call('PUT', 'faults', faults),
  journal: (after, limit) => call('GET', `journal?after=${after}&limit=${limit}&summary=true`),
  redeliver: (on) => call('POST', 'redeliver', { on }),
  contentUrl: (messageId) => `/sim/content/${id(messageId)}`,
  words: async (locale) => {
    const url = new URL(`i18n/${id(locale)}.json`, import.meta.url);
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`i18n/${locale}.json: ${response.status}`);
    return response.json();
  },
};

const EVENTS = ['thread', 'journal', 'loading', 'read', 'customer', 'faults', 'richmenu', 'missed'];

/**
 * Follows the simulator's stream. `handlers.event(type, data)` per event, `handlers.open()` on
 * each (re)connection, `handlers.lost()` when it breaks. Reconnects for ever, 1 s to 8 s apart.
 */
export function follow(handlers) {
  let wait = 1000;
  let timer = 0;
  let source = null;
  const read = (type) => (event) => {
    let data;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    handlers.event(type === 'message' ? data.type || data.event : type, data);
  };
  const connect = () => {
    clearTimeout(timer);
    if (source) source.close();
    source = new EventSource('/sim/stream');
    source.onopen = () => {
      wait = 1000;
      handlers.open();
    };
    source.onerror = () => {
      source.close();
      handlers.lost();
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, 8000);
    };
    source.onmessage = read('message');
    for (const type of EVENTS) source.addEventListener(type, read(type));
  };
  connect();
  return { reconnect: connect };
}
