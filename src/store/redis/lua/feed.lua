-- Reads a portion of a partition's feed. KEYS 1 feed  2 words  3 meta
-- ARGV 1 and 2 after this batch and index  3 records at most  4 bytes after which it is enough
-- Answers {more, lost, id, member, state, payload, time, id, …}. more: 0 nothing follows, 1 ask on.
-- lost: 1 the batch that was to be read after is not here, all is read again from what is archived.
-- State: 'p' there, 'x' erased. time: '' when it is the batch's number.
local meta = redis.call('HMGET', KEYS[3], 'archived', 'batch')
local archived, last = tonumber(meta[1] or '0'), tonumber(meta[2] or '0')
local after, lost = tonumber(ARGV[1]), 0
local from = ARGV[1] .. '-' .. ARGV[2]
if after > archived and #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1], 'COUNT', 1) == 0 then
  -- It was read from a server that is no more, and did not reach this one. What was written since may
  -- be called by less than it: only from what is archived on is nothing missed.
  lost = 1
  -- And what comes from now on shall be called by more. (A number a day ahead is nobody's.)
  if after > last and after < (redis.call('TIME')[1] + 86400) * 1000000 then
    -- A deletion of nothing first, so that it passes at maxmemory.
    redis.call('HDEL', KEYS[2], '')
    redis.call('HSET', KEYS[3], 'batch', ARGV[1])
  end
end
if lost == 1 or after <= archived then from = (meta[1] or '0') .. '-18446744073709551615' end

-- The payload of a record that lies beside the stream, or nil when it was erased.
local function beside(field, id)
  local held, at = redis.call('HGET', KEYS[2], field) or '', 1
  while at <= #held do
    local _, head, name, size = string.find(held, '^(%d+%-%d+) (%d+)\n', at)
    if not head then return nil end
    if name == id then return string.sub(held, head + 1, head + size) end
    at = head + size + 1
  end
end

local answer, left, room = {0, lost}, tonumber(ARGV[3]), tonumber(ARGV[4])
while left > 0 do
  local asked = math.min(left, 32)
  local page = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', asked)
  for _, entry in ipairs(page) do
    local id, fields = entry[1], entry[2]
    local member, mark, payload = fields[2], fields[4], fields[6]
    if mark ~= '' then payload = beside(member .. mark, id) end
    answer[#answer + 1] = id
    answer[#answer + 1] = member
    answer[#answer + 1] = payload and 'p' or 'x'
    answer[#answer + 1] = payload or ''
    answer[#answer + 1] = fields[8] or ''
    from, left, room = id, left - 1, room - #(payload or '')
    if room <= 0 then
      answer[1] = 1
      return answer
    end
  end
  if #page < asked then return answer end
end
answer[1] = 1
return answer
