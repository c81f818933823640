-- Takes, renews or gives back a lease. May be sent twice.
-- KEYS 1 lease   ARGV 1 holder  2 life in ms; '0' gives it back.   Answers 1 if it is the holder's now.
local holder = redis.call('GET', KEYS[1])
local ours = holder == ARGV[1]
if holder and not ours then return 0 end
if ARGV[2] == '0' then
  if ours then redis.call('DEL', KEYS[1]) end
  return 0
end
if ours then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
-- A deletion of nothing: the lease must be had when memory is full, too.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
