-- Draws tokens from a bucket, or slows it after a refusal. Reckons as src/domain/bucket.rs does.
-- Sent twice, the first's tokens are lost, and a halving counts once.
-- KEYS 1 bucket   ARGV 1 wanted, or 'shrink'  2 tokens per second  3 depth  4 calm ms  5 recovery ms
--      6 most halvings   Answers the tokens taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A deletion of nothing first: tokens flow when memory is full, too.
redis.call('HDEL', KEYS[1], '')
local held = redis.call('HMGET', KEYS[1], 'parts', 'filled', 'halvings', 'changed')
local parts, filled = tonumber(held[1]), tonumber(held[2])
local halvings, changed = tonumber(held[3] or '0'), tonumber(held[4] or '0')
-- The clock went back: what was reckoned by it counts from now.
if filled and filled > now then filled = now end
if changed > now then changed = now end
-- Time alone gives the rate back.
local recovery = tonumber(ARGV[5])
local doublings = math.min(halvings, math.floor((now - changed) / recovery))
halvings, changed = halvings - doublings, changed + doublings * recovery
local taken = 0
if ARGV[1] == 'shrink' then
  if halvings == 0 or now - changed >= tonumber(ARGV[4]) then
    halvings, changed = math.min(halvings + 1, tonumber(ARGV[6])), now
    parts, filled = 0, now
  end
else
  local rate = math.max(1, math.floor(tonumber(ARGV[2]) / 2 ^ halvings))
  local depth = math.max(1, math.floor(tonumber(ARGV[3]) / 2 ^ halvings)) * 1000
  parts = parts and math.min(depth, parts + (now - filled) * rate) or depth
  filled = now
  taken = math.min(math.floor(parts / 1000), tonumber(ARGV[1]))
  parts = parts - taken * 1000
end
if parts then
  redis.call('HSET', KEYS[1], 'parts', string.format('%.0f', parts),
    'filled', string.format('%.0f', filled), 'halvings', string.format('%d', halvings),
    'changed', string.format('%.0f', changed))
  -- Longer than it takes to be full and fast again.
  redis.call('PEXPIRE', KEYS[1], 60000)
end
return taken
