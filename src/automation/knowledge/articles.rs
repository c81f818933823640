//! From files to articles: each checked by itself and against the others.

use crate::automation::fold::fold;
use crate::automation::rules::is_id;
use crate::config::ArticleAsWritten;
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use crate::ports::knowledge::Article;
use std::collections::HashMap;
use std::sync::Arc;

/// Most articles of one config.
pub const MAX_ARTICLES: usize = 5_000;

/// Longest text, in UTF-16 units: with its title and sources it fits one LINE message of 5,000
/// (reference, "Text message").
pub const MAX_BODY_UNITS: usize = 4_000;

/// Most aliases of one article.
pub const MAX_ALIASES: usize = 100;

/// Where something was first seen.
type Seen = HashMap<String, (Arc<str>, Place)>;

/// Reads the articles; what is at fault is noted and left out.
pub fn read(as_written: &[ArticleAsWritten], findings: &Findings) -> Vec<Arc<Article>> {
    let mut articles = Vec::with_capacity(as_written.len());
    let (mut ids, mut ways) = (Seen::new(), Seen::new());
    for (count, written) in as_written.iter().enumerate() {
        let section = Section::root(&written.front, findings);
        if count == MAX_ARTICLES {
            let allowed = format!("{MAX_ARTICLES} articles");
            section.fault("", "one article too many", &allowed);
            break;
        }
        // A front matter that is not understood has been told, once.
        if written.front.broken {
            continue;
        }
        if let Some(article) = one(section, written, &mut ids, &mut ways) {
            articles.push(Arc::new(article));
        }
    }
    articles
}

fn one(
    section: Section<'_>,
    written: &ArticleAsWritten,
    ids: &mut Seen,
    ways: &mut Seen,
) -> Option<Article> {
    let name = "1 to 64 of a-z 0-9 _ -";
    section.require("id", name);
    section.require("title", "1 to 100 characters");
    let id = section.parsed("id", name, |text| is_id(text).then(|| Arc::from(text)));
    let title = section.words("title", 1..=100);
    let tags = section.texts("tags", 0..=20, 1..=40);
    let aliases = section.texts("aliases", 0..=MAX_ALIASES, 1..=100);
    let file = section.file();
    let at = section.entry("id").map_or(section.at(), |entry| entry.at);
    if let Some(id) = &id {
        let id: &Arc<str> = id;
        if let Some((first, at)) = ids.get(&**id) {
            let found = format!("\"{id}\", taken by {first}:{}", at.line);
            section.fault("id", &found, "an id of its own");
        }
        ids.insert(id.to_string(), (file.clone(), at));
    }
    let title_at = section.entry("title").map(|entry| entry.node.at);
    let titled = title.into_iter().zip(title_at).map(|way| ("title", way));
    for (key, (way, at)) in titled.chain(aliases.iter().map(|way| ("aliases", *way))) {
        claim(&section, key, way, at, ways);
    }
    let body_fault = |found: &str| {
        let allowed =
            format!("a text of 1 to {MAX_BODY_UNITS} UTF-16 units below the front matter");
        let findings = section.findings();
        findings.fault(file, written.body_at, "", found, &allowed);
    };
    let units = written.body.encode_utf16().count();
    if units == 0 {
        body_fault("no text");
    } else if units > MAX_BODY_UNITS {
        body_fault(&format!("{units} UTF-16 units"));
    }
    let boxed =
        |texts: Vec<(&str, Place)>| texts.iter().map(|(text, _)| Box::from(*text)).collect();
    let article = Article {
        id: id?,
        title: Box::from(title?),
        body: Box::from(written.body.as_str()),
        tags: boxed(tags),
        aliases: boxed(aliases),
    };
    section.finish();
    Some(article)
}

/// A title or alias that another article has too leads to neither; one without letters to nothing.
fn claim(section: &Section<'_>, key: &'static str, way: &str, at: Place, ways: &mut Seen) {
    let folded = fold(way);
    let (file, findings) = (section.file(), section.findings());
    if folded.is_empty() {
        let allowed = "words with letters or digits";
        findings.fault(file, at, key, &format!("{way:?}"), allowed);
        return;
    }
    match ways.get(&folded) {
        Some((first, place)) if first != file => {
            let found = format!("{way:?}, which {first}:{} says too", place.line);
            findings.warn(
                file,
                at,
                key,
                &found,
                "words of one article: they now lead to neither",
            );
        }
        Some(_) => {}
        None => {
            ways.insert(folded, (file.clone(), at));
        }
    }
}
