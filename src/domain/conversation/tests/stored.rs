//! Laws of the stored form: older and newer builds read it, damage is told.

use super::*;

#[test]
fn fields_of_a_newer_build_survive_a_rewrite() {
    let mut desk = Desk::default();
    desk.says(1, 0);
    let live = desk.live.clone().unwrap();
    let mut newer = live.clone().into_packed().to_vec();
    newer.extend_from_slice(&[0xc8, 0x01, 3, b'n', b'e', b'w']); // tag 200, three bytes
    desk.live = Some(Live::loaded(live.revision(), newer.into()).unwrap());
    desk.ends(SendEnd::Accepted);
    let rewritten = desk.live.clone().unwrap().into_packed();
    assert!(rewritten.ends_with(&[0xc8, 0x01, 3, b'n', b'e', b'w']));
}

#[test]
fn a_newer_format_is_refused_and_damage_is_told() {
    let revision = Revision([0; 16]);
    assert!(matches!(
        Live::loaded(revision, [2].into()),
        Err(DecodeError::Newer { found: 2, known: 1 })
    ));
    assert!(matches!(
        Live::loaded(revision, std::sync::Arc::default()),
        Err(DecodeError::Damaged(_))
    ));
    assert!(matches!(
        Live::loaded(revision, [1, 9, 200].into()),
        Err(DecodeError::Damaged(_))
    ));
}

/// Values as format 1 wrote them must be readable for ever.
#[test]
fn a_value_of_the_first_release_is_read() {
    let value = [
        1, 2, 1, 1, 3, 3, 0xc0, 0x84, 0x3d, 14, 6, 0xe5, 0xb0, 0x8f, 0xe7, 0xbe, 0x8e,
    ];
    let live = Live::loaded(Revision([0; 16]), value.into()).unwrap();
    assert_eq!(live.state().name(), Some("小美"));
}
