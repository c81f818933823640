-- The name card of the store: begun by whoever comes first, read by all. It is whole when every
-- partition bears its mark.
-- KEYS 1 card   ARGV 1 format  2 partitions  3 secret
-- Answers {format, partitions, secret, '1' when whole or nil}.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'format', ARGV[1], 'partitions', ARGV[2], 'secret', ARGV[3])
end
return redis.call('HMGET', KEYS[1], 'format', 'partitions', 'secret', 'whole')
