-- Moves due items that are still where they were seen. Sent twice, the second finds them where the
-- first has moved them: they are this claim's. (Each claimer has times of its own, nearly: where two
-- have the same, an item may be handed to both, and is woken once more than it must.)
-- KEYS 1 due   ARGV 1 until  then pairs: seen score, member.   Answers the members moved.
redis.call('ZREM', KEYS[1], '')
local moved, till = {}, tonumber(ARGV[1])
for at = 2, #ARGV, 2 do
  local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[at + 1]) or nil)
  if score == tonumber(ARGV[at]) then
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[at + 1])
    moved[#moved + 1] = ARGV[at + 1]
  elseif score == till then
    moved[#moved + 1] = ARGV[at + 1]
  end
end
return moved
