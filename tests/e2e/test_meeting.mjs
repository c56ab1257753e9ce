// test_meeting.mjs: an evaluation meeting in the pages: 30 households and 11 members on two tablets,
// in a real browser: called, signed in, voted by passing the tablet on, the plug pulled in the
// middle, a member who votes twice, one household again on paper, one by show of hands, a round that is
// void because a secret is forgotten, sealed, printed; then the same figures at the county, and nothing
// anywhere that tells who voted how. Tells how long a tap takes to a blank screen on a machine slowed
// four times, and how long closing takes.
import fs from 'node:fs';
import path from 'node:path';
import { TABLET, check, end, heading, launch, look, ok, openBrowser, screens, strangers, troubles, unlock,
  work } from './browser.mjs';
import { ConsoleCounty } from './console.mjs';
import { Tablet, area } from './web.mjs';

const SECRETS = { a: ['river-stone', 'white-crane'], b: ['green-lamp', 'old-bridge'],
  c: ['tall-bamboo', 'late-ferry'], d: ['first-snow', 'red-kettle'] };
const county = new ConsoleCounty(work);
for (const role of ['township', 'auditor']) county.add(role);
for (const form of ['household', 'panel', 'meeting', 'note']) county.publish(form);
fs.writeFileSync(`${work}/names.csv`, '430626117000,福寿山镇\n430626117205,芦洞村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'list of villages');
await county.start();
const wang = new Tablet(county, 'wang');
const zhang = new Tablet(county, 'zhang');
const same = (got, wanted, what) => check(what, got, wanted);
let a; // {context, page} of wang
let b;
let meeting;

// What a page of ours asks, from the page itself.
const ask = (page, method, target, body) => page.evaluate(async ([verb, where, what]) => {
  const answer = await fetch(where, { method: verb, ...(verb === 'POST' ? {
    headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what ?? {}) } : {}) });

  return { status: answer.status, text: await answer.text() };
}, [method, target, body]).then(({ status, text }) => ({ status, text, json: JSON.parse(text) }));
const show = async (page, id = meeting) => (await ask(page, 'GET', `api/meetings/${id}`)).json;
const visit = async (one, tablet, hash) => {
  await one.page.goto(`http://127.0.0.1:${tablet.port}/#/home`);
  await one.page.goto(`http://127.0.0.1:${tablet.port}/${hash}`);
};

// ---- at the office ----

async function prepare() {
  const member = Array.from({ length: 11 }, (_, index) => ({ name: `成员${index + 1}`,
    category: index % 3 === 2 ? '2' : '7', active: '1' }));
  fs.writeFileSync(`${work}/panel.json`, JSON.stringify({ title: '石牌村评议小组', member }));
  await wang.start();
  wang.agent('unlock');
  wang.agent('new', 'panel', '--area', area, '--file', `${work}/panel.json`);
  for (let index = 1; index <= 30; index++) {
    fs.writeFileSync(`${work}/household.json`, JSON.stringify({ head: { name: `钟${index}` } }));
    wang.agent('new', 'household', '--area', area, '--draft', '--file', `${work}/household.json`);
  }
  a = await openBrowser('wang');
  await launch(a.page, wang);
  await unlock(a.page, wang);
}

async function call() {
  const { page } = a;

  await page.getByRole('link', { name: '民主评议' }).click();
  await page.getByText('还没有会议').waitFor();
  await look(page, 'meetings-empty');
  await page.getByRole('link', { name: '新会议' }).click();
  await page.getByText('应到11人').waitFor();
  await page.getByLabel('会议名称').fill('一季度评议');
  await page.getByLabel('地点').fill('村部会议室');
  await page.getByLabel('主持人').fill('李主任');
  await page.getByLabel('记录人').fill('周文书');
  await page.getByLabel('第一位计票人').fill('赵计票');
  await page.getByLabel('第二位计票人').fill('钱监票');
  await page.getByLabel('列席监督人员').or(page.getByLabel('乡镇或县里列席监督人员')).first().fill('孙干部');
  await page.getByLabel('全选（30户）').check();
  await page.getByText('应到不少于').first().waitFor();
  await look(page, 'meeting-new');
  await page.getByRole('button', { name: '建立会议' }).click();
  await page.waitForURL(/#\/meeting\//);
  meeting = decodeURIComponent(page.url().split('#/meeting/')[1]);
  await heading(page, '一季度评议');
  const made = await show(page);
  ok(made.items.length === 30 && made.members.length === 11, 'a meeting is called in the page');
  wang.agent('sync');
  zhang.agent('sync');
}

// ---- in the room ----

async function sign(page) {
  const pad = await page.locator('canvas.pad').boundingBox();

  await page.mouse.move(pad.x + 40, pad.y + 60);
  await page.mouse.down();
  await page.mouse.move(pad.x + 160, pad.y + 90, { steps: 4 });
  await page.mouse.move(pad.x + 300, pad.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.getByRole('button', { name: '保存签名' }).or(page.getByRole('dialog')
    .locator('.primary')).first().click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function open() {
  const { page } = a;

  await page.getByRole('button', { name: '开会' }).click();
  await page.getByRole('button', { name: '1号签到', exact: true }).click();
  await sign(page);
  await page.getByText('已签到').first().waitFor();
  const { members } = await show(page);
  same(members[0].signed && members[0].present, true, 'a member signs in with his finger');
  await ask(page, 'POST', `api/meetings/${meeting}/sign-in`, { seats: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] });
  await page.getByRole('button', { name: '完成：宣讲政策' }).click();
  await page.getByRole('button', { name: '第4户有人回避' }).click();
  await page.getByLabel('2 成员2').check();
  await look(page, 'meeting-recuse');
  await page.getByRole('dialog').getByRole('button', { name: '回避' }).click();
  await page.getByText('已回避：成员2').waitFor();
  await look(page, 'meeting-open');
  await page.getByText('用第二台平板').click();
  await page.getByLabel('在第二台平板投票的席号').fill('6-11');
  await page.getByRole('button', { name: '生成配对码' }).click();
  const code = await page.locator('.notice .code').textContent();
  await page.getByRole('button', { name: '开始投票' }).click();
  await page.getByLabel('主持人的一次性口令').fill(SECRETS.a[0]);
  await page.getByLabel('监票人的一次性口令').fill(SECRETS.a[1]);
  await page.getByLabel('在这台平板投票的席号').fill('1-6');
  await look(page, 'voting-begin');
  await page.getByRole('dialog').getByRole('button', { name: '开始投票' }).click();
  await page.getByText('还有6人没有投票').waitFor();
  ok(true, 'voting begins');
  await look(page, 'voting-pick');
  return code;
}

// From the tap to the picture that has nothing of the answer any more.
const tapped = (page, name) => page.evaluate((words) => new Promise((done) => {
  const button = [...document.querySelectorAll('.vote button')]
    .find((one) => one.textContent.includes(words));
  const began = performance.now();

  button.click();
  const look_ = () => {
    if (document.querySelector('.vote-answers')) requestAnimationFrame(look_);
    else requestAnimationFrame(() => done(performance.now() - began));
  };
  requestAnimationFrame(look_);
}), name);

async function turn() {
  const { page } = a;
  const slow = await page.context().newCDPSession(page);

  await page.getByRole('button', { name: /成员1$/ }).click();
  await page.getByText('请把平板交给1号').waitFor();
  await look(page, 'vote-handover');
  await page.getByRole('button', { name: '我是1号' }).click();
  await page.getByText('第1户/共30户').waitFor();
  const before = await page.evaluate(() => history.length);
  const boxes = await Promise.all(['同意，情况属实', '不同意，情况不实', '弃权'].map((name) =>
    page.getByRole('button', { name, exact: true }).boundingBox()));
  ok(boxes.every((box) => box.height > 150 && Math.abs(box.height - boxes[0].height) < 4),
    'three answers of one size', JSON.stringify(boxes));
  ok(!(await page.locator('body').textContent()).includes('成员'), 'no name stands there');
  await look(page, 'vote-question');
  for (let index = 1; index < 30; index++) {
    await page.getByText(`第${index}户/共30户`).waitFor();
    if (index === 5) {
      await page.getByRole('button', { name: '不同意，情况不实' }).click();
      await page.getByLabel('收入不实').check();
      await look(page, 'vote-why');
      await page.getByRole('button', { name: '就这样选' }).click();
    } else {
      await page.getByRole('button', { name: '同意，情况属实', exact: true }).click();
    }
  }
  await page.getByText('第30户/共30户').waitFor();
  await slow.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  let release;
  await page.route('**/votes', async (route) => {
    await new Promise((done) => { release = done; });
    await route.continue();
  });
  const blank = await tapped(page, '弃权');
  await slow.send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.SLOW || 1) });
  const waiting = await page.locator('body').textContent();
  ok(!waiting.includes('已投票') && waiting.includes('请稍候'), 'voted is not said before it is on disk',
    waiting);
  await page.locator('.blank').waitFor();
  while (!release) await new Promise((done) => setTimeout(done, 10));
  release();
  await page.getByText('已投票，请传给下一位').waitFor();
  await page.unroute('**/votes');
  console.log(`# from the tap to the blank screen, slowed four times: ${Math.round(blank)} ms`);
  const after = await page.content();
  ok(!/属实|弃权|收入|钟\d|成员/.test(after), 'nothing of the choice is in the page');
  same(await page.evaluate(() => history.length), before, 'nor a way back to it');
  await look(page, 'vote-done');
  await page.getByRole('button', { name: '下一位' }).click();
  await page.getByText('还有5人没有投票').waitFor();
  ok((await page.getByRole('button', { name: /成员1$/ }).count()) === 0,
    'whoever has voted is not in the list any more');
}

// Seat says yes to all but what `other` says.
async function cast(one, seat, other = {}, only) {
  const { items } = await show(one.page);
  const votes = items.filter((item) => (!only || only.includes(item.position)) &&
    !item.recused.includes(seat)).map((item) => ({ item: item.id,
    answer: other[item.position] ?? 'yes' }));

  return ask(one.page, 'POST', `api/meetings/${meeting}/votes`, { seat, votes });
}

async function crash() {
  const first = await cast(a, 2, { 5: 'no:1,3' });

  same([first.status, first.text], [200, '{}'], 'a vote is answered by nothing but that it is done');
  same((await cast(a, 2)).status, 409, 'nobody votes twice on one tablet');
  // The plug is pulled while the third votes.
  const cut = cast(a, 3, { 5: 'no:2', 6: 'abstain' }).catch(() => null);
  await wang.kill();
  await cut;
  await a.context.close();
  await wang.start();
  a = await openBrowser('wang');
  await launch(a.page, wang);
  await unlock(a.page, wang);
  await visit(a, wang, `#/voting/${encodeURIComponent(meeting)}`);
  const { page } = a;
  await page.getByLabel('主持人的一次性口令').fill(SECRETS.a[0]);
  await page.getByLabel('监票人的一次性口令').fill('not-the-one');
  await look(page, 'voting-resume');
  await page.getByRole('button', { name: '继续', exact: true }).click();
  await page.getByRole('alert').waitFor();
  ok(true, 'one secret alone opens nothing');
  await page.getByLabel('监票人的一次性口令').fill(SECRETS.a[1]);
  await page.getByRole('button', { name: '继续', exact: true }).click();
  await page.getByText('下一位是谁').waitFor();
  const { voters } = (await ask(page, 'GET', `api/meetings/${meeting}/voting`)).json;
  ok(!voters.some((one) => one.seat < 3) && voters.some((one) => one.seat === 4),
    'after the plug was pulled it goes on where it was', JSON.stringify(voters));
  if (voters.some((one) => one.seat === 3)) await cast(a, 3, { 5: 'no:2', 6: 'abstain' });
  for (const [seat, other] of [[4, { 5: 'no:1', 6: 'no:2' }], [5, { 5: 'no:1', 6: 'no:2' }], [6, {}]])
    same((await cast(a, seat, other)).status, 200, `seat ${seat} votes`);
}

async function second(code) {
  await zhang.start();
  b = await openBrowser('zhang');
  const { page } = b;
  await launch(page, zhang);
  await unlock(page, zhang);
  await visit(b, zhang, '#/meetings');
  await page.getByText('这是一次会议的第二台平板').click();
  await page.getByLabel('第一台平板上的配对码').fill(code);
  await look(page, 'meetings');
  await page.getByRole('button', { name: '加入会议' }).click();
  await page.getByLabel('主持人的一次性口令').fill(SECRETS.b[0]);
  await page.getByLabel('监票人的一次性口令').fill(SECRETS.b[1]);
  await page.getByRole('button', { name: '开始投票' }).click();
  await page.getByText('还有6人没有投票').waitFor();
  ok(true, 'the second tablet votes with its code');
  for (let seat = 7; seat <= 11; seat++) await cast(b, seat, seat < 9 ? { 6: 'no:4', 7: 'no:1' } : {});
  same((await cast(b, 6, {}, [9])).status, 200, 'somebody votes on the other tablet, too');
  await visit(b, zhang, `#/voting/${encodeURIComponent(meeting)}`);
  await page.getByRole('button', { name: '结束投票' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '结束投票' }).click();
  await page.waitForURL(/#\/meeting\//);
  await page.getByText('两台平板的结果').click();
  await page.getByRole('button', { name: '显示这台平板的结果' }).click();
  return page.getByLabel('把这段文字带到另一台平板').inputValue();
}

// ---- the end ----

async function close(part) {
  const { page } = a;

  await visit(a, wang, `#/voting/${encodeURIComponent(meeting)}`);
  await page.getByText('可投票的人都已投完').waitFor();
  await page.getByRole('button', { name: '结束投票' }).click();
  await look(page, 'voting-close');
  const began = Date.now();
  await page.getByRole('dialog').getByRole('button', { name: '结束投票' }).click();
  await page.waitForURL(/#\/meeting\//);
  console.log(`# closing a meeting of 30 households took ${Date.now() - began} ms with its page`);
  console.log(`# the second tablet's result has ${part.length / 2} bytes`);
  await page.getByText('两台平板的结果').click();
  await page.getByLabel('另一台平板的结果').fill(part);
  await page.getByRole('button', { name: '加入', exact: true }).click();
  await page.getByText('结果校验值').waitFor();
  await page.waitForFunction(async (id) => (await (await fetch(`api/meetings/${id}`)).json())
    .items[0].result.state === 'passed', meeting);
  const { items } = await show(page);
  same(items.map((one) => one.result.state).join(), items.map((one) =>
    ({ 9: 'void' })[one.position] ?? 'passed').join(),
  'all are found true, and the one with a double vote is void');
  same([items[8].result.voids, items[8].result.twice], [['twice'], [6]], 'and says why');
  same([items[4].result.yes, items[4].result.no], [6, 5], 'numbers are told');
  same(items[0].result.yes, null, 'where they tell nothing of anybody');
  await look(page, 'meeting-closed');
  for (const name of ['李主任', '周文书', '赵计票', '钱监票']) {
    await page.getByRole('button', { name: `${name}签字` }).click();
    await sign(page);
  }
  await look(page, 'meeting-sign');
  await page.getByRole('button', { name: '锁定会议' }).click();
  await page.getByRole('link', { name: '打印材料' }).waitFor();
  await page.getByRole('button', { name: '锁定会议' }).waitFor({ state: 'detached' });
  same((await show(page)).state, 'signed', 'signed and sealed');
}

async function print(name) {
  const { page } = a;

  await page.getByRole('link', { name: '打印材料' }).click();
  await heading(page, '打印材料');
  await page.getByText('签到表').waitFor();
  await look(page, `${name}-papers`);
  await page.emulateMedia({ media: 'print' });
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true,
    path: path.join(screens, `${name}.pdf`) });
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.screenshot({ path: path.join(screens, `${name}-print.png`), fullPage: true });
  await page.setViewportSize(TABLET);
  await page.emulateMedia({ media: null });
  const pages = pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
  ok(pages >= 3 && pages <= 6, 'papers are pages of A4', `${pages}`);
  ok((await page.locator('.board-marks svg').count()) > 0, 'with the board of strokes');
  ok((await page.locator('.proof .qr').count()) === 1, 'and the code of the result');
}

// The household of the double vote, again, on paper.
async function onPaper() {
  const { page } = a;
  const { items, panel } = await show(page);
  const { json } = await ask(page, 'POST', 'api/meetings', { area, panel, title: '复评',
    chair: '李主任', recorder: '周文书', tellers: ['赵计票', '钱监票'], households: [items[8].household] });
  const again = json.id;

  await ask(page, 'POST', `api/meetings/${again}/open`);
  await ask(page, 'POST', `api/meetings/${again}/sign-in`, { seats: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
  await visit(a, wang, `#/meeting/${encodeURIComponent(again)}`);
  await page.getByRole('button', { name: '开始投票' }).click();
  await page.getByLabel('无记名（纸票）').check();
  await page.getByRole('dialog').getByRole('button', { name: '开始投票' }).click();
  const count = async (yes, no) => {
    await page.getByLabel('同意', { exact: true }).fill(String(yes));
    await page.getByLabel('不同意', { exact: true }).fill(String(no));
    await page.getByRole('button', { name: '这是我数的票数' }).click();
  };
  await page.getByText('第一位计票人录入').waitFor();
  await look(page, 'paper-count');
  await count(6, 3);
  await page.getByText('第二位计票人录入').waitFor();
  ok((await page.getByLabel('同意', { exact: true }).inputValue()) === '',
    'the second teller does not see what the first has typed');
  await count(7, 2);
  await page.getByText('两次录入不一致').waitFor();
  ok(true, 'two counts that differ do not stand');
  await count(6, 3);
  await page.getByText('第二位计票人录入').waitFor();
  await count(6, 3);
  await page.getByText('各户都已计票').waitFor();
  await page.getByRole('button', { name: '结束投票' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '结束投票' }).click();
  await page.waitForURL(/#\/meeting\//);
  const after = (await show(page, again)).items[0].result;
  same([after.state, after.yes, after.no], ['passed', 6, 3], 'paper is counted by two tellers');
  await ask(page, 'POST', `api/meetings/${again}/sign`, { signers: [{ role: 'chair', name: '李主任' }] });
  return again;
}

// Nine of one household are in the room again.
async function again_(title, at) {
  const { items, panel } = await show(a.page);
  const { json } = await ask(a.page, 'POST', 'api/meetings', { area, panel, title,
    chair: '李主任', recorder: '周文书', tellers: ['赵计票', '钱监票'],
    households: [items[at].household] });

  await ask(a.page, 'POST', `api/meetings/${json.id}/open`);
  await ask(a.page, 'POST', `api/meetings/${json.id}/sign-in`, { seats: [1, 2, 3, 4, 5, 6, 7, 8, 9] });
  await visit(a, wang, `#/meeting/${encodeURIComponent(json.id)}`);
  await heading(a.page, title);
  return json.id;
}

async function byHands() {
  const { page } = a;
  const id = await again_('举手评议', 9);

  await page.getByRole('button', { name: '开始投票' }).click();
  await page.getByLabel('举手').check();
  const dialog = page.getByRole('dialog');
  ok((await dialog.getByLabel('主持人的一次性口令').count()) === 0, 'hands need no secret');
  await dialog.getByRole('button', { name: '开始投票' }).click();
  for (const teller of ['第一位计票人录入', '第二位计票人录入']) {
    await page.getByText(teller).waitFor();
    ok((await page.getByLabel('无效', { exact: true }).count()) === 0, 'a raised hand is never spoilt');
    await look(page, `hands-${teller[1] === '一' ? 'first' : 'second'}`);
    await page.getByLabel('同意', { exact: true }).fill('7');
    await page.getByLabel('不同意', { exact: true }).fill('1');
    await page.getByLabel('弃权', { exact: true }).fill('1');
    await page.getByRole('button', { name: '这是我数的票数' }).click();
  }
  await page.getByText('各户都已计票').waitFor();
  await page.getByRole('button', { name: '结束投票' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '结束投票' }).click();
  await page.waitForURL(/#\/meeting\//);
  const { mode, items: [{ result }] } = await show(page, id);
  same([mode, result.state, result.yes, result.no, result.abstain], ['hands', 'passed', 7, 1, 1],
    'raised hands are counted by two tellers');
  await page.locator('dd', { hasText: '举手' }).waitFor();
  await look(page, 'hands-closed');
}

// The tablet was switched off during the voting, and a secret is gone.
async function forgotten() {
  const id = await again_('口令忘了的会', 10);
  const begin = async (where, secrets) => {
    await where.getByLabel('主持人的一次性口令').fill(secrets[0]);
    await where.getByLabel('监票人的一次性口令').fill(secrets[1]);
    await where.getByRole('button', { name: '开始投票' }).click();
    await a.page.getByText('下一位是谁').waitFor();
  };
  const says = async (seat, answer) => {
    const { items: [item] } = await show(a.page, id);

    return (await ask(a.page, 'POST', `api/meetings/${id}/votes`, { seat,
      votes: [{ item: item.id, answer }] })).status;
  };

  await a.page.getByRole('button', { name: '开始投票' }).click();
  await begin(a.page.getByRole('dialog'), SECRETS.c);
  same([await says(1, 'no:1'), await says(2, 'no:1')], [200, 200], 'two have voted');
  await a.context.close();
  await wang.stop();
  await wang.start();
  a = await openBrowser('wang');
  await launch(a.page, wang);
  await unlock(a.page, wang);
  await visit(a, wang, `#/voting/${encodeURIComponent(id)}`);
  const { page } = a;
  await page.getByRole('button', { name: '口令忘了' }).click();
  const dialog = page.getByRole('dialog');
  const end_ = dialog.getByRole('button', { name: '本轮作废' });
  ok(await end_.isDisabled(), 'a round is not void without a reason');
  await dialog.getByLabel('原因').fill('监票人忘了口令');
  await look(page, 'voting-void');
  await end_.click();
  await page.waitForURL(/#\/meeting\//);
  await page.getByRole('link', { name: '继续投票' }).click();
  await page.getByText('在这台平板开始投票').waitFor();
  ok((await page.getByRole('button', { name: '口令忘了' }).count()) === 0, 'the urn is gone');
  await look(page, 'voting-again');
  await begin(page.locator('main'), SECRETS.d);
  const { round, voters } = (await ask(page, 'GET', `api/meetings/${id}/voting`)).json;
  same([round, voters.map((one) => one.seat).join()], [2, '1,2,3,4,5,6,7,8,9'],
    'in the next round everybody votes again');
  for (let seat = 1; seat <= 9; seat++) same(await says(seat, 'yes'), 200, `seat ${seat} votes again`);
  await page.getByRole('link', { name: '返回' }).or(page.locator('header a').first()).first().click();
  await page.getByRole('link', { name: '继续投票' }).click();
  await page.getByText('可投票的人都已投完').waitFor();
  await page.getByRole('button', { name: '结束投票' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '结束投票' }).click();
  await page.waitForURL(/#\/meeting\//);
  const { items: [{ result }] } = await show(page, id);
  same([result.state, result.yes, result.voids.join()], ['passed', null, ''],
    'what was said in the round that is void counts nowhere');
  await look(page, 'voting-void-closed');
}

// ---- at the county's console ----

async function atDesk(again) {
  const { context, page } = await openBrowser('desk');

  await page.goto(county.console);
  await page.getByLabel('姓名').or(page.getByLabel('用户名')).or(page.getByLabel('账号')).first()
    .fill('township');
  await page.locator('input[type=password]').fill(county.people.township.secret);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: '民主评议' }).click();
  await page.getByRole('link', { name: '一季度评议' }).waitFor();
  await look(page, 'console-meetings', ['tablet']);
  await page.getByRole('link', { name: '一季度评议' }).click();
  await heading(page, '一季度评议');
  await page.getByText('同一成员在两台平板投票').or(page.getByText('作废')).first().waitFor();
  const here = await show(a.page);
  const { json } = await ask(page, 'GET', `api/meetings/${meeting}`);
  same(json.items.map((one) => JSON.stringify(one.result)).join(), here.items.map((one) =>
    JSON.stringify(one.result)).join(), 'the console has every figure of the tablet');
  await look(page, 'console-meeting', ['tablet']);
  await page.getByRole('button', { name: '裁定第9户' }).click();
  await page.getByLabel('另行开会，重新投票').check();
  await page.getByLabel('理由').or(page.getByLabel('原因')).first().fill('有成员在两台平板投票');
  await look(page, 'console-meeting-decide', ['tablet']);
  await page.getByRole('dialog').getByRole('button', { name: '裁定', exact: true }).click();
  await page.getByText('有成员在两台平板投票').waitFor();
  const { decisions } = (await ask(page, 'GET', `api/meetings/${meeting}`)).json;
  same([decisions.length, decisions[0]?.decision, decisions[0]?.by],
    [1, 'again', 'township'], 'a person has decided, with a reason');
  ok(JSON.stringify((await (await county.browser('auditor')).get('/api/log')).json)
    .includes('note reopen'), 'and it stands in the staff log');
  same((await ask(page, 'GET', `api/meetings/${again}`)).json.items[0].result.yes, 6,
    'the count on paper is there, too');
  await context.close();
}

// ---- the county, and what is left of the votes ----

async function compare(again) {
  wang.agent('sync');
  zhang.agent('sync');
  wang.agent('sync');
  const here = await show(a.page);
  const there = JSON.parse(county.syncd('meeting', 'show', meeting, '--json'));
  const figures = (one) => one.items.map(({ result }) => [result.state, result.yes, result.no,
    result.abstain, result.next, result.voids.join()]);

  same(there.result_hash, here.result_hash, 'the county has the same result');
  same(figures(there), figures(here), 'with the same figures');
  ok(!there.problems.some((one) => one.name === 'late'),
    'that the second tablet’s result comes once more is no fault of the meeting');
  same(JSON.parse(county.syncd('meeting', 'show', again, '--json')).items[0].result.state, 'passed',
    'and the one on paper');
}

function* filesBelow(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(name);
    else if (entry.isFile()) yield name;
  }
}

// Everything that was typed in secret, and how an answer is written in a request.
function search(folders) {
  const words = [...Object.values(SECRETS).flat(), 'no:1,3', 'no:1"', 'no:2"', '"answer"'].map((word) =>
    [word, Buffer.from(word), Buffer.from(word, 'utf16le')]);
  const found = [];

  for (const folder of folders)
    for (const name of filesBelow(folder)) {
      const bytes = fs.readFileSync(name);
      for (const [word, narrow, wide] of words)
        if (bytes.includes(narrow) || bytes.includes(wide)) found.push(`${name}: ${word}`);
    }
  return found;
}

// The program's memory, where the system lets us read it.
function searchMemory(pid, words) {
  const maps = fs.readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').filter((line) =>
    / rw/.test(line) && !/\[v/.test(line));
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  const found = [];

  for (const line of maps) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+)/.exec(line);
    const start = parseInt(from, 16);
    const bytes = Buffer.alloc(Math.min(parseInt(to, 16) - start, 256 * 1024 * 1024));
    try {
      fs.readSync(memory, bytes, 0, bytes.length, start);
    } catch {
      continue;
    }
    for (const word of words) if (bytes.includes(Buffer.from(word))) found.push(`${line}: ${word}`);
  }
  fs.closeSync(memory);
  return found;
}

function memory(secrets) {
  try {
    const words = [...secrets, '"answer":"', 'no:1,3'];
    const found = searchMemory(wang.child.pid, words);

    ok(searchMemory(wang.child.pid, [wang.data]).length > 0, 'the program’s memory is searched');
    ok(found.length === 0, 'and has no vote and no secret', found.join('\n'));
  } catch (failure) {
    console.log(`# memory cannot be read here: ${failure.message}`);
  }
}

async function secrecy() {
  await a.context.close();
  await b.context.close();
  memory(SECRETS.d);
  await wang.stop();
  await zhang.stop();
  await county.stop();
  fs.rmSync(`${work}/panel.json`, { force: true });
  const found = search([work]);
  ok(found.length === 0, 'no file of tablets, browsers, county and logs has a vote or a secret',
    found.join('\n'));
}

await prepare();
await call();
const code = await open();
await turn();
await crash();
const part = await second(code);
await close(part);
await print('meeting');
const again = await onPaper();
await byHands();
memory(SECRETS.a); // the program starts anew in the next part
await forgotten();
await compare(again);
await atDesk(again);
await secrecy();
same(strangers, [], 'nobody else was asked');
same(troubles, [], 'no page complained');
fs.rmSync(work, { recursive: true, force: true });
end();
