-- One commit. May be sent twice: whoever finds his own revision stored had landed.
-- KEYS 1 value  2 due  3 desk  4 feed  5 words  6 meta  7 list of the kind
-- ARGV 1 expected ('' none)  2 proposed  3 relief ('1': settles, passes at maxmemory), then the mark
--      that the partition must bear
--      4 stored form: proposed, or proposed + value  5 tombstone's life in ms, '' for a value
--      6 member  7 due ms or ''  8 desk row there ('1' or '0')  9 desk row
--      10 id, if the kind is listed, or ''  11 number of erasures, then their marks,
--      then pairs: mark of the message or '', payload
-- Answers {1} applied, {2} had landed, {0, what is stored or nil} conflict.
local relief, mark = string.sub(ARGV[3], 1, 1), string.sub(ARGV[3], 2)
-- Whatever is answered without a write of its own makes one that changes nothing: a master that has
-- become a replica, and is perhaps being emptied and filled, says READONLY instead.
local meta = redis.call('HMGET', KEYS[6], 'store', 'batch')
if meta[1] ~= mark then
  redis.call('HDEL', KEYS[3], '')
  return redis.error_reply('NOSTORE the partition does not bear the mark of the store that was opened')
end
local current = redis.call('GETRANGE', KEYS[1], 0, 15)
if current == ARGV[2] then
  -- WAIT, sent behind this, waits for the writes of its connection: there must be one.
  redis.call('HDEL', KEYS[3], '')
  redis.call('HINCRBY', KEYS[6], 'again', 1)
  return {2}
end
if current ~= ARGV[1] then
  redis.call('HDEL', KEYS[3], '')
  return {0, redis.call('GET', KEYS[1])}
end

-- The first write decides whether memory is asked for: a deletion of nothing never does.
if relief == '1' then redis.call('HDEL', KEYS[3], '') end
local member, gone, due = ARGV[6], ARGV[5] ~= '', ARGV[7]
-- A tombstone that still owes something must be found by whoever comes for it.
if gone and due == '' then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
else
  redis.call('SET', KEYS[1], ARGV[4])
end

if due == '' then
  redis.call('ZREM', KEYS[2], member)
else
  redis.call('ZADD', KEYS[2], due, member)
end

-- Whoever changed the desk last leaves his token: no number, which a server that lost the newest
-- commits would give twice.
local changed
if ARGV[8] == '1' then
  changed = redis.call('HGET', KEYS[3], member) ~= ARGV[9]
  if changed then redis.call('HSET', KEYS[3], member, ARGV[9]) end
else
  changed = redis.call('HDEL', KEYS[3], member) == 1
end
if changed then redis.call('HSET', KEYS[6], 'desk', string.sub(ARGV[2], 1, 8)) end

if ARGV[10] ~= '' then
  redis.call(gone and 'SREM' or 'SADD', KEYS[7], ARGV[10])
end

local erasures = tonumber(ARGV[11])
local first = 12 + erasures
if first < #ARGV then
  -- A batch is called by its time in µs, or some more than the one before: how many says the token, so
  -- that a server which lost the newest batches does not call the next ones as those. TIME may run
  -- backwards: then records say their time in ms, or a clock once ahead would date all that follow.
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local batch = now
  local before = tonumber(meta[2] or '0')
  if batch <= before then
    local high, low = string.byte(ARGV[2], 9, 10)
    batch = before + 1 + high * 16 + math.floor(low / 16)
  end
  local name = string.format('%.0f', batch)
  redis.call('HSET', KEYS[6], 'batch', name)
  for at = first, #ARGV, 2 do
    local id = name .. '-' .. string.format('%d', (at - first) / 2 + 1)
    local mark, payload = ARGV[at], ARGV[at + 1]
    if mark ~= '' then
      -- Words that may have to vanish lie beside the stream, which cannot be changed.
      local field, held = member .. mark, id .. ' ' .. #payload .. '\n' .. payload
      if redis.call('HSETNX', KEYS[5], field, held) == 0 then
        redis.call('HSET', KEYS[5], field, redis.call('HGET', KEYS[5], field) .. held)
      end
      payload = ''
    end
    if batch == now then
      redis.call('XADD', KEYS[4], id, 'm', member, 'w', mark, 'p', payload)
    else
      local said = string.format('%.0f', math.floor(now / 1000))
      redis.call('XADD', KEYS[4], id, 'm', member, 'w', mark, 'p', payload, 't', said)
    end
  end
end
for at = 12, first - 1 do
  redis.call('HDEL', KEYS[5], member .. ARGV[at])
end
return {1}
