-- A node gives its sign and learns who else is there. May be sent twice.
-- KEYS 1 nodes: "incarnation level" -> when its presence ends, ms   2 level in force
-- ARGV 1 member  2 the highest level it reads  3 life in ms  4 the level a new store begins with
--      5 '1': it only looks, and is no node
-- Answers {1 or 0 (it cannot read what is written), level, 1 if it was still present, now,
--          then member, end of presence, and again}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = now + tonumber(ARGV[3])
local reads = tonumber(ARGV[2])
-- A deletion first: presence must not end because memory has.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
-- Written before the clock went back: they would outlive everything.
local ahead = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', latest), '+inf')
for _, member in ipairs(ahead) do
  redis.call('ZADD', KEYS[1], string.format('%.0f', latest), member)
end

local was = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
local level = tonumber(redis.call('GET', KEYS[2]) or ARGV[4])
if level > reads then return {0, level} end
if ARGV[5] == '1' then
  was = 1
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', latest), ARGV[1])
end

local list = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
local lowest = reads
for at = 1, #list, 2 do
  lowest = math.min(lowest, tonumber(string.match(list[at], ' (%d+)$')))
end
-- Every node that is here reads more: from now on it may be written.
if lowest > level and ARGV[5] ~= '1' then
  level = lowest
  redis.call('SET', KEYS[2], string.format('%d', level))
end
local answer = {1, level, was, string.format('%.0f', now)}
for at = 1, #list do answer[at + 4] = list[at] end
return answer
