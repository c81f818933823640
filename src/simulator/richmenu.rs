//! Rich menus of one account: menus, pictures, aliases, links.
//!
//! Source: LINE docs, "Rich menus overview" (priority: per user, then default) and reference.

use super::actions::Action;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most menus of an account, and most aliases.
pub const MENUS_MAX: usize = 1_000;

/// One menu.
#[derive(Clone, Debug)]
pub struct Menu {
    /// The object as created, with `richMenuId`.
    pub object: Value,
    /// Type and bytes of the picture; cannot be replaced once there.
    pub image: Option<(String, Arc<[u8]>)>,
}

/// What a tap does.
#[derive(Clone, Debug, PartialEq)]
pub enum Tap {
    /// The customer does this.
    Act(Action),
    /// Something that LINE does not tell us about (opens a page).
    Nothing(String),
}

/// All menus of an account.
#[derive(Debug, Default)]
pub struct RichMenus {
    /// By id.
    pub menus: BTreeMap<String, Menu>,
    /// Alias to menu id.
    pub aliases: BTreeMap<String, String>,
    /// Everybody's menu, set by the API.
    pub default: Option<String>,
    /// User to menu id.
    pub links: HashMap<String, String>,
}

impl RichMenus {
    /// Id of the menu a user sees.
    pub fn id_for(&self, user: &str) -> Option<&String> {
        self.links
            .get(user)
            .or(self.default.as_ref())
            .filter(|id| self.menus.contains_key(*id))
    }

    /// The menu a user sees, with the address of its picture.
    pub fn shown_to(&self, user: &str) -> Option<Value> {
        let id = self.id_for(user)?;
        let menu = self.menus.get(id)?;
        let mut object = menu.object.clone();
        object["imageUrl"] = match menu.image {
            Some(_) => json!(format!("/sim/richmenu/{id}/image")),
            None => Value::Null,
        };
        Some(object)
    }

    /// Removes a menu and everything that points to it.
    pub fn remove(&mut self, id: &str) -> bool {
        let found = self.menus.remove(id).is_some();
        if found {
            self.links.retain(|_, linked| linked != id);
            if self.default.as_deref() == Some(id) {
                self.default = None;
            }
        }
        found
    }

    /// Switches a user's menu through an alias; the status LINE reports in the postback.
    pub fn switch(&mut self, user: &str, alias: &str) -> &'static str {
        match self.aliases.get(alias) {
            None => "RICHMENU_ALIAS_ID_NOTFOUND",
            Some(id) if !self.menus.contains_key(id) => "RICHMENU_NOTFOUND",
            Some(id) => {
                self.links.insert(user.to_owned(), id.clone());
                "SUCCESS"
            }
        }
    }

    /// What a tap at a point of the user's menu does.
    ///
    /// # Errors
    /// The user sees no menu, or no area is there.
    pub fn tap(&self, user: &str, x: u64, y: u64) -> Result<Tap, &'static str> {
        let id = self.id_for(user).ok_or("the customer sees no rich menu")?;
        let areas = self.menus[id].object["areas"].as_array();
        let number = |bounds: &Value, key: &str| bounds[key].as_u64().unwrap_or(0);
        let area = areas
            .into_iter()
            .flatten()
            .find(|area| {
                let bounds = &area["bounds"];
                let (left, top) = (number(bounds, "x"), number(bounds, "y"));
                (left..left + number(bounds, "width")).contains(&x)
                    && (top..top + number(bounds, "height")).contains(&y)
            })
            .ok_or("no area of the rich menu is there")?;
        Ok(tap_of(&area["action"]))
    }
}

fn tap_of(action: &Value) -> Tap {
    let text = |key: &str| action[key].as_str().map(str::to_owned);
    match action["type"].as_str().unwrap_or_default() {
        "message" => Tap::Act(Action::Text {
            text: text("text").unwrap_or_default(),
            mention: false,
            quoted_message_id: None,
        }),
        "postback" => Tap::Act(Action::Postback {
            data: text("data").unwrap_or_default(),
            display_text: text("displayText").or_else(|| text("text")),
            params: None,
        }),
        "richmenuswitch" => Tap::Act(Action::RichMenuSwitch {
            rich_menu_alias_id: text("richMenuAliasId").unwrap_or_default(),
            data: text("data").unwrap_or_default(),
        }),
        other => Tap::Nothing(format!("action {other} sends no webhook")),
    }
}
