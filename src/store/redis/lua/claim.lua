-- Moves due items that are still where they were seen. Sent twice, the second finds them moved: they
-- come back at their new time. KEYS 1 due   ARGV 1 until  then pairs: seen score, member
-- Answers the members moved.
redis.call('ZREM', KEYS[1], '')
local moved = {}
for at = 2, #ARGV, 2 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[at + 1])
  if score and tonumber(score) == tonumber(ARGV[at]) then
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[at + 1])
    moved[#moved + 1] = ARGV[at + 1]
  end
end
return moved
