//! Links and e-mail addresses as they stand in a text, with and without their scheme.

/// Ends of host names that are taken for links without `://` in any case of letters; others when they are all
/// small or all capital (`bit.ly`, not `Thanks.Please`).
const DOMAINS: [&str; 20] = [
    "com", "net", "org", "tw", "io", "me", "shop", "store", "app", "info", "biz", "co", "jp", "cn",
    "hk", "link", "page", "site", "online", "dev",
];

/// Ends of file names, which are no hosts.
const FILES: [&str; 12] = [
    "jpg", "jpeg", "png", "gif", "heic", "pdf", "mp4", "mp3", "doc", "docx", "xls", "xlsx",
];

/// Links and e-mail addresses, lower case, without scheme and slash at the end.
pub(super) fn links(text: &str) -> Vec<String> {
    let ends = |letter: char| !letter.is_ascii_graphic() || "()<>\"[]{},;|'`*".contains(letter);
    text.split(ends)
        .filter_map(link)
        .chain(foreign(text))
        .collect()
}

fn link(word: &str) -> Option<String> {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let (has_scheme, bare) = match word.split_once("://") {
        Some((_, bare)) => (true, bare),
        None => (false, word),
    };
    // `LINE:lin.ee/x`, `mailto:a@b.tw`; behind a port's colon stand digits.
    let bare = match host(bare).rsplit_once(':') {
        Some((before, after)) if !after.bytes().all(|byte| byte.is_ascii_digit()) => {
            &bare[before.len() + 1..]
        }
        _ => bare,
    };
    let lower = bare.to_ascii_lowercase();
    let has_www = lower.starts_with("www.");
    let lower = lower.strip_prefix("www.").unwrap_or(&lower);
    let is_link = has_scheme || has_www || is_host(host(bare), host(bare).len() < bare.len());
    is_link.then(|| lower.trim_end_matches('/').to_owned())
}

/// Up to the path.
pub(super) fn host(link: &str) -> &str {
    link.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether it is a host (or an e-mail address) without its scheme being said.
fn is_host(host: &str, has_path: bool) -> bool {
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let Some((name, end)) = host.rsplit_once('.') else {
        return false;
    };
    let last = name.rsplit(['.', '@']).next().unwrap_or_default();
    let is_name = last.ends_with(|letter: char| letter.is_ascii_alphanumeric());
    let lower = end.to_ascii_lowercase();
    if DOMAINS.contains(&&*lower) {
        return is_name;
    }
    let is_word = (2..=24).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphabetic());
    let is_even = end == lower || end == end.to_ascii_uppercase();
    let has_letter = last.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_file = FILES.contains(&&*lower) && !has_path;
    is_name && is_word && is_even && has_letter && !is_file
}

/// Hosts of other letters than ASCII's, which need their scheme to be seen: `http://例子.台灣/x`.
fn foreign(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let rest = &text[at + scheme.len()..];
        let is_foreign = rest.starts_with(|l: char| !l.is_ascii() && l.is_alphanumeric());
        let end = rest.find(|l: char| !(l.is_alphanumeric() || "./-".contains(l)));
        let link = &rest[..end.unwrap_or(rest.len())];
        is_foreign.then(|| link.trim_end_matches(['.', '/']).to_lowercase())
    })
}
