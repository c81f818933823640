//! The table of LINE's endpoints: method, path, name, rate.
//!
//! Rates: LINE reference, "Rate limits"; per endpoint and channel, whatever the caller's address.

/// How often an endpoint may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls …
    pub calls: u32,
    /// … per so many milliseconds.
    pub per_ms: u64,
}

const fn per_second(calls: u32) -> Rate {
    Rate {
        calls,
        per_ms: 1_000,
    }
}

const fn per_hour(calls: u32) -> Rate {
    Rate {
        calls,
        per_ms: 3_600_000,
    }
}

/// The limit of every endpoint that has no row of its own.
const USUAL: Rate = per_second(2_000);

macro_rules! endpoints {
    ($($variant:ident $name:literal $method:literal $path:literal $rate:expr;)*) => {
        /// One of LINE's endpoints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // the table below is the documentation
        pub enum Endpoint { $($variant),* }

        impl Endpoint {
            /// Every endpoint, in the order of the table.
            pub const ALL: &'static [Endpoint] = &[$(Endpoint::$variant),*];

            /// The name used in the journal and in fault filters.
            pub const fn name(self) -> &'static str {
                match self { $(Endpoint::$variant => $name),* }
            }

            const fn method(self) -> &'static str {
                match self { $(Endpoint::$variant => $method),* }
            }

            const fn path(self) -> &'static str {
                match self { $(Endpoint::$variant => $path),* }
            }

            /// LINE's published limit.
            pub const fn rate(self) -> Rate {
                match self { $(Endpoint::$variant => $rate),* }
            }
        }
    };
}

// Fixed paths stand before paths with parameters that would swallow them.
endpoints! {
    Reply "reply" "POST" "/v2/bot/message/reply" USUAL;
    Push "push" "POST" "/v2/bot/message/push" USUAL;
    Multicast "multicast" "POST" "/v2/bot/message/multicast" per_second(200);
    Narrowcast "narrowcast" "POST" "/v2/bot/message/narrowcast" per_hour(60);
    NarrowcastProgress "narrowcast_progress" "GET" "/v2/bot/message/progress/narrowcast" USUAL;
    Broadcast "broadcast" "POST" "/v2/bot/message/broadcast" per_hour(60);
    ValidateReply "validate_reply" "POST" "/v2/bot/message/validate/reply" USUAL;
    ValidatePush "validate_push" "POST" "/v2/bot/message/validate/push" USUAL;
    ValidateMulticast "validate_multicast" "POST" "/v2/bot/message/validate/multicast" USUAL;
    ValidateNarrowcast "validate_narrowcast" "POST" "/v2/bot/message/validate/narrowcast" USUAL;
    ValidateBroadcast "validate_broadcast" "POST" "/v2/bot/message/validate/broadcast" USUAL;
    Loading "loading" "POST" "/v2/bot/chat/loading/start" per_second(100);
    MarkAsRead "mark_as_read" "POST" "/v2/bot/chat/markAsRead" USUAL;
    MarkAsReadByUser "mark_as_read_by_user" "POST" "/v2/bot/message/markAsRead" USUAL;
    Profile "profile" "GET" "/v2/bot/profile/{}" USUAL;
    Followers "followers" "GET" "/v2/bot/followers/ids" USUAL;
    GroupMember "group_member" "GET" "/v2/bot/group/{}/member/{}" USUAL;
    RoomMember "room_member" "GET" "/v2/bot/room/{}/member/{}" USUAL;
    GroupMembers "group_members" "GET" "/v2/bot/group/{}/members/ids" USUAL;
    RoomMembers "room_members" "GET" "/v2/bot/room/{}/members/ids" USUAL;
    GroupCount "group_count" "GET" "/v2/bot/group/{}/members/count" USUAL;
    RoomCount "room_count" "GET" "/v2/bot/room/{}/members/count" USUAL;
    GroupSummary "group_summary" "GET" "/v2/bot/group/{}/summary" USUAL;
    GroupLeave "group_leave" "POST" "/v2/bot/group/{}/leave" USUAL;
    RoomLeave "room_leave" "POST" "/v2/bot/room/{}/leave" USUAL;
    Quota "quota" "GET" "/v2/bot/message/quota" USUAL;
    Consumption "consumption" "GET" "/v2/bot/message/quota/consumption" USUAL;
    Delivered "delivery_count" "GET" "/v2/bot/message/delivery/{}" USUAL;
    Content "content" "GET" "/v2/bot/message/{}/content" USUAL;
    Preview "preview" "GET" "/v2/bot/message/{}/content/preview" USUAL;
    Transcoding "transcoding" "GET" "/v2/bot/message/{}/content/transcoding" USUAL;
    BotInfo "bot_info" "GET" "/v2/bot/info" USUAL;
    WebhookGet "webhook_get" "GET" "/v2/bot/channel/webhook/endpoint" Rate { calls: 1_000, per_ms: 60_000 };
    WebhookPut "webhook_put" "PUT" "/v2/bot/channel/webhook/endpoint" Rate { calls: 1_000, per_ms: 60_000 };
    WebhookTest "webhook_test" "POST" "/v2/bot/channel/webhook/test" per_hour(60);
    LinkToken "link_token" "POST" "/v2/bot/user/{}/linkToken" USUAL;
    MenuCreate "menu_create" "POST" "/v2/bot/richmenu" per_hour(100);
    MenuValidate "menu_validate" "POST" "/v2/bot/richmenu/validate" USUAL;
    MenuList "menu_list" "GET" "/v2/bot/richmenu/list" per_second(10);
    AliasCreate "alias_create" "POST" "/v2/bot/richmenu/alias" USUAL;
    AliasList "alias_list" "GET" "/v2/bot/richmenu/alias/list" USUAL;
    AliasGet "alias_get" "GET" "/v2/bot/richmenu/alias/{}" USUAL;
    AliasUpdate "alias_update" "POST" "/v2/bot/richmenu/alias/{}" USUAL;
    AliasDelete "alias_delete" "DELETE" "/v2/bot/richmenu/alias/{}" per_hour(100);
    MenuBulkLink "menu_bulk_link" "POST" "/v2/bot/richmenu/bulk/link" USUAL;
    MenuBulkUnlink "menu_bulk_unlink" "POST" "/v2/bot/richmenu/bulk/unlink" USUAL;
    MenuGet "menu_get" "GET" "/v2/bot/richmenu/{}" USUAL;
    MenuDelete "menu_delete" "DELETE" "/v2/bot/richmenu/{}" per_hour(100);
    MenuImagePut "menu_image_put" "POST" "/v2/bot/richmenu/{}/content" USUAL;
    MenuImageGet "menu_image_get" "GET" "/v2/bot/richmenu/{}/content" USUAL;
    MenuDefaultSet "menu_default_set" "POST" "/v2/bot/user/all/richmenu/{}" USUAL;
    MenuDefaultGet "menu_default_get" "GET" "/v2/bot/user/all/richmenu" USUAL;
    MenuDefaultCancel "menu_default_cancel" "DELETE" "/v2/bot/user/all/richmenu" USUAL;
    MenuLink "menu_link" "POST" "/v2/bot/user/{}/richmenu/{}" USUAL;
    MenuOfUser "menu_of_user" "GET" "/v2/bot/user/{}/richmenu" USUAL;
    MenuUnlink "menu_unlink" "DELETE" "/v2/bot/user/{}/richmenu" USUAL;
    TokenStateless "token_stateless" "POST" "/oauth2/v3/token" USUAL;
    TokenShort "token_short" "POST" "/v2/oauth/accessToken" per_second(370);
    TokenVerify "token_verify" "POST" "/v2/oauth/verify" USUAL;
    TokenRevoke "token_revoke" "POST" "/v2/oauth/revoke" USUAL;
    TokenJwt "token_v21" "POST" "/oauth2/v2.1/token" USUAL;
}

/// An endpoint found, with the parameters of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// Which.
    pub endpoint: Endpoint,
    /// First and second parameter of the path; empty when it has none.
    pub args: [&'a str; 2],
}

/// Finds the endpoint of a method and a path (without query).
pub fn route<'a>(method: &str, path: &'a str) -> Option<Route<'a>> {
    Endpoint::ALL
        .iter()
        .filter(|endpoint| endpoint.method() == method)
        .find_map(|endpoint| {
            fits(endpoint.path(), path).map(|args| Route {
                endpoint: *endpoint,
                args,
            })
        })
}

/// Whether some endpoint has this path under another method (405 instead of 404).
pub fn known_path(path: &str) -> bool {
    Endpoint::ALL
        .iter()
        .any(|endpoint| fits(endpoint.path(), path).is_some())
}

fn fits<'a>(template: &str, path: &'a str) -> Option<[&'a str; 2]> {
    if template == path {
        return Some(["", ""]);
    }
    if !template.contains("{}") {
        return None;
    }
    let mut args = [""; 2];
    let mut found = 0;
    let mut given = path.split('/');
    for wanted in template.split('/') {
        let part = given.next()?;
        if wanted == "{}" {
            if part.is_empty() {
                return None;
            }
            args[found] = part;
            found += 1;
        } else if wanted != part {
            return None;
        }
    }
    given.next().is_none().then_some(args)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str) -> Option<&'static str> {
        route(method, path).map(|found| found.endpoint.name())
    }

    #[test]
    fn fixed_paths_win_over_parameters() {
        assert_eq!(name("GET", "/v2/bot/richmenu/list"), Some("menu_list"));
        assert_eq!(
            name("GET", "/v2/bot/richmenu/alias/list"),
            Some("alias_list")
        );
        assert_eq!(name("GET", "/v2/bot/richmenu/richmenu-1"), Some("menu_get"));
        assert_eq!(
            name("POST", "/v2/bot/user/all/richmenu/r"),
            Some("menu_default_set")
        );
        assert_eq!(
            name("GET", "/v2/bot/message/quota/consumption"),
            Some("consumption")
        );
    }

    #[test]
    fn parameters_come_in_order() {
        let found = route("POST", "/v2/bot/user/U1/richmenu/r1").expect("known path");
        assert_eq!(
            (found.endpoint, found.args),
            (Endpoint::MenuLink, ["U1", "r1"])
        );
        assert!(route("POST", "/v2/bot/user//richmenu/r1").is_none());
        assert!(route("GET", "/v2/bot/message/reply").is_none());
        assert!(known_path("/v2/bot/message/reply"));
    }
}
