// test_visit.mjs: a visit from the county's task to the county's eyes, in a real browser: what there is
// to do today, two investigators on one tablet each with his own secret, what neighbours say behind a
// cover, both signatures, the benefit that shows only then, and a supplement to what is sealed.
import fs from 'node:fs';
import net from 'node:net';
import { end, heading, launch, look, ok, openBrowser, saved, strangers, troubles, unlock, work } from
  './browser.mjs';
import { area, County, Tablet } from './web.mjs';

const county = new County(work);
for (const form of ['household', 'visit', 'task', 'note']) county.publish(form);
await county.start();
const tablet = new Tablet(county, 'wang');
fs.writeFileSync(`${work}/secret`, 'secret-of-zhao\n', { mode: 0o600 });
tablet.agent('person', 'add', 'zhao', '--new-passphrase-file', `${work}/secret`);
const agent = (...words) => tablet.agent(...words, '--person', 'wang'); // two people work on it now
agent('sync');
fs.writeFileSync(`${work}/home.json`, JSON.stringify({ head: { name: '王桂兰' },
  home: { hukou_nature: '2', group_name: '三组' },
  member: [{ name: '王桂兰', relation: '02', birth: '1949-03-02', counting: { counted: '1' },
    labour: '3' }],
  income: [{ owner: '王桂兰', item_code: 'T104', declared_fen: 120000 }] }));
const home = agent('new', 'household', '--area', area, '--file', `${work}/home.json`, '--draft')
  .trim();
agent('sync');
const due = new Date(Date.now() + 3 * 86400000).toISOString().slice(0, 10);
const task = county.syncd('task', 'assign', home, '--kind', '2', '--to', 'wang', '--due', due,
  '--message', '复核今年的收入', '--as', 'li').trim();
county.syncd('return', home, '--note', '请补拍房屋外景', '--as', 'li');
agent('sync');
// A receiver, as gpsd tells of it.
const receiver = net.createServer((socket) => socket.once('data', () => socket.end(
  '{"class":"VERSION"}\n{"class":"TPV","mode":3,"lat":28.5001,"lon":113.5002,"alt":61,"eph":6}\n')));
await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
await tablet.start('--gpsd', String(receiver.address().port));
const { context, page } = await openBrowser('visit');
let visit;

const click = (name) => page.getByRole('button', { name }).first().click();
const hub = () => page.evaluate((hash) => { location.hash = hash; }, visit);

async function today() {
  await launch(page, tablet);
  await page.getByText('wang').first().click();
  await unlock(page, tablet);
  await page.getByText('复核今年的收入').waitFor();
  ok(await page.getByText('指派给您').count() === 1, 'the task of the county is on the first page');
  ok(await page.getByText('请补拍房屋外景').count() === 1, 'and what it gave back, with its words');
  await look(page, 'today');
  await page.getByText('复核今年的收入').click();
  await heading(page, /王桂兰/);
  ok(await page.getByText('首次入户调查后显示测算金额').count() === 1, 'no amount before the visit');
  await look(page, 'household-before');
  await click('开始入户');
  await page.getByText('第二名调查人员签到').first().waitFor();
  visit = new URL(page.url()).hash;
  ok(/^#\/visit\/\d+$/.test(visit), 'a visit has begun', visit);
  await look(page, 'visit');
}

async function second() {
  await click('第二名调查人员签到');
  await page.getByLabel('zhao 的口令').fill('secret-of-wang');
  await click('我已到场');
  await page.getByRole('alert').waitFor();
  ok(await page.getByText('协同调查').count() === 0, 'a wrong secret is nobody’s');
  await look(page, 'second');
  await page.getByLabel('zhao 的口令').fill('secret-of-zhao');
  await click('我已到场');
  await page.getByText('协同调查').waitFor();
  ok(true, 'the second investigator is here with his own');
  const me = await page.evaluate(() => fetch('/api/me').then((answer) => answer.json()));
  ok(me.person.name === 'wang', 'and the first one still works here');
}

async function fill() {
  await click('定位与调查结果');
  await page.getByRole('radio', { name: '成功' }).check();
  await click(/^记录|^获取|定位/);
  await page.getByText('28.5001').first().waitFor();
  ok(true, 'the receiver of the machine says where we are');
  await saved(page);
  await hub();
  await click('邻里访问');
  await page.getByText('这一页不给住户看').waitFor();
  ok(await page.getByRole('button', { name: '添加邻里访问' }).count() === 0, 'neighbours are covered');
  await look(page, 'private');
  await click('显示');
  await click('添加邻里访问');
  await page.getByText('这一页不给住户看').waitFor();
  await click('显示');
  await page.getByLabel('陈述').fill('老人独居，平时由邻居照看');
  await saved(page);
  await hub();
  for (const name of ['wang', 'zhao']) {
    await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
    await page.getByRole('radio', { name: '属实', exact: true }).check();
    await saved(page);
    await hub();
    await page.getByText('离开前核对').waitFor();
  }
  await page.getByText('没有遗漏').first().waitFor();
  ok(await page.getByText('待填写').count() === 0, 'each has an opinion of his own');
  await look(page, 'visit-full');
}

async function seal() {
  await click('完成，去签字');
  await page.getByLabel('wang 的口令').fill('secret-of-wang');
  await page.locator('section', { hasText: 'wang' }).getByRole('button', { name: '签字' }).click();
  await page.getByText('已签字').first().waitFor();
  await look(page, 'sign');
  await page.getByLabel('zhao 的口令').fill('secret-of-wang');
  await page.locator('section', { hasText: 'zhao' }).getByRole('button', { name: '签字' }).click();
  await page.getByRole('alert').waitFor();
  ok(await page.getByText('已封存').count() === 0, 'nobody signs for somebody else');
  await page.getByLabel('zhao 的口令').fill('secret-of-zhao');
  await page.locator('section', { hasText: 'zhao' }).getByRole('button', { name: '签字' }).click();
  await page.getByText('已封存').first().waitFor();
  ok(true, 'with both signatures it is sealed');
  await look(page, 'sealed');
  visit = new URL(page.url()).hash.split('/')[2];
  await page.getByRole('link', { name: '回到该户' }).click();
  await page.locator('.benefit-sum').waitFor();
  ok(/元/.test(await page.locator('.benefit-sum').innerText()), 'now the benefit shows');
  await page.getByText('怎样算出来的').click();
  await look(page, 'benefit');
}

async function afterwards() {
  await page.getByRole('tab', { name: /入户调查/ }).click();
  await look(page, 'visits');
  await page.getByRole('link', { name: /复核/ }).click();
  await page.getByText('以后的补充附在旁边').waitFor();
  await click('补充说明');
  await page.getByLabel('要补充的内容').fill('老人的女儿次日来电，确认每月给100元');
  await page.getByLabel('理由').fill('调查次日得知');
  await page.getByLabel('您的口令').fill('wrong');
  await click('签字');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('您的口令').fill('secret-of-wang');
  await click('签字');
  const list = page.getByRole('region', { name: '封存后的补充和更正' });

  await list.getByText('女儿次日来电').waitFor();
  ok(true, 'a supplement stands beside what is sealed');
  ok(/理由：调查次日得知/.test(await list.innerText()) && /wang/.test(await list.innerText()),
    'with its reason, and who wrote it', await list.innerText());
  await page.getByRole('button', { name: '更正' }).first().click();
  const dialog = page.getByRole('dialog');
  const field = dialog.getByRole('heading').first();
  ok(/更正：/.test(await field.innerText()), 'an answer can be put right');
  ok(await dialog.getByRole('radio', { checked: true }).count() === 1, 'a choice by its words, with what was chosen');
  await look(page, 'put-right');
  await dialog.getByRole('radio', { name: '县级抽查' }).check();
  await page.getByLabel('理由').fill('当时选错');
  await page.getByLabel('您的口令').fill('secret-of-wang');
  await dialog.getByRole('button', { name: '签字' }).click();
  await dialog.waitFor({ state: 'detached' });
  await list.locator('del').waitFor();
  ok(/理由：当时选错/.test(await list.innerText()) && /→/.test(await list.innerText()),
    'the list tells what stood there before', await list.innerText());
  await page.getByRole('tab', { name: '历史' }).click();
  await page.getByText('理由：调查次日得知').nth(1).waitFor();
  ok(true, 'the history tells why, too');
  await look(page, 'amended');
}

async function theCounty() {
  await page.evaluate(() => fetch('/api/sync', { method: 'POST', body: '{}',
    headers: { 'Content-Type': 'application/json' } }));
  await page.waitForFunction(async () => {
    const status = await (await fetch('/api/status')).json();
    return !status.syncing && status.unsent === 0;
  });
  const shown = county.syncd('show', visit);

  ok(shown.includes('女儿次日来电'), 'the county reads the supplement', shown);
  ok(county.syncd('show', visit, '--json').includes('"sealed": true'), 'and that it is sealed');
  const tasks = JSON.parse(county.syncd('task', 'list', '--all', '--json'));
  ok(tasks.length === 1 && tasks[0].id === task && tasks[0].state === 'done' &&
    tasks[0].visit === visit, 'the task is done, by this visit', JSON.stringify(tasks));
  ok(/checked|核对|ok/i.test(county.syncd('verify', '--json')), 'and everything verifies');
}

await today();
await second();
await fill();
await seal();
await afterwards();
await theCounty();
ok(strangers.length === 0, 'no request to anybody else', strangers.join('\n'));
ok(troubles.length === 0, 'no page complained', troubles.join('\n'));
await context.close();
await tablet.stop();
await county.stop();
receiver.close();
end();
