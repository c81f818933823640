//! Customers and groups as one channel knows them.

use super::ids::Ids;
use super::thread::Thread;
use serde::Serialize;
use std::sync::Arc;

/// A person who wrote within this time can be pushed to although not a friend.
///
/// Source: LINE reference, "Send push message", conditions for users: seven days.
pub const WROTE_RECENTLY_MS: u64 = 7 * 86_400_000;

/// One customer of one channel.
#[derive(Clone, Debug)]
pub struct Customer {
    /// LINE's id of the person.
    pub user_id: Arc<str>,
    /// The name in the profile.
    pub display_name: String,
    /// BCP 47 tag in the profile.
    pub language: String,
    /// Address of the picture, served by the simulator itself.
    pub picture_url: String,
    /// Added the account and has not blocked it.
    pub friend: bool,
    /// Has blocked the account.
    pub blocked: bool,
    /// When the customer last wrote one to one; 0: never.
    pub wrote_at: u64,
    /// What stands in the chat.
    pub thread: Thread,
    /// The loading animation is shown until then.
    pub loading_until: u64,
    /// The account has read everything the customer wrote.
    pub read: bool,
}

/// A customer as the control API shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerView {
    /// LINE's id.
    pub user_id: Arc<str>,
    /// Alias of the channel.
    pub channel: Arc<str>,
    /// Name.
    pub display_name: String,
    /// Picture.
    pub picture_url: String,
    /// Language.
    pub language: String,
    /// Friend now.
    pub friend: bool,
    /// Blocked now.
    pub blocked: bool,
}

impl Customer {
    /// A friend with a name; the picture is a drawn initial.
    pub fn new(user_id: Arc<str>, name: Option<&str>, language: &str, ids: &Ids) -> Customer {
        let display_name = name.map_or_else(|| believable(ids), str::to_owned);
        Customer {
            picture_url: format!("/sim/picture/{user_id}"),
            user_id,
            display_name,
            language: language.to_owned(),
            friend: true,
            blocked: false,
            wrote_at: 0,
            thread: Thread::default(),
            loading_until: 0,
            read: true,
        }
    }

    /// Whether a message sent now arrives.
    ///
    /// Source: LINE reference, "Send push message": friends, or people who wrote within seven days.
    pub fn reachable(&self, now: u64) -> bool {
        !self.blocked
            && (self.friend
                || (self.wrote_at > 0 && now.saturating_sub(self.wrote_at) <= WROTE_RECENTLY_MS))
    }

    /// As the control API shows it.
    pub fn view(&self, channel: &Arc<str>) -> CustomerView {
        CustomerView {
            user_id: self.user_id.clone(),
            channel: channel.clone(),
            display_name: self.display_name.clone(),
            picture_url: self.picture_url.clone(),
            language: self.language.clone(),
            friend: self.friend,
            blocked: self.blocked,
        }
    }
}

/// A group or room the account is in.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name (groups only; rooms have none).
    pub name: String,
    /// People in it, without the account.
    pub members: Vec<Arc<str>>,
    /// The account is still in it.
    pub joined: bool,
    /// What stands in the chat.
    pub thread: Thread,
}

const FAMILY: [&str; 24] = [
    "陳", "林", "黃", "張", "李", "王", "吳", "劉", "蔡", "楊", "許", "鄭", "謝", "郭", "洪", "曾",
    "邱", "廖", "賴", "周", "徐", "蘇", "葉", "莊",
];
const GIVEN: [&str; 32] = [
    "怡君", "雅婷", "淑芬", "家豪", "志明", "俊傑", "欣怡", "詩涵", "宗翰", "冠廷", "承恩", "宥廷",
    "品妤", "子晴", "美玲", "麗華", "建宏", "文雄", "佩珊", "柏翰", "思妤", "彥廷", "淑惠", "明哲",
    "筱涵", "芷若", "佳穎", "鈺婷", "偉倫", "婉婷", "孟儒", "語彤",
];
const NICK: [&str; 16] = [
    "小魚",
    "阿德🌿",
    "Kelly 林",
    "Mia✨",
    "大寶媽",
    "豆花",
    "Jason Wu",
    "小安安",
    "Tina",
    "阿凱",
    "橘子🍊",
    "Vivian",
    "老王",
    "貝貝",
    "Amy 陳",
    "柚子",
];

/// A name as people in Taiwan use on LINE: mostly full names, some nicknames.
fn believable(ids: &Ids) -> String {
    let bits = ids.bits();
    let pick = |list: &[&str], shift: u32| {
        let place = (bits >> shift) as usize % list.len();
        list[place].to_owned()
    };
    if bits.is_multiple_of(4) {
        pick(&NICK, 40)
    } else {
        pick(&FAMILY, 8) + &pick(&GIVEN, 24)
    }
}
