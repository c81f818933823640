//! Laws of `/readyz`: a node whose store takes nothing says so, whatever its spool takes.

mod house;

use hotline::ports::store::Store;
use hotline::server::status::Status;
use hotline::store::memory::Memory;
use hotline::store::spool::FolderSpool;
use house::House;
use std::sync::Arc;

#[actix_web::test]
async fn a_node_whose_store_is_shut_is_not_ready_and_says_why_spool_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let spool = FolderSpool::open(&folder.path().join("spool"), 64 << 20, 0).unwrap();
    let house = House::spooled(Memory::new(), Arc::new(spool));
    let spooling = house.spooling.clone();
    assert!(spooling.as_ref().is_some_and(|spooling| spooling.takes()));
    for spooling in [None, spooling] {
        let status = Status::new(house.registry.clone()).with_spool(spooling);
        house.store.inner.restart();
        assert_eq!(status.not_ready(), None);
        house.store.close().await.unwrap();
        let why = status.not_ready().unwrap();
        assert!(why.contains("it was closed"), "{why}");
        let told = status.verbose();
        assert!(!told.ready && told.store.closed.is_some());
    }
}

#[actix_web::test]
async fn a_full_store_is_no_hindrance_to_a_node_with_a_spool() {
    let folder = tempfile::tempdir().unwrap();
    let spool = FolderSpool::open(&folder.path().join("spool"), 64 << 20, 0).unwrap();
    let house = House::spooled(Memory::new(), Arc::new(spool));
    house.store.inner.set_full(true);
    let status = Status::new(house.registry.clone());
    assert!(status.not_ready().unwrap().contains("floor"));
    assert_eq!(status.with_spool(house.spooling.clone()).not_ready(), None);
}
