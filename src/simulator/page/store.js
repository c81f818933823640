// The one state of the page. Views read it and render; only `actions.js` changes it.
// Changes are told once per turn of the event loop, with the set of keys that changed.

export const state = {
  status: 'loading', // loading | ready | offline | error
  problem: '',
  locale: 'zh-TW',
  theme: 'auto',
  drawer: false,
  channels: [],
  customers: [],
  current: null, // userId whose phone is shown
  threads: {}, // userId → {phase, entries, pending, loadingUntil, richMenu, menuOpen, readSeq}
  unread: {}, // userId → number
  lastLine: {}, // userId → {text, at}
  follows: true, // a new customer adds the account, so the greeting comes
  quota: null,
  redeliver: null,
  faults: null,
  journal: [],
  totals: { free: 0, billed: 0, failed: 0 },
  sheet: null, // an open question: {kind, …}
  toast: null,
};

const listeners = new Set();
let changed = new Set();

/** Calls `listener(keys)` after any of `keys` changed; returns the way to stop. */
export function subscribe(keys, listener) {
  const entry = { keys, listener };
  listeners.add(entry);
  return () => listeners.delete(entry);
}

export function update(patch) {
  Object.assign(state, patch);
  if (changed.size === 0) queueMicrotask(tell);
  for (const key of Object.keys(patch)) changed.add(key);
}

function tell() {
  const keys = changed;
  changed = new Set();
  for (const entry of [...listeners]) {
    if (entry.keys.some((key) => keys.has(key))) entry.listener(keys);
  }
}

export function emptyThread() {
  return {
    phase: 'loading', // loading | ready | error
    entries: [],
    pending: [],
    loadingUntil: 0,
    richMenu: null,
    menuOpen: false,
    readSeq: -1,
  };
}

export function thread(userId = state.current) {
  return (userId && state.threads[userId]) || emptyThread();
}

export function setThread(userId, patch) {
  const next = { ...thread(userId), ...patch };
  update({ threads: { ...state.threads, [userId]: next } });
  return next;
}

export function customer(userId = state.current) {
  return state.customers.find((c) => c.userId === userId) || null;
}

/** Name of the account that the shown customer talks to; empty while unknown. */
export function accountName() {
  const channel = customer()?.channel;
  return (state.channels.find((c) => c.id === channel) || state.channels[0])?.name || '';
}

/** What the page remembers between visits; silent where storage is forbidden. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem('hotline.phone.' + key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem('hotline.phone.' + key, value);
    } catch {
      // private window: the choice lasts until the page closes
    }
  },
};
