-- One entity with what belongs to it. KEYS entity, due, desk. ARGV member.
return {
  redis.call('GET', KEYS[1]),
  redis.call('ZSCORE', KEYS[2], ARGV[1]),
  redis.call('HGET', KEYS[3], ARGV[1]),
}
