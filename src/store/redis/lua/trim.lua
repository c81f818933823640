-- Forgets the oldest entries of a partition's feed, with the words that lie beside it.
-- KEYS 1 feed  2 words   ARGV 1 last batch to forget  2 entries at most
-- Answers how many were forgotten; called again until none is.
local entries = redis.call('XRANGE', KEYS[1], '-', ARGV[1], 'COUNT', ARGV[2])
if #entries == 0 then return 0 end
redis.call('HDEL', KEYS[2], '')
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
local batch, index = string.match(entries[#entries][1], '^(%d+)%-(%d+)$')
redis.call('XTRIM', KEYS[1], 'MINID', batch .. '-' .. string.format('%d', index + 1))
return #entries
