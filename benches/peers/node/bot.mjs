// The README bot of @line/bot-sdk: express, its middleware (signature and parsing), one awaited
// reply, 200. It keeps nothing. PORT, LINE_API, LINE_SECRET and LINE_TOKEN come from the bench.
import express from 'express';
import { messagingApi, middleware } from '@line/bot-sdk';

const rules = [
  ['價格', '阿里山高山烏龍 NT$680，杉林溪烏龍 NT$780'],
  ['優惠', '全館滿 NT$1,500 免運費，任選兩件 95 折'],
  ['運費', '超商取貨 NT$60，本島宅配 NT$100'],
  ['退貨', '七天鑑賞期內可以退貨，請保留包裝'],
];
const client = new messagingApi.MessagingApiClient({
  channelAccessToken: process.env.LINE_TOKEN,
  baseURL: process.env.LINE_API,
});

async function answer(event) {
  if (event.type !== 'message' || event.message.type !== 'text') return;
  const rule = rules.find(([word]) => event.message.text.includes(word));
  if (!rule) return;
  await client.replyMessage({
    replyToken: event.replyToken,
    messages: [{ type: 'text', text: rule[1] }],
  });
}

const app = express();
app.get('/', (_, response) => response.send('ready'));
app.post('/webhook', middleware({ channelSecret: process.env.LINE_SECRET }), (request, response) => {
  Promise.all(request.body.events.map(answer))
    .then(() => response.sendStatus(200))
    .catch(() => response.sendStatus(500));
});
app.listen(Number(process.env.PORT), '127.0.0.1');
