//! Whether an answer is courtesy only: it thanks, greets, apologises, wishes well or asks back.
//!
//! Law: what is not known as courtesy states something. A yes is a statement (可以的，沒問題), and an answer in a
//! language without a list here states something whatever it says: it goes to a person rather than out unproven.

/// Said by courtesy. Compared in lower case without blanks.
const PHRASES: &[&str] = &[
    // Thanks.
    "謝謝",
    "感謝",
    "多謝",
    "謝啦",
    "不客氣",
    "谢谢",
    "感谢",
    "不客气",
    "您的來訊",
    "您的訊息",
    "您的詢問",
    "您的提問",
    "您的支持",
    "您的耐心",
    "您的等候",
    "您的等待",
    "您的光臨",
    "您的惠顧",
    "您的聯絡",
    "您的聯繫",
    "您的回覆",
    "您的諒解",
    "您的體諒",
    "您的理解",
    "您的配合",
    "您的告知",
    "耐心等候",
    "耐心等待",
    "來訊",
    "詢問",
    "提問",
    "支持",
    "光臨",
    "惠顧",
    "諒解",
    "體諒",
    "理解",
    "配合",
    // Greetings.
    "您好",
    "你好",
    "哈囉",
    "哈啰",
    "嗨",
    "早安",
    "午安",
    "晚安",
    "歡迎光臨",
    "欢迎光临",
    "再見",
    "再见",
    "掰掰",
    "很高興為您服務",
    "很高兴为您服务",
    "為您服務",
    // Apologies.
    "不好意思",
    "抱歉",
    "對不起",
    "对不起",
    "請見諒",
    "敬請見諒",
    "请见谅",
    "造成您的不便",
    "造成不便",
    "讓您久等了",
    "久等了",
    "辛苦了",
    // Offers of more help.
    "如有其他問題",
    "如果有其他問題",
    "若有其他問題",
    "有其他問題",
    "有任何問題",
    "如有任何問題",
    "還有其他問題",
    "隨時告訴我們",
    "隨時告訴我",
    "隨時與我們聯絡",
    "隨時聯絡我們",
    "歡迎隨時",
    "歡迎再",
    "詢問我們",
    "告訴我們",
    "與我們聯絡",
    "聯絡我們",
    // English.
    "thankyou",
    "thanks",
    "verymuch",
    "somuch",
    "foryourmessage",
    "foryourpatience",
    "foraskingus",
    "forcontactingus",
    "forreachingout",
    "you'rewelcome",
    "you’rewelcome",
    "youarewelcome",
    "mypleasure",
    "hello",
    "hi",
    "hithere",
    "goodmorning",
    "goodafternoon",
    "goodevening",
    "goodbye",
    "bye",
    "sorry",
    "i'msorry",
    "i’msorry",
    "weapologize",
    "weapologise",
    "apologies",
    "fortheinconvenience",
    "haveaniceday",
    "haveagreatday",
    "haveagoodday",
    "haveawonderfulday",
    "pleaseletusknow",
    "letusknow",
    "ifyouhaveanyotherquestions",
    "ifyouhaveanyquestions",
    // Japanese.
    "ありがとうございます",
    "ありがとうございました",
    "どういたしまして",
    "こんにちは",
    "申し訳ございません",
    "すみません",
    "お待たせしました",
    "お問い合わせ",
];
/// May stand beside courtesy; alone they may be a yes.
const FILLERS: &[&str] = &[
    "好的",
    "好喔",
    "好哦",
    "了解",
    "收到",
    "明白",
    "您",
    "你",
    "的",
    "了",
    "喔",
    "哦",
    "呢",
    "啊",
    "唷",
    "囉",
    "也",
    "再",
    "很",
    "真的",
    "非常",
    "十分",
    "對您",
    "親愛的",
    "顧客",
    "貴賓",
    "ok",
    "sure",
    "dear",
    "customer",
    "and",
    "again",
    "いただき",
];
/// A wish begins so, and is not longer than [`WISH`].
const WISHES: [&str; 4] = ["祝您", "祝你", "祝福", "祝"];
const WISH: usize = 16;
/// A question back begins so, and is not longer than [`QUESTION`].
const ASKING: [&str; 22] = [
    "請問",
    "想請問",
    "想請教",
    "请问",
    "方便請問",
    "方便提供",
    "可以請您",
    "可否請您",
    "請提供",
    "請您提供",
    "麻煩提供",
    "麻煩您提供",
    "請告訴我們",
    "請告訴我",
    "您想",
    "你想",
    "您是想",
    "您是指",
    "couldyoutell",
    "couldyouplease",
    "mayi",
    "howcan",
];
const QUESTION: usize = 40;
/// What a wish or a question back does not say: with it, it tells something.
const TELLING: [&str; 12] = [
    "我們有",
    "我們會",
    "我們可",
    "本店",
    "都可以",
    "也可以",
    "是可以",
    "免費",
    "免运",
    "免運",
    "不用",
    "不需",
];

/// Whether the answer states nothing.
pub(super) fn is_courtesy(answer: &str) -> bool {
    let mut is_said = false;
    for clause in clauses(answer) {
        match courtesy(&clause) {
            Some(is_more_than_filler) => is_said |= is_more_than_filler,
            None => return false,
        }
    }
    is_said
}

/// Lower case, blanks left out, cut at everything that is neither letter nor digit.
fn clauses(answer: &str) -> Vec<String> {
    let is_part = |letter: char| {
        letter.is_alphanumeric()
            || letter.is_whitespace() && letter != '\n'
            || "'’".contains(letter)
    };
    answer
        .split(|letter| !is_part(letter))
        .map(|clause| {
            let letters = clause.chars().filter(|letter| !letter.is_whitespace());
            letters.flat_map(char::to_lowercase).collect::<String>()
        })
        .filter(|clause| !clause.is_empty())
        .collect()
}

/// `None`: the clause states something; else whether it is more than filler.
fn courtesy(clause: &str) -> Option<bool> {
    let length = clause.chars().count();
    let begins = |words: &[&str]| words.iter().any(|word| clause.starts_with(word));
    let tells = TELLING.iter().any(|word| clause.contains(word));
    if !tells && (length <= WISH && begins(&WISHES) || length <= QUESTION && begins(&ASKING)) {
        return Some(true);
    }
    let longest = |rest: &str, words: &[&'static str]| {
        let fits = words.iter().filter(|word| rest.starts_with(**word));
        fits.map(|word| word.len()).max().unwrap_or(0)
    };
    let (mut rest, mut is_said) = (clause, false);
    while !rest.is_empty() {
        let (phrase, filler) = (longest(rest, PHRASES), longest(rest, FILLERS));
        let step = phrase.max(filler);
        if step == 0 {
            return None;
        }
        is_said |= phrase == step;
        rest = &rest[step..];
    }
    Some(is_said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_thanks_greets_apologises_or_asks_back_states_nothing() {
        for answer in [
            "不客氣，祝您愉快！",
            "好的，謝謝您，祝您有愉快的一天！",
            "您好～很高興為您服務 😊",
            "非常抱歉，讓您久等了，造成您的不便敬請見諒",
            "您好，請問您的訂單編號是多少呢？",
            "感謝您的來訊！如有其他問題，歡迎隨時告訴我們。",
            "谢谢您！",
            "Thank you very much! Have a nice day.",
            "You’re welcome! How can I help you?",
            "ありがとうございます。",
        ] {
            assert!(is_courtesy(answer), "{answer}");
        }
    }

    #[test]
    fn a_yes_or_no_states_something_and_so_does_what_is_not_known() {
        for answer in [
            "可以的，沒問題！",
            "可以",
            "好的",
            "是的，謝謝您",
            "不會喔",
            "有的，歡迎光臨",
            "您好，我們週日有開。",
            "没问题，谢谢",
            "Yes, you can.",
            "Sure!",
            "Thank you, we do",
            "請問您知道我們有免費寄送嗎",
            "祝您愉快，隨時可以退",
            "はい、できます",
            "ได้ค่ะ",
            "",
            "！！",
        ] {
            assert!(!is_courtesy(answer), "{answer}");
        }
    }
}
