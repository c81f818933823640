-- Reads a partition's feed. KEYS 1 feed  2 words   ARGV 1 after (stream id)  2 limit
-- Answers a flat list of id, member, state, payload, time; state 'p' there, 'x' erased; time '' when
-- it is the batch's number.
local answer = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  local id, fields = entry[1], entry[2]
  local member, mark, payload, state = fields[2], fields[4], fields[6], 'p'
  if mark ~= '' then
    state, payload = 'x', ''
    local held = redis.call('HGET', KEYS[2], member .. mark) or ''
    local at = 1
    while at <= #held do
      local _, head, name, size = string.find(held, '^(%d+%-%d+) (%d+)\n', at)
      if not head then break end
      if name == id then
        state, payload = 'p', string.sub(held, head + 1, head + size)
        break
      end
      at = head + size + 1
    end
  end
  answer[#answer + 1] = id
  answer[#answer + 1] = member
  answer[#answer + 1] = state
  answer[#answer + 1] = payload
  answer[#answer + 1] = fields[8] or ''
end
return answer
