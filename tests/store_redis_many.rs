//! Laws of a Redis store on several servers: a master that is replaced, a cluster whose slots move,
//! replicas that do not follow. What a store on one server keeps is in `store_redis.rs`.

#[path = "store_support/mod.rs"]
mod support;

#[path = "store_support/redis.rs"]
mod server;

#[path = "store_support/topology.rs"]
mod topology;

#[path = "store_redis/chains.rs"]
mod chains;

#[path = "store_redis/sentinel.rs"]
mod sentinel;

#[path = "store_redis/cluster.rs"]
mod cluster;

#[path = "store_redis/replicas.rs"]
mod replicas;

#[path = "store_redis/tls.rs"]
mod tls;

#[path = "store_redis/measure.rs"]
mod measure;
