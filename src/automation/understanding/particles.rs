//! Particles: words that may stand around another without changing what it does.

use crate::automation::understanding::scan::Scan;

/// What may stand before, one piece each, folded.
const BEFORE: &str =
    "那 我 请 问 先 诶 啊 哦 嗯 就 都 帮 你 麻 烦 呃 哈 好 想 要 ok well please so hi";

/// What may stand after.
const AFTER: &str = "了 吧 啦 哦 啊 呀 的 呢 耶 诶 哈 嘛 吗 谢 就 好 你 喽 噜 唉 呗 please pls thanks thx thank you it \
                     that";

fn stands_in(scan: &Scan, at: usize, list: &str) -> bool {
    let Some(piece) = scan.pieces.get(at) else {
        return false;
    };
    let piece = &scan.folded.text()[piece.start as usize..piece.end as usize];
    list.split_ascii_whitespace().any(|idle| idle == piece)
}

/// Whether a clause begins with the piece `first`, particles aside.
pub fn begins_clause(scan: &Scan, first: usize) -> bool {
    let clause = scan.pieces[first].clause;
    let mut before = (0..first)
        .rev()
        .take_while(|at| scan.pieces[*at].clause == clause);
    before.all(|at| stands_in(scan, at, BEFORE))
}

/// Whether the pieces `first..end` are a clause by themselves, particles aside.
pub fn is_clause(scan: &Scan, first: usize, end: usize) -> bool {
    let pieces = &scan.pieces;
    let clause = pieces[first].clause;
    let mut after = (end..pieces.len()).take_while(|at| pieces[*at].clause == clause);
    pieces[end - 1].clause == clause
        && begins_clause(scan, first)
        && after.all(|at| stands_in(scan, at, AFTER))
}

/// Whether (nearly) nothing is said besides the pieces `first..end`: at most two pieces that are no
/// particles.
pub fn is_all(scan: &Scan, first: usize, end: usize) -> bool {
    let rest = scan.pieces.len() - (end - first);
    if rest <= 2 {
        return true;
    }
    // Longer than any politeness.
    if rest > 10 {
        return false;
    }
    let before = (0..first).filter(|at| !stands_in(scan, *at, BEFORE));
    let after = (end..scan.pieces.len()).filter(|at| !stands_in(scan, *at, AFTER));
    before.count() + after.count() <= 2
}
