-- Forgets the oldest entries of a partition's feed, with the words that lie beside it. The mark comes
-- first: from then on nobody reads what is at or before it, however many calls the rest takes and
-- whoever makes them.
-- KEYS 1 feed  2 words  3 meta   ARGV 1 last batch to forget  2 entries at most
-- Answers {done, known}. done: 1 nothing is left to forget, 0 call again. known: 0 the batch is not
-- here, and only what was to be forgotten before it is.
local archived = redis.call('HGET', KEYS[3], 'archived') or '0'
local known = 1
-- Whoever archived a batch that did not reach this server has not seen what was written since.
if tonumber(ARGV[1]) > tonumber(archived) then
  known = #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1], 'COUNT', 1)
end
-- The first write decides whether memory is asked for: a deletion of nothing never does.
redis.call('HDEL', KEYS[2], '')
if known == 1 and tonumber(ARGV[1]) > tonumber(archived) then
  archived = ARGV[1]
  redis.call('HSET', KEYS[3], 'archived', archived)
end

local entries = redis.call('XRANGE', KEYS[1], '-', archived, 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do
  local id, fields = entry[1], entry[2]
  if fields[4] ~= '' then
    local field = fields[2] .. fields[4]
    local held = redis.call('HGET', KEYS[2], field) or ''
    local at, kept = 1, ''
    while at <= #held do
      local _, head, name, size = string.find(held, '^(%d+%-%d+) (%d+)\n', at)
      if not head then break end
      if name ~= id then kept = kept .. string.sub(held, at, head + size) end
      at = head + size + 1
    end
    if kept == '' then
      redis.call('HDEL', KEYS[2], field)
    elseif #kept < #held then
      redis.call('HSET', KEYS[2], field, kept)
    end
  end
end
if #entries > 0 then
  local batch, index = string.match(entries[#entries][1], '^(%d+)%-(%d+)$')
  redis.call('XTRIM', KEYS[1], 'MINID', batch .. '-' .. string.format('%d', index + 1))
end
return {#entries < tonumber(ARGV[2]) and 1 or 0, known}
