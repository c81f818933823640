// Everything a view can ask for. Changes the store at once (with an honest pending mark), then
// talks to the simulator, then settles.

import { api, follow } from './api.js';
import { addWords, hasWords, t } from './i18n.js';
import * as shapes from './shapes.js';
import { customer, memory, setThread, state, thread, update } from './store.js';

const JOURNAL_KEPT = 400;
let stream = null;
let lastPending = 0;
let toastTimer = 0;
let refreshTimer = null;
let lastSeq = 0;

export async function start() {
  const wanted = memory.get('locale') || 'zh-TW';
  setTheme(memory.get('theme') || 'auto');
  setFollows(memory.get('follows') !== 'no');
  await setLocale(wanted).catch(() => {});
  await refresh();
  stream = follow({
    event: onEvent,
    open: () => {
      if (state.status !== 'ready') refresh();
    },
    lost: () => update({ status: 'offline' }),
  });
}

export function retry() {
  update({ status: 'loading' });
  refresh();
  if (stream) stream.reconnect();
}

export async function refresh() {
  try {
    const found = await api.state();
    applyState(found || {});
    if (state.customers.length === 0) await addCustomer();
    const kept = memory.get('customer');
    const known = (id) => state.customers.some((c) => c.userId === id);
    const chosen = [state.current, kept].find(known) || state.customers[0]?.userId || null;
    update({ status: 'ready', problem: '' });
    if (chosen) await choose(chosen);
    await Promise.all([loadFaults(), loadJournal()]);
  } catch (error) {
    const down = error.status === undefined;
    update({ status: down ? 'offline' : 'error', problem: error.message || String(error) });
  }
}

function applyState(found) {
  const patch = {};
  for (const key of ['channels', 'customers', 'quota', 'faults']) {
    if (found[key] !== undefined) patch[key] = found[key];
  }
  if (found.delivery) patch.redeliver = Boolean(found.delivery.redelivery);
  if (found.lastSeq !== undefined) lastSeq = found.lastSeq;
  if (patch.customers) patch.customers = patch.customers.map(shapes.customer);
  if (patch.quota) patch.quota = shapes.quota(patch.quota);
  update(patch);
}

export async function choose(userId) {
  memory.set('customer', userId);
  update({ current: userId, unread: { ...state.unread, [userId]: 0 } });
  await loadThread(userId);
}

async function loadThread(userId) {
  if (!state.threads[userId]) setThread(userId, {});
  try {
    const found = await api.thread(userId);
    const before = thread(userId);
    const entries = [...(found.entries || [])].sort((a, b) => a.seq - b.seq);
    const fresh = !before.richMenu && found.richMenu;
    setThread(userId, {
      phase: 'ready',
      entries,
      pending: before.pending.filter((p) => p.failed || (p.messageId && !holds(entries, p.messageId))),
      loadingUntil: shapes.until(found.loading),
      richMenu: found.richMenu || null,
      menuOpen: fresh ? Boolean(found.richMenu.selected) : before.menuOpen,
      readSeq: found.read ? lastCustomerSeq(entries) : before.readSeq,
    });
    const last = entries.at(-1);
    if (last) noteLine(userId, last);
  } catch (error) {
    setThread(userId, { phase: 'error' });
    if (error.status === undefined) update({ status: 'offline' });
  }
}

export const reloadThread = () => state.current && loadThread(state.current);

/** Drops the pending bubble that `entry` is the arrival of. */
function withoutArrived(pending, entry) {
  if (entry.from !== 'customer') return pending;
  const words = entry.message?.text;
  const found = pending.find((p) => p.messageId === entry.messageId)
    || pending.find((p) => !p.messageId && !p.failed && (p.action.type === entry.message?.type || p.text === words));
  return found ? pending.filter((p) => p !== found) : pending;
}

const holds = (entries, messageId) => entries.some((e) => e.messageId === messageId);

function lastCustomerSeq(entries) {
  const last = entries.findLast((e) => e.from === 'customer');
  return last ? last.seq : -1;
}

function noteLine(userId, entry) {
  const message = entry.message || {};
  const key = `kind.${message.type}`;
  const text = entry.unsent ? t('unsent') : message.text || message.altText || t(key);
  update({ lastLine: { ...state.lastLine, [userId]: { text, at: entry.at } } });
}

/** Sends one thing as the shown customer. */
export async function act(action) {
  const userId = state.current;
  if (!userId) return;
  const shown = pendingText(action);
  const mark = ++lastPending;
  if (shown !== null) {
    setThread(userId, { pending: [...thread(userId).pending, { mark, action, text: shown }] });
  }
  try {
    const answer = await api.act(userId, action);
    settle(userId, mark, answer && answer.messageId);
    if (['follow', 'unfollow', 'unsend', 'richmenuswitch'].includes(action.type)) {
      await Promise.all([loadThread(userId), api.state().then(applyState)]);
    }
  } catch (error) {
    const pending = thread(userId).pending.map((p) => (p.mark === mark ? { ...p, failed: true } : p));
    setThread(userId, { pending });
    say(t('error.send', { why: error.message || t('status.offline') }));
    if (error.status === undefined) update({ status: 'offline' });
  }
}

function pendingText(action) {
  if (action.type === 'text') return action.text;
  if (action.type === 'postback') return action.displayText || null;
  if (['sticker', 'image', 'location'].includes(action.type)) return t(`kind.${action.type}`);
  return null;
}

function settle(userId, mark, messageId) {
  const now = thread(userId);
  const arrived = messageId && holds(now.entries, messageId);
  const pending = arrived
    ? now.pending.filter((p) => p.mark !== mark)
    : now.pending.map((p) => (p.mark === mark ? { ...p, messageId: messageId || null } : p));
  setThread(userId, { pending });
  if (!arrived && pending.some((p) => p.mark === mark)) loadThread(userId);
}

export function resend(mark) {
  const userId = state.current;
  const lost = thread(userId).pending.find((p) => p.mark === mark);
  setThread(userId, { pending: thread(userId).pending.filter((p) => p.mark !== mark) });
  if (lost) act(lost.action);
}

/** A new customer, who adds the account as a friend unless the switch says otherwise. */
export async function addCustomer() {
  const made = shapes.customer(await api.createCustomer({ language: state.locale, follow: state.follows }));
  if (!state.customers.some((c) => c.userId === made.userId)) {
    update({ customers: [made, ...state.customers] });
  }
  return made;
}

/** Runs a request that a button asked for, and says so when it fails. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    say(t('error.request', { why: error.message || t('status.offline') }));
    return undefined;
  }
}

export const campaign = (count, text) =>
  attempt(async () => {
    const answer = await api.campaign({ count, text });
    applyState(await api.state());
    say(t('campaign.done', { n: answer?.count ?? answer?.started ?? count }));
    return answer ?? {};
  });

export const loadFaults = () => attempt(async () => update({ faults: await api.faults() }));

export const setFaults = (faults) =>
  attempt(async () => update({ faults: (await api.setFaults(faults)) || faults }));

export const setRedeliver = (on) =>
  attempt(async () => {
    await api.redeliver(on);
    update({ redeliver: on });
  });

async function loadJournal() {
  const known = state.journal.at(-1)?.seq ?? 0;
  if (known > lastSeq) update({ journal: [], totals: { free: 0, billed: 0, failed: 0 } }); // started anew
  const after = Math.max(known > lastSeq ? 0 : known, lastSeq - JOURNAL_KEPT);
  const found = await attempt(() => api.journal(after, JOURNAL_KEPT));
  for (const entry of found?.entries || []) addJournal(entry, false);
}

function addJournal(entry, live) {
  const line = shapes.journalLine(entry);
  if (!line) return;
  const { journal, totals, quota } = state;
  // Lines arrive nearly in order; one that is late finds its place, one that is known is dropped.
  const place = journal.findLastIndex((known) => known.seq <= line.seq);
  if (place >= 0 && journal[place].seq === line.seq) return;
  update({
    journal: journal.toSpliced(place + 1, 0, line).slice(-JOURNAL_KEPT),
    totals: {
      free: totals.free + (line.reply && !line.failed ? 1 : 0),
      billed: totals.billed + line.billed,
      failed: totals.failed + (line.failed ? 1 : 0),
    },
    quota: live && line.billed && quota ? { ...quota, used: quota.used + line.billed } : quota,
  });
}

function onEvent(type, data) {
  if (type === 'journal') return addJournal(data.summary || data.entry || data, true);
  if (type === 'missed') return refresh();
  if (type === 'faults') return update({ faults: data.faults || data });
  if (type === 'customer') return onCustomer(data.customer || data);
  const userId = data.userId;
  if (!userId) return undefined;
  if (!customer(userId)) refreshSoon();
  if (type === 'thread' && data.entry) return onEntry(userId, data.entry);
  if (!state.threads[userId]) return undefined;
  if (type === 'thread' || type === 'richmenu') return loadThread(userId);
  if (type === 'loading') {
    setThread(userId, { loadingUntil: shapes.until(data.loading ?? data.until) });
  }
  if (type === 'read') setThread(userId, { readSeq: lastCustomerSeq(thread(userId).entries) });
  return undefined;
}

/** Someone appeared, blocked the account or changed. */
function onCustomer(found) {
  if (!found || !found.userId) return;
  const known = customer(found.userId);
  const merged = shapes.customer({ ...known, ...found });
  update({
    customers: known
      ? state.customers.map((c) => (c.userId === found.userId ? merged : c))
      : [merged, ...state.customers],
  });
}

/** A campaign brings many strangers at once: one question about all of them. */
function refreshSoon() {
  refreshTimer ??= setTimeout(() => {
    refreshTimer = null;
    api.state().then(applyState, () => {});
  }, 300);
}

function onEntry(userId, entry) {
  noteLine(userId, entry);
  if (userId !== state.current && entry.from === 'account') {
    update({ unread: { ...state.unread, [userId]: (state.unread[userId] || 0) + 1 } });
  }
  const now = state.threads[userId];
  if (!now) return;
  const entries = now.entries.filter((e) => e.seq !== entry.seq).concat(entry);
  entries.sort((a, b) => a.seq - b.seq);
  setThread(userId, {
    entries,
    pending: withoutArrived(now.pending, entry),
    loadingUntil: entry.from === 'account' ? 0 : now.loadingUntil,
  });
}

export function toggleMenu(open = !thread().menuOpen) {
  if (state.current) setThread(state.current, { menuOpen: open });
}

export const ask = (sheet) => update({ sheet });
export const openDrawer = (drawer) => update({ drawer });

export function say(text) {
  clearTimeout(toastTimer);
  update({ toast: text });
  toastTimer = setTimeout(() => update({ toast: null }), 5000);
}

export async function setLocale(locale) {
  if (!hasWords(locale)) addWords(locale, await api.words(locale));
  memory.set('locale', locale);
  document.documentElement.lang = locale;
  update({ locale });
}

export function setFollows(follows) {
  memory.set('follows', follows ? 'yes' : 'no');
  update({ follows });
}

export function setTheme(theme) {
  memory.set('theme', theme);
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  update({ theme });
}
