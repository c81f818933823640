// Reads what the simulator says into the shapes the views use, tolerant of what is absent.

/** One journal line: {seq, at, direction, method, path, status, note, reply, billed, …}. */
export function journalLine(entry) {
  if (!entry || typeof entry.seq !== 'number') return null;
  const call = entry.what?.call;
  const hook = entry.what?.webhook;
  const from = call || hook || entry;
  const direction = hook || entry.kind === 'webhook' || entry.direction === 'out' ? 'out' : 'in';
  const path = pathOf(from.path || from.url || '');
  const status = Number(from.status) || 0;
  return {
    seq: entry.seq,
    at: entry.at,
    direction,
    method: from.method || (direction === 'out' ? 'POST' : ''),
    path,
    status,
    failed: status === 0 || status >= 400,
    note: entry.verdict || from.reason || from.error || '',
    fault: from.fault || '',
    violation: from.violation || '',
    reply: direction === 'in' && /message\/reply/.test(path),
    send: direction === 'in' && /message\/(reply|push|multicast|broadcast|narrowcast)/.test(path),
    billed: Number(from.billed) || 0,
    tokenAgeMs: typeof from.tokenAgeMs === 'number' ? from.tokenAgeMs : null,
    doubt: from.doubt === true,
    tookMs: from.tookMs > 0 || direction === 'out' ? Number(from.tookMs) || 0 : null,
    attempt: Number(from.attempt) || 0,
  };
}

/** The path of an address; a path stays as it is. */
function pathOf(address) {
  try {
    return new URL(address).pathname;
  } catch {
    return address;
  }
}

/** A customer; `friend` is false for one who blocked the account. */
export function customer(found) {
  return {
    ...found,
    displayName: found.displayName || found.name || found.userId,
    friend: found.friend !== false && found.blocked !== true,
  };
}

/** {used, limit}; `limit` null means none. */
export function quota(found) {
  if (!found || typeof found !== 'object') return null;
  const limit = found.limit?.limited ?? found.limit;
  return {
    used: Number(found.used ?? 0),
    limit: typeof limit === 'number' ? limit : null,
  };
}

/** Milliseconds until which the dots move; 0 when they do not. */
export function until(loading) {
  const at = loading && typeof loading === 'object' ? loading.until : loading;
  if (at === undefined || at === null) return 0;
  return typeof at === 'number' ? at : Number(new Date(at)) || 0;
}
