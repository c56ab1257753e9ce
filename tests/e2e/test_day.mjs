// test_day.mjs: a day of two caseworkers without a network, in real browsers, from the county's tasks
// to what all three hold in the evening. Wang and Qian visit a household with one tablet: survey,
// photo, signatures, the plug pulled in the middle of a word. Zhao looks after a tip at the same
// household with another one. Wang's work goes by network, Zhao's by a file on a stick; they
// contradict each other about the pigs, and the county decides.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { check, end, heading, launch, look, ok, openBrowser, saved, screens, strangers, troubles, unlock,
  work } from './browser.mjs';
import { area, County, run, Tablet } from './web.mjs';

const CAMERA = { permissions: ['camera'], words: ['--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream'] };
const county = new County(work);
for (const form of ['household', 'visit', 'task', 'note']) county.publish(form);
fs.writeFileSync(`${work}/names.csv`, '430626117000,福寿山镇\n430626117205,芦洞村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'list of villages');
await county.start();
const a = new Tablet(county, 'wang');
const b = new Tablet(county, 'zhao');
fs.writeFileSync(`${work}/secret`, 'secret-of-qian\n', { mode: 0o600 });
a.agent('person', 'add', 'qian', '--new-passphrase-file', `${work}/secret`);
const agentA = (...words) => a.agent(...words, '--person', 'wang');
agentA('sync');
fs.writeFileSync(`${work}/home.json`, JSON.stringify({
  head: { name: '王桂兰', phone: '13800000001' },
  home: { hukou_nature: '2', group_name: '三组' },
  member: [{ name: '王桂兰', relation: '02', birth: '1949-03-02', counting: { counted: '1' },
    labour: '3' }],
  income: [{ owner: '王桂兰', item_code: 'B201', qty: 3, unit: 'head' }] }));
const home = agentA('new', 'household', '--area', area, '--file', `${work}/home.json`, '--draft')
  .trim();
agentA('sync');
const due = new Date(Date.now() + 2 * 86400000).toISOString().slice(0, 10);
for (const [kind, to, message] of [['2', 'wang', '复核今年的收入'], ['4', 'zhao', '有人反映养猪数量不实']])
  county.syncd('task', 'assign', home, '--kind', kind, '--to', to, '--due', due, '--message', message,
    '--as', 'li');
await a.start();
await b.start();
let { context, page } = await openBrowser('day-wang', CAMERA);
const zhao = await openBrowser('day-zhao', CAMERA);
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const hashes = []; // of everything that was attached, as its tablet gave it
let visit;
let visitOfZhao;
let decided;

const click = (where, name) => where.getByRole('button', { name }).first().click();
const goTo = (where, hash) => where.evaluate((to) => { location.hash = to; }, hash);
const recordPage = (id) => `#/record/${encodeURIComponent(id)}`;
const openHousehold = async (where) => {
  await goTo(where, '#/');
  await goTo(where, recordPage(home));
  await heading(where, '王桂兰');
};
const pageOf = (where, number, ref) => goTo(where, `#/draft/${number}/${encodeURIComponent(ref)}`);
const badge = async (where) => (await where.locator('.badge').innerText()).match(/\d+/g).map(Number);

// Sends and receives with the button, until the page says how it came out.
async function syncNow(where) {
  await goTo(where, '#/sync');
  await where.getByRole('button', { name: '立即同步' }).click();
  await where.getByText('能上报的都已上报').or(where.getByRole('alert')).first().waitFor();
}

async function takePhoto(where) {
  await where.getByRole('button', { name: '拍照' }).first().click();
  const dialog = where.getByRole('dialog');
  await dialog.getByRole('button', { name: '拍下' }).click();
  await dialog.getByRole('button', { name: '使用这张' }).click();
  await where.locator('.thumb').first().waitFor();
  await saved(where);
  hashes.push(await where.locator('.thumb').last().getAttribute('data-hash'));
}

// ---- the morning, with a network; then the county is gone ----

async function morning() {
  for (const [where, tablet] of [[page, a], [zhao.page, b]]) {
    await launch(where, tablet);
    if (tablet === a) await where.getByText('wang').first().click();
    await unlock(where, tablet);
    await syncNow(where);
    await goTo(where, '#/');
  }
  await page.getByText('复核今年的收入').waitFor();
  await zhao.page.getByText('有人反映养猪数量不实').waitFor();
  ok(await page.getByText('有人反映养猪数量不实').count() === 0, 'each has his own task');
  await county.stop();
  await syncNow(page);
  await page.getByRole('alert').waitFor();
  ok(true, 'without a network the page says so');
  await look(page, 'day-sync-offline');
  await goTo(page, '#/');
  await look(page, 'day-home');
}

// ---- Wang and Qian in the house ----

async function arrive() {
  await page.getByText('复核今年的收入').click();
  await heading(page, '王桂兰');
  ok(await page.getByText('首次入户调查后显示测算金额').count() === 1, 'no amount before the visit');
  await click(page, '开始入户');
  await page.getByText('第二名调查人员签到').first().waitFor();
  visit = new URL(page.url()).hash;
  await click(page, '第二名调查人员签到');
  await page.getByLabel('qian 的口令').fill('secret-of-qian');
  await page.keyboard.press('Enter');
  await page.getByText('协同调查').waitFor();
  ok(true, 'the second investigator signs in with his own secret');
}

const draftOf = (where) => /draft\/(\d+)/.exec(where.url())[1];

async function survey() {
  await click(page, /^家庭情况/);
  await page.waitForURL(/#\/draft\//);
  const draft = draftOf(page);
  await pageOf(page, draft, '/data/privacy');
  await page.getByRole('checkbox', { name: '已阅知' }).check();
  await saved(page);
  await pageOf(page, draft, '/data/income');
  await page.getByText('生猪').waitFor();
  await look(page, 'day-income-cards');
  await page.getByRole('button', { name: /^收入项 1/ }).click();
  await page.getByLabel('数量（申报）').fill('4');
  await saved(page);
  await look(page, 'day-income');
  await pageOf(page, draft, '/data/situation');
  await page.getByLabel('备注').waitFor();
  await look(page, 'day-situation');
  await pageOf(page, draft, '/data/head');
  await page.getByLabel('联系电话').fill('13900000002');
  await saved(page);
  // Shown as saved: so it is there, whatever happens. The last letters are on their way.
  await pageOf(page, draft, '/data/situation');
  await page.getByLabel('备注').click();
  await page.keyboard.type('屋顶漏雨');
  await saved(page);
  await a.kill();
  await page.keyboard.type('，已报村委');
  await page.getByText('还没有存上').waitFor();
  await context.close();
  await a.start();
  ({ context, page } = await openBrowser('day-wang', CAMERA));
  await launch(page, a);
  await page.getByText('wang').first().click();
  await unlock(page, a);
  await page.locator('#drafts').waitFor();
  await look(page, 'day-resume');
  await page.locator(`a[href="#/draft/${draft}"]`).click();
  await page.getByLabel('备注').waitFor();
  ok((await page.getByLabel('备注').inputValue()).startsWith('屋顶漏雨'),
    'after kill -9 one is where one stopped, with all that was shown as saved',
    await page.getByLabel('备注').inputValue());
  await page.getByLabel('备注').fill('屋顶漏雨，已报村委');
  await saved(page);
  await pageOf(page, draft, '/data/head');
  check('on the other pages, too', await page.getByLabel('联系电话').inputValue(), '13900000002');
  await pageOf(page, draft, 'overview');
  await page.getByText('没有缺项').waitFor();
  await look(page, 'day-overview');
  await click(page, '完成并保存');
  await page.waitForURL(/#\/record\//);
}

async function inTheHouse() {
  const number = visit.split('/')[2];
  const hub = async () => {
    await goTo(page, visit);
    await page.getByText('离开前核对').waitFor();
  };

  await hub();
  ok(await page.getByText('协同调查').count() === 1, 'the second one is still in it after kill -9');
  await click(page, '定位与调查结果');
  await page.getByRole('radio', { name: '成功' }).check();
  await page.getByRole('button', { name: '定位' }).click();
  await page.getByText('28.713').first().waitFor();
  await saved(page);
  await look(page, 'day-position');
  await hub();
  await click(page, '照片');
  await takePhoto(page);
  await look(page, 'day-photo');
  await hub();
  await click(page, '家庭和见证人签字');
  await click(page, '添加签字');
  await page.getByRole('radio', { name: '家庭成员' }).check();
  await page.getByLabel('签字人姓名').fill('王桂兰');
  await page.getByRole('button', { name: '签名', exact: true }).click();
  const box = await page.locator('canvas.pad').boundingBox();
  await page.mouse.move(box.x + 80, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + 260, box.y + 180, { steps: 8 });
  await page.mouse.move(box.x + 420, box.y + 80, { steps: 8 });
  await page.mouse.up();
  await page.getByRole('button', { name: '保存签名' }).click();
  await page.locator('.thumb').waitFor();
  await saved(page);
  hashes.push(await page.locator('.thumb').getAttribute('data-hash'));
  await look(page, 'day-signed');
  for (const name of ['wang', 'qian']) {
    await hub();
    await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
    await page.getByRole('radio', { name: '属实', exact: true }).check();
    await saved(page);
  }
  await look(page, 'day-opinion');
  await hub();
  await page.getByText('没有遗漏').first().waitFor();
  await click(page, '完成，去签字');
  for (const name of ['wang', 'qian']) {
    await page.getByLabel(`${name} 的口令`).fill(`secret-of-${name}`);
    await page.keyboard.press('Enter');
    await page.locator('section', { hasText: name }).getByText('已签字').first().waitFor();
  }
  await page.getByText('已封存').first().waitFor();
  visit = new URL(page.url()).hash.split('/')[2];
  await page.getByRole('link', { name: '回到该户' }).click();
  await page.locator('.benefit-sum').waitFor();
  ok(/元/.test(await page.locator('.benefit-sum').innerText()), 'sealed: now the benefit shows');
  ok(number !== visit, 'the visit is a record');
}

// ---- Zhao, at the same time, at the neighbour's ----

async function tip() {
  const { page: own } = zhao;

  await own.getByText('有人反映养猪数量不实').click();
  await heading(own, '王桂兰');
  await click(own, '开始入户');
  await own.getByText('离开前核对').waitFor();
  const hub = new URL(own.url()).hash;
  await click(own, '定位与调查结果');
  await own.getByRole('radio', { name: '无人', exact: true }).check();
  await saved(own);
  await goTo(own, hub);
  await click(own, '邻里访问');
  await click(own, '显示');
  await click(own, '添加邻里访问');
  await click(own, '显示');
  await own.getByLabel('被访人').fill('隔壁邻居');
  await own.getByLabel('陈述').fill('养了六头猪，媳妇上月回来住了');
  await saved(own);
  await goTo(own, hub);
  await click(own, '照片');
  await takePhoto(own);
  await goTo(own, hub);
  await own.getByText('离开前核对').waitFor();
  await click(own, '完成，去签字');
  await own.waitForURL(/#\/sign\//);
  visitOfZhao = decodeURIComponent(new URL(own.url()).hash.split('/')[2]);
  await openHousehold(own);
  await click(own, '修改');
  await own.waitForURL(/#\/draft\//);
  const draft = draftOf(own);
  await pageOf(own, draft, '/data/income');
  await own.getByRole('button', { name: /^收入项 1/ }).click();
  await own.getByLabel('数量（申报）').fill('6');
  await saved(own);
  await pageOf(own, draft, '/data/member');
  await click(own, '添加家庭成员');
  await heading(own, /家庭成员 2/);
  await own.getByLabel('姓名').first().fill('刘小梅');
  const relation = own.getByRole('combobox', { name: /与户主关系/ });
  await relation.click();
  await relation.pressSequentially('儿媳');
  await own.getByRole('option').first().waitFor();
  await own.keyboard.press('Enter');
  await saved(own);
  await look(own, 'day-member');
  await pageOf(own, draft, 'overview');
  await click(own, '完成并保存');
  await own.waitForURL(/#\/record\//);
  await own.getByText('仅在本机').first().waitFor();
  ok(true, 'Zhao’s work is on his tablet');
}

// ---- the evening: one by network, one by a stick ----

async function bring() {
  const { page: own } = zhao;
  const before = await badge(own);

  ok(before[0] > 0, `the badge says what waits: ${before[0]}`);
  await goTo(own, '#/sync');
  const [download] = await Promise.all([own.waitForEvent('download'), click(own, '写出文件')]);
  const stick = path.join(work, 'zhao.ygb');
  await download.saveAs(stick);
  await own.getByText('等待县里的回执').waitFor();
  await look(own, 'day-bundle');
  check('a written file is not sent', (await badgeOf(own))[0], before[0]);
  const bytes = fs.readFileSync(stick);
  ok(!bytes.includes('刘小梅') && !bytes.includes('邻居'), 'nobody can read it on the way');
  const read = JSON.parse(county.syncd('bundle', 'read', stick, '--json'));
  ok(read.changes > 0, `the county reads ${read.changes} changes from it`, JSON.stringify(read));
  await county.start();
  await syncNow(page);
  await page.getByText('能上报的都已上报').waitFor();
  const answer = path.join(work, 'answer.ygb');
  county.syncd('bundle', 'write', answer, '--device', 'tablet-zhao');
  await own.locator('input[type=file]').setInputFiles(answer);
  await own.getByText('文件已读入').first().waitFor();
  check('the county’s answer comes back on the stick', (await badgeOf(own))[0], 0);
  await goTo(own, '#/');
}

// As the pages know it; on the sync page there is no badge.
const badgeOf = async (where) => where.evaluate(() => fetch('/api/status').then((answer) => answer
  .json())).then((status) => [status.unsent, status.on_server, status.backed_up]);

async function disagree() {
  for (const [where, tablet] of [[page, 'A'], [zhao.page, 'B']]) {
    if (tablet === 'A') await syncNow(where);
    await goTo(where, '#/');
    await where.getByRole('heading', { name: '待答问题' }).waitFor();
    await openHousehold(where);
    await where.getByRole('tab', { name: /收入/ }).click();
    await where.locator('.side').nth(1).waitFor();
    const sides = (await where.locator('.side').allInnerTexts()).join(' | ');
    ok(/4/.test(sides) && /6/.test(sides) && sides.includes('wang') && sides.includes('zhao'),
      `both sides stand on tablet ${tablet}`, sides);
    await look(where, `day-conflict-${tablet.toLowerCase()}`);
  }
  const seen = JSON.parse(county.syncd('show', home, '--json', '--reveal', '--reason', 'decide'));
  const [[question, sides]] = Object.entries(seen.conflicts);
  ok(sides.length === 2, 'the county sees the same question', JSON.stringify(seen.conflicts));
  await look(page, 'day-conflict');
  const dot = sides.find((side) => side.author === 'wang' || side.author?.name === 'wang')?.dot;
  county.syncd('resolve', home, question, '--keep', dot ?? sides[0].dot, '--as', 'li', '--reason',
    '照片上是四头猪');
  decided = question;
  await syncNow(page);
  await page.getByText('能上报的都已上报').waitFor();
  await syncNow(zhao.page);
  await zhao.page.getByText('能上报的都已上报').waitFor();
  for (const [where, tablet] of [[page, 'A'], [zhao.page, 'B']]) {
    await openHousehold(where);
    await where.getByRole('tab', { name: /收入/ }).click();
    await where.locator('.fact', { hasText: '数量（申报）' }).getByText('4').waitFor();
    ok(await where.locator('.side').count() === 0, `the decision is on tablet ${tablet}`);
  }
  await page.getByRole('button', { name: /数量（申报）.*历史|历史.*数量（申报）/ }).click();
  await page.getByRole('dialog').getByText(/裁定 · li/).waitFor();
  ok(county.syncd('log', '--json').includes('照片上是四头猪') ||
    county.syncd('history', home, '--json').includes('照片上是四头猪'), 'the county has its reason');
  await look(page, 'day-decided');
  await page.keyboard.press('Escape');
}

async function safe() {
  county.syncd('backup', `${work}/backup`);
  county.syncd('backup', 'confirm', `${work}/backup`);
  for (const where of [page, zhao.page]) {
    await syncNow(where);
    await where.getByText('能上报的都已上报').waitFor();
    await goTo(where, '#/');
    await where.locator('.badge').waitFor();
    await where.waitForFunction(() => {
      const [tablet, server, backedUp] = document.querySelector('.badge').innerText.match(/\d+/g);
      return tablet === '0' && server === backedUp && Number(server) > 0;
    });
  }
  ok(true, 'the badge has gone from the tablet to the county to the backup');
  await look(page, 'day-evening');
}

// ---- and what everybody holds ----

// A record's own: values and removals, not how a reader is told of them.
const facts = (text) => {
  const { values, conflicts, sealed, area: at } = JSON.parse(text);
  return JSON.stringify({ values: Object.fromEntries(Object.entries(values).sort()), conflicts, sealed,
    at });
};

async function compare() {
  const list = (text) => JSON.parse(text).map((one) => one.id).sort().join();
  const everywhere = [agentA('list', '--json', '--limit', '1000'),
    b.agent('list', '--json', '--limit', '1000'), county.syncd('records', '--json')].map(list);
  ok(everywhere.every((one) => one === everywhere[0]) && everywhere[0].includes(visit),
    'the same records on both tablets and in the county', everywhere.join(' | '));
  for (const id of everywhere[0].split(',')) {
    const [one, two, three] = [agentA('show', id, '--json'), b.agent('show', id, '--json'),
      county.syncd('show', id, '--json', '--reveal', '--reason', 'compare')].map(facts);
    ok(one === two && two === three, `${id}: every value is the same`, `${one}\n${two}\n${three}`);
  }
  const values = JSON.parse(agentA('show', home, '--json')).values;
  const has = (name, wanted) => ok(Object.entries(values).some(([key, value]) => key.endsWith(name) &&
    String(value) === wanted), `${name} is ${wanted}`, JSON.stringify(values));
  has('head/phone', '13900000002');
  has('situation/notes', '屋顶漏雨，已报村委');
  has('/qty', '4');
  has('/name', '刘小梅');
  has('/relation', '38');
  ok(JSON.parse(agentA('show', visit, '--json')).sealed === true, 'the visit is sealed');
  ok(b.agent('show', visitOfZhao, '--json').includes('媳妇上月回来住了'), 'the neighbour’s words are kept');
  check('every photo and signature was taken', hashes.length, 3);
  for (const hash of hashes) {
    const file = path.join(work, 'county/attachments', hash.slice(0, 2), hash.slice(2, 4), hash);
    ok(fs.existsSync(file) && sha256(fs.readFileSync(file)) === hash,
      `${hash.slice(0, 8)} is in the county, byte for byte`);
  }
  const history = county.syncd('history', home, decided, '--json');
  ok(['wang', 'zhao', 'li'].every((name) => history.includes(name)), 'nobody’s answer is lost', history);
  const tasks = JSON.parse(county.syncd('task', 'list', '--all', '--json'));
  ok(tasks.find((one) => one.kind === '2')?.state === 'done', 'Wang’s task is done by his visit',
    JSON.stringify(tasks));
  await a.stop();
  await b.stop();
  for (const [what, call] of [['the county', () => county.syncd('verify')],
    ['tablet A', () => agentA('verify')], ['tablet B', () => b.agent('verify')]])
    try {
      call();
      ok(true, `${what} verifies`);
    } catch (error) {
      ok(false, `${what} verifies`, error.message);
    }
}

for (const part of [morning, arrive, survey, inTheHouse, tip, bring, disagree, safe, compare]) {
  try {
    await part();
  } catch (error) {
    ok(false, `${part.name} goes through`, `${error.message}\n${(await Promise.all([page, zhao.page]
      .map((one) => one.locator('body').innerText().catch(() => '')))).join('\n----\n')}`);
    await page.screenshot({ path: path.join(screens, `failed-${part.name}.png`) }).catch(() => {});
    await zhao.page.screenshot({ path: path.join(screens, `failed-${part.name}-b.png`) })
      .catch(() => {});
    break;
  }
}
ok(strangers.length === 0, 'nobody else was asked for anything', strangers.join('\n'));
ok(troubles.length === 0, 'the pages had nothing to complain of', troubles.join('\n'));
await context.close();
await zhao.context.close();
await a.stop();
await b.stop();
await county.stop().catch(() => {});
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
