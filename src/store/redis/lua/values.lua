-- Reads some values of one partition, as many as fit. KEYS the entities   ARGV 1 bytes after which it
-- is enough   Answers the values of the first of them, nil where there is none; one at least.
local answer, room = {}, tonumber(ARGV[1])
for at, key in ipairs(KEYS) do
  local value = redis.call('GET', key)
  answer[at] = value
  room = room - #(value or '')
  if room <= 0 then break end
end
return answer
