"""LINE's official Python SDK against the simulator: what a third party sends must be accepted, and
what the simulator sends must be parsed by LINE's own reader.

Usage: line_sdk.py BASE_URL CHANNEL_ID CHANNEL_SECRET ACCESS_TOKEN
Prints one line per law that held; any failure ends with a traceback and a status other than 0.
"""

import json
import struct
import sys
import threading
import time
import urllib.request
import uuid
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

from linebot.v3 import WebhookParser
from linebot.v3.exceptions import InvalidSignatureError
from linebot.v3.messaging import (
    ApiClient,
    ApiException,
    ButtonsTemplate,
    Configuration,
    CreateRichMenuAliasRequest,
    FlexContainer,
    FlexMessage,
    MarkMessagesAsReadByTokenRequest,
    MessageAction,
    MessagingApi,
    MessagingApiBlob,
    MulticastRequest,
    PostbackAction,
    PushMessageRequest,
    QuickReply,
    QuickReplyItem,
    ReplyMessageRequest,
    RichMenuArea,
    RichMenuBounds,
    RichMenuRequest,
    RichMenuSize,
    RichMenuSwitchAction,
    Sender,
    ShowLoadingAnimationRequest,
    TemplateMessage,
    TextMessage,
    ValidateMessageRequest,
)
from linebot.v3.oauth import ApiClient as OauthClient
from linebot.v3.oauth import ChannelAccessToken
from linebot.v3.oauth import Configuration as OauthConfiguration

BASE, CHANNEL_ID, SECRET, TOKEN = sys.argv[1:5]
PATIENCE = 20


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data=data, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


class Receiver:
    """A webhook receiver that checks every request with LINE's own parser."""

    def __init__(self):
        self.events = Queue()
        parser = WebhookParser(SECRET)
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                signature = self.headers["x-line-signature"]
                try:
                    payload = parser.parse(body, signature, as_payload=True)
                    events.put((payload, body, signature))
                    self.send_response(200)
                except Exception as error:  # told to the waiting test
                    events.put(error)
                    self.send_response(400)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        got = self.events.get(timeout=PATIENCE)
        if isinstance(got, Exception):
            raise got
        return got

    def event(self):
        return self.next()[0].events[0]


def png(width, height):
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\x00" + b"\x40\x80\xc0" * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def status_of(call):
    try:
        call()
    except Exception as error:
        return error.status
    return 200


def held(law):
    print("held:", law)


receiver = Receiver()
control("PUT", "/sim/webhook", {"url": receiver.url})
user = control("POST", "/sim/customers", {"name": "陳怡君"})["userId"]


def act(action, who=user):
    return control("POST", f"/sim/customers/{who}/actions", action)


# Tokens: a stateless token is issued and used for everything that follows.
with OauthClient(OauthConfiguration(host=BASE)) as client:
    issued = ChannelAccessToken(client).issue_stateless_channel_token_by_client_secret(
        CHANNEL_ID, SECRET
    )
    assert issued.token_type == "Bearer" and 0 < issued.expires_in <= 900, issued
    assert ChannelAccessToken(client).verify_channel_token(issued.access_token).client_id == CHANNEL_ID
    held("a stateless token is issued by id and secret")

client = ApiClient(Configuration(host=BASE, access_token=issued.access_token))
api = MessagingApi(client)
blob = MessagingApiBlob(client)
# A configured host wins over the data host that the SDK names per call: one listener plays both.

wrong = MessagingApi(ApiClient(Configuration(host=BASE, access_token="wrong")))
assert status_of(lambda: wrong.get_bot_info()) == 401
held("a wrong access token is 401")

# Webhooks: every kind of event is accepted by LINE's reader and keeps its words.
act({"type": "text", "text": "運費多少🤨"})
payload, raw, signature = receiver.next()
text_event = payload.events[0]
assert text_event.message.text == "運費多少🤨"
assert payload.destination == api.get_bot_info().user_id
try:
    WebhookParser("another secret").parse(raw, signature)
    raise AssertionError("a foreign signature was accepted")
except InvalidSignatureError:
    held("webhooks are signed with the channel secret only")

kinds = [
    ({"type": "sticker", "packageId": "446", "stickerId": "1988"}, "StickerMessageContent"),
    ({"type": "image"}, "ImageMessageContent"),
    ({"type": "video"}, "VideoMessageContent"),
    ({"type": "audio"}, "AudioMessageContent"),
    ({"type": "file"}, "FileMessageContent"),
    ({"type": "location", "title": "店", "address": "台北", "latitude": 25.0, "longitude": 121.5},
     "LocationMessageContent"),
]
messages = {}
for action, wanted in kinds:
    act(action)
    message = receiver.event().message
    assert type(message).__name__ == wanted, message
    messages[action["type"]] = message
for action, wanted in [
    ({"type": "postback", "data": "a=1", "params": {"datetime": "2026-11-20T14:02"}}, "PostbackEvent"),
    ({"type": "unsend", "messageId": messages["audio"].id}, "UnsendEvent"),
    ({"type": "unfollow"}, "UnfollowEvent"),
    ({"type": "follow"}, "FollowEvent"),
    ({"type": "event", "kind": "videoPlayComplete", "replyable": True,
      "payload": {"trackingId": "t"}}, "VideoPlayCompleteEvent"),
    ({"type": "event", "kind": "beacon", "replyable": True,
      "payload": {"hwid": "d41d8cd98f", "type": "enter"}}, "BeaconEvent"),
    ({"type": "event", "kind": "accountLink", "replyable": True, "payloadKey": "link",
      "payload": {"result": "ok", "nonce": "n"}}, "AccountLinkEvent"),
    ({"type": "event", "kind": "membership", "replyable": True,
      "payload": {"type": "joined", "membershipId": 7}}, "MembershipEvent"),
    ({"type": "event", "kind": "hologram", "payload": {"depth": 3}}, "UnknownEvent"),
]:
    act(action)
    event = receiver.event()
    # The SDK has no class of its own for events it does not know.
    name = type(event).__name__
    assert name == wanted or (wanted == "UnknownEvent" and name == "Event"), (name, wanted)
group = control("POST", "/sim/groups", {"name": "團購", "members": [user]})["groupId"]
assert type(receiver.event()).__name__ == "JoinEvent"
act({"type": "text", "text": "多少錢", "mention": True, "groupId": group})
mentioned = receiver.event()
assert mentioned.source.group_id == group and mentioned.message.mention.mentionees[0].is_self
act({"type": "edit", "messageId": mentioned.message.id, "text": "運費", "groupId": group})
assert receiver.event().type == "messageEdited"
other = control("POST", "/sim/customers", {})["userId"]
control("POST", f"/sim/groups/{group}/members", {"userId": other})
assert type(receiver.event()).__name__ == "MemberJoinedEvent"
control("POST", f"/sim/groups/{group}/members", {"userId": other, "joins": False})
assert type(receiver.event()).__name__ == "MemberLeftEvent"
held("LINE's parser reads every event the simulator sends")

# Sending.
request = ReplyMessageRequest(
    reply_token=text_event.reply_token,
    messages=[
        TextMessage(text="運費 60 元", quote_token=text_event.message.quote_token,
                    sender=Sender(name="客服小美")),
        TemplateMessage(
            alt_text="客服選單",
            template=ButtonsTemplate(
                text="請選擇服務類型",
                actions=[PostbackAction(label="訂單查詢", data="flow=order", display_text="訂單查詢")],
            ),
        ),
        FlexMessage(
            alt_text="訂單",
            contents=FlexContainer.from_json(json.dumps({
                "type": "bubble",
                "body": {"type": "box", "layout": "vertical",
                         "contents": [{"type": "text", "text": "訂單 1234"}]},
            })),
            quick_reply=QuickReply(
                items=[QuickReplyItem(action=MessageAction(label="轉人工", text="人工"))]
            ),
        ),
    ],
)
sent = api.reply_message(request)
assert len(sent.sent_messages) == 3 and sent.sent_messages[0].quote_token
assert status_of(lambda: api.reply_message(request)) == 400
held("a reply token works once")

key = str(uuid.uuid4())
push = PushMessageRequest(to=user, messages=[TextMessage(text="到貨了")])
first = api.push_message_with_http_info(push, x_line_retry_key=key)
try:
    api.push_message(push, x_line_retry_key=key)
    raise AssertionError("a retry key was accepted twice")
except ApiException as error:
    assert error.status == 409, error
    accepted = error.headers["x-line-accepted-request-id"]
    assert accepted == first.headers["x-line-request-id"]
    again = json.loads(error.body)["sentMessages"]
    assert again[0]["id"] == first.data.sent_messages[0].id
held("a retry key is accepted once and 409 tells the first request id")

api.multicast(MulticastRequest(to=[user, other], messages=[TextMessage(text="週年慶")]))
api.validate_push(ValidateMessageRequest(messages=[TextMessage(text="ok")]))
assert status_of(
    lambda: api.push_message(PushMessageRequest(to=user, messages=[TextMessage(text="x" * 5001)]))
) == 400
assert api.get_message_quota().type == "none"
assert api.get_message_quota_consumption().total_usage == 3
held("quota counts recipients")

profile = api.get_profile(user)
assert profile.display_name == "陳怡君" and profile.language == "zh-TW"
assert api.get_group_member_profile(group, user).user_id == user
assert user in api.get_followers().user_ids
assert status_of(lambda: api.get_profile("U" + "0" * 32)) == 404
api.show_loading_animation(ShowLoadingAnimationRequest(chat_id=user, loading_seconds=5))
api.mark_messages_as_read_by_token(
    MarkMessagesAsReadByTokenRequest(mark_as_read_token=text_event.message.mark_as_read_token)
)
assert control("GET", f"/sim/customers/{user}/thread")["loading"]["until"] > time.time() * 1000
held("profiles, loading animation, read marks")

# Rich menus.
menu = RichMenuRequest(
    size=RichMenuSize(width=800, height=270),
    selected=True,
    name="main",
    chat_bar_text="客服選單",
    areas=[
        RichMenuArea(
            bounds=RichMenuBounds(x=0, y=0, width=400, height=270),
            action=RichMenuSwitchAction(label="下一頁", rich_menu_alias_id="page-b", data="to=b"),
        )
    ],
)
api.validate_rich_menu_object(menu)
menu_id = api.create_rich_menu(menu).rich_menu_id
assert status_of(lambda: api.set_default_rich_menu(menu_id)) == 400
picture = png(800, 270)
blob.set_rich_menu_image(menu_id, body=bytearray(picture), _headers={"Content-Type": "image/png"})
assert bytes(blob.get_rich_menu_image(menu_id)) == picture
api.set_default_rich_menu(menu_id)
assert api.get_default_rich_menu_id().rich_menu_id == menu_id
api.link_rich_menu_id_to_user(user, menu_id)
assert api.get_rich_menu_id_of_user(user).rich_menu_id == menu_id
api.create_rich_menu_alias(
    CreateRichMenuAliasRequest(rich_menu_alias_id="page-b", rich_menu_id=menu_id)
)
act({"type": "richmenu", "x": 10, "y": 10})
assert receiver.event().postback.params["status"] == "SUCCESS"
assert [one.rich_menu_id for one in api.get_rich_menu_list().richmenus] == [menu_id]
api.unlink_rich_menu_id_from_user(user)
api.delete_rich_menu_alias("page-b")
api.cancel_default_rich_menu()
api.delete_rich_menu(menu_id)
held("rich menus: create, picture, default, link, alias, switch, delete")

# Content.
image = messages["image"].id
assert bytes(blob.get_message_content(image)).startswith(b"\x89PNG")
assert bytes(blob.get_message_content_preview(image)).startswith(b"\x89PNG")
assert blob.get_message_content_transcoding_by_message_id(messages["video"].id).status == "succeeded"
act({"type": "unsend", "messageId": image})
assert type(receiver.event()).__name__ == "UnsendEvent"
assert status_of(lambda: blob.get_message_content(image)) == 410
assert status_of(lambda: blob.get_message_content("1")) == 404
held("content is served until it is unsent")
print("all held")
