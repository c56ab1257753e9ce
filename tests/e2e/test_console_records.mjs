// test_console_records.mjs: a reviewer's day in a real browser, from the queue to the decision: a
// conflict that two tablets made, decided at the console and read on the tablet; a third value; two
// who decide at once; the list of records, searched and walked by keys; a look behind the mask; a
// note that arrives on the tablet; the sheet on paper. Every page is looked at by axe.
import fs from 'node:fs';
import zlib from 'node:zlib';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Tablet, area, folder } from './web.mjs';

const other = '430626117206';
const work = folder('console-records');
const county = new ConsoleCounty(work);
county.add('county', 'zhao');
county.add('township', 'liu');
county.add('auditor', 'qian');
for (const form of ['household', 'visit', 'task', 'note']) county.publish(form);
fs.writeFileSync(`${work}/names.csv`, '430626,平江县\n430626117,福寿山镇\n430626117205,芦洞村\n430626117206,白寺村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'register');
await county.start();
const wang = new Tablet(county, 'wang', `${area},${other}`);
const zhang = new Tablet(county, 'zhang', `${area},${other}`);
const together = () => { for (const one of [wang, zhang, wang]) one.agent('sync'); };
const file = (name, content) => {
  fs.writeFileSync(`${work}/${name}`, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return `${work}/${name}`;
};

await wang.start(); // so that not every command stretches the secret anew
await zhang.start();
for (const one of [wang, zhang]) one.agent('unlock');

const person = (name, more = {}) => ({ name, relation: '02', id_type: '1', id_no: '11010519491231002X', birth: '1949-12-31', sex: '2',
  health: '10', counting: { counted: '1' }, ...more });
const made = wang.agent('new', 'household', '--area', area, '--draft', '--file', file('one.json', {
  head: { name: '王桂兰', phone: '13800000001' }, home: { hukou_no: '430626001', group_name: '三组' },
  bank: { bank_name: '农商行', account_name: '王桂兰', account_no: '6222000011112222' },
  member: [person('王桂兰'), { name: '王小花', relation: '30', birth: '2015-06-01', health: '10', counting: { counted: '1' } }],
  income: [{ item_code: 'B101', qty_observed: '4' }],
}));
const evil = wang.agent('new', 'household', '--area', area, '--draft', '--file', file('two.json',
  { head: { name: SCRIPT }, home: { live_addr: SCRIPT }, situation: { notes: SCRIPT } }));
for (let i = 0; i < 60; i++)
  wang.agent('new', 'household', '--area', i % 2 ? area : other, '--draft', '--file', file('many.json', { head: { name: `李国${i}` } }));
together();

// A picture that a browser can draw.
function png(size, colour) {
  const chunk = (type, data) => {
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, 'latin1');
    data.copy(out, 8);
    out.writeUInt32BE(zlib.crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(size * 3, Buffer.from(colour))]);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head),
    chunk('IDAT', zlib.deflateSync(Buffer.concat(Array(size).fill(row)))), chunk('IEND', Buffer.alloc(0))]);
}

const visit = wang.agent('new', 'visit', '--area', area, '--draft');
wang.agent('attach', visit, 'photos', file('one.png', png(300, [180, 120, 60])));
wang.agent('sync');
const qty = Object.keys(JSON.parse(wang.agent('show', made, '--json')).values).find((name) => name.endsWith('/qty_observed'));
wang.agent('set', made, 'head/name=王桂花');
zhang.agent('set', made, 'head/name=王桂蓝');
wang.agent('set', made, `${qty}=6`, '--evidence', file('six.png', png(240, [90, 130, 60])));
zhang.agent('set', made, `${qty}=2`, '--evidence', file('two-pigs.png', png(120, [240, 150, 160])));
together();
wang.agent('attach', visit, 'photos', file('two.png', png(200, [60, 120, 180])));

const desk = new DeskPages(county, 'records');
await desk.start();
const pages = {};
const tag = (page, name) => page.locator('.question-card').filter({ has: page.getByRole('heading', { name }) });

// ---- from the queue to the decision ----

async function decision() {
  const page = (pages.zhao = await desk.open('zhao'));
  const second = (pages.liu = await desk.open('liu'));

  await page.locator('.queue-line').filter({ hasText: '王桂' }).first().click();
  await page.getByRole('heading', { level: 2, name: '户主姓名' }).waitFor();
  await second.goto(`${county.console}/#/conflicts/${made}`);
  await second.getByRole('heading', { level: 2, name: '户主姓名' }).waitFor();
  await page.locator('.column').nth(1).waitFor();
  const card = tag(page, '户主姓名');
  const columns = card.locator('.column');
  ok((await columns.count()) === 2, 'both sides stand beside each other');
  const [a, b] = [await columns.nth(0).boundingBox(), await columns.nth(1).boundingBox()];
  ok(Math.abs(a.width - b.width) < 1 && Math.abs(a.height - b.height) < 1, 'and are alike in size', JSON.stringify([a, b]));
  const side = columns.filter({ hasText: '王桂花' });
  ok(/wang[\s\S]*tablet-wang[\s\S]*芦洞村[\s\S]*在线填写/.test(await side.innerText()), 'who, with what, where, on which line', await side.innerText());
  await side.getByText('按收入核算表').waitFor();
  await page.getByText('无法测算').first().waitFor();
  ok(true, 'what cannot be computed is said plainly');
  await desk.look(page, 'conflict');
  ok((await page.title()) === '冲突裁定 · 阳光救助工作台', 'a title, which browsers remember, names nobody', await page.title());
  await page.getByRole('button', { name: '对照照片' }).click();
  const compared = page.locator('.compared img');
  await compared.nth(1).waitFor();
  await page.getByRole('button', { name: '2×' }).click();
  const [left, right] = await compared.evaluateAll((all) => Promise.all(all.map((one) => one.decode()
    .then(() => [one.naturalWidth, one.clientWidth / one.parentElement.clientWidth].join()))));
  ok([left, right].sort().join(' ') === '120,2 240,2', 'photos of both sides stand beside each other at the same zoom', `${left} ${right}`);
  await desk.look(page, 'compare');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await side.getByRole('button', { name: '保留这一份' }).click();
  await page.getByRole('button', { name: /保留“王桂花”，写明理由，通知 2 台平板/ }).click();
  await page.getByText('请写明理由，理由随记录保存。').waitFor();
  ok(true, 'no decision without a reason');
  await page.getByLabel(/裁定理由/).fill('已查户口本');
  await desk.look(page, 'conflict-chosen');
  await page.getByRole('button', { name: /保留“王桂花”，写明理由/ }).click();
  await page.getByText('已裁定，平板下次同步时收到。').waitFor();
  await card.waitFor({ state: 'detached' });
  const late = tag(second, '户主姓名');
  await late.locator('.column').filter({ hasText: '王桂蓝' }).getByRole('button', { name: '保留这一份' }).click();
  await late.getByLabel(/裁定理由/).fill('看了身份证');
  await late.getByRole('button', { name: /保留“王桂蓝”，写明理由/ }).click();
  await second.getByText('其间已有别人裁定或作了修改').waitFor();
  await late.waitFor({ state: 'detached' });
  ok(true, 'the second to decide is told, and sees how it stands now');
  await desk.look(second, 'conflict-moved');
  const third = tag(page, '数量（调查）');
  const effects = third.locator('.effect').filter({ hasText: /低于标准|高于标准|无法测算/ });
  await effects.nth(1).waitFor(); // each is asked for by itself
  const gains = await effects.allInnerTexts();
  ok(gains.length === 2, 'each choice tells what follows', gains.join());
  await third.getByRole('button', { name: '另填正确的内容' }).click();
  await third.locator('.third input').first().fill('5');
  await third.getByLabel(/裁定理由/).fill('现场清点 5 头');
  await desk.look(page, 'conflict-third');
  await third.getByRole('button', { name: /另填正确的内容，写明理由/ }).click();
  await page.getByText('没有需要裁定的内容。').waitFor();
  together();
  const { values } = JSON.parse(zhang.agent('show', made, '--json'));
  ok(values['head/name'] === '王桂花' && String(values[qty]) === '5', 'both decisions are on the tablet',
    JSON.stringify([values['head/name'], values[qty]]));
  await page.keyboard.press('Escape');
  await desk.heading(page, '冲突裁定');
  ok(true, 'Esc goes back to the list');
  await desk.look(page, 'conflicts');
  await page.getByRole('tab', { name: '隔离的修改' }).click();
  await page.getByText('没有隔离的修改。').waitFor();
  await desk.look(page, 'aside');
}

// ---- the list ----

async function list() {
  const page = pages.zhao;

  await desk.place(page, '档案');
  await page.getByText('共 62 条').waitFor();
  await desk.look(page, 'list');
  await page.locator('.row-link').first().focus();
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.querySelectorAll('.row-link').length === 62);
  ok(true, 'the next page comes as one gets there');
  await page.getByLabel('搜索').fill('wgh');
  await page.keyboard.press('Enter');
  await page.getByText('共 1 条').waitFor();
  ok((await page.locator('.row-link').innerText()) === '王桂花', 'initials find a person');
  ok(!page.url().includes('wgh'), 'what is searched for stands in no address', page.url());
  await page.getByLabel('搜索').fill('');
  await page.getByText('共 62 条').waitFor();
  await page.getByRole('treeitem', { name: /白寺村/ }).or(page.getByRole('treeitem', { name: /福寿山/ })).first().waitFor();
  await page.locator('tbody').evaluate((one) => { one.dataset.left = ''; });
  await page.getByRole('combobox', { name: '排序' }).selectOption('name');
  await page.waitForFunction(() => location.hash.includes('order=name'));
  await page.locator('tbody:not([data-left])').waitFor(); // the list in its new order
  await page.locator('.row-link').nth(20).scrollIntoViewIfNeeded();
  await page.locator('.row-link').nth(20).focus();
  await page.keyboard.press('ArrowDown');
  const name = await page.evaluate(() => document.activeElement.textContent);
  const scroll = await page.evaluate(() => window.scrollY);
  await page.keyboard.press('Enter');
  await desk.heading(page, name);
  await page.goBack();
  await desk.heading(page, '档案');
  await page.waitForFunction((text) => document.activeElement.textContent === text, name);
  ok(Math.abs(await page.evaluate(() => window.scrollY) - scroll) < 60, 'on return the list is where one left it');
  await page.getByRole('combobox', { name: '状态' }).selectOption('conflict');
  await page.getByRole('button', { name: /冲突/ }).first().waitFor();
  await page.getByText('共 1 条').waitFor();
  ok(!(await page.getByRole('link', { name: '王桂花' }).count()), 'what was decided is no conflict any more');
  await page.getByRole('list', { name: '当前筛选条件' }).getByRole('button').click();
  await page.getByText('共 62 条').waitFor();
  await page.getByRole('button', { name: '列' }).click();
  await page.getByLabel('建档时间').uncheck();
  ok(!(await page.getByRole('columnheader', { name: '建档时间' }).count()), 'a column is put away');
  await page.keyboard.press('Escape');
}

// ---- a record ----

async function record() {
  const page = pages.zhao;

  await page.goto(`${county.console}/#/records/${made}`);
  await desk.heading(page, '王桂花');
  await page.locator('.case-values').getByText('6***************').waitFor();
  ok(!(await page.getByText('11010519491231002X').count()), 'what is sensitive is masked');
  await page.getByRole('button', { name: '户主姓名的历史' }).click();
  const versions = page.locator('.case-side .version');
  await versions.filter({ hasText: '已查户口本' }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.case-side .version').length === 4);
  ok(true, 'every version of the value stands beside it');
  await desk.look(page, 'record');
  await page.getByRole('button', { name: '查看隐去内容' }).click();
  await page.getByLabel('理由').fill('核对身份证');
  await page.getByRole('button', { name: '查看', exact: true }).click();
  await page.locator('.case-values').getByText('11010519491231002X').first().waitFor();
  ok(JSON.parse(county.syncd('log', '--json')).some((one) => one.action === 'reveal' && one.who === 'zhao' && one.reason === '核对身份证'),
    'a look behind the mask is logged');
  await page.getByRole('tab', { name: '收入' }).click();
  await page.getByText('月保障金').waitFor();
  await desk.look(page, 'record-income');
  await page.getByRole('button', { name: '退回', exact: true }).click();
  await page.getByLabel('缺什么、错什么').fill(`缺存折照片${SCRIPT}`);
  await page.getByRole('button', { name: '退回', exact: true }).last().click();
  await page.getByText('已完成，平板下次同步时收到。').waitFor();
  await page.getByRole('tab', { name: /批注/ }).click();
  await page.getByText('缺存折照片').first().waitFor();
  await page.getByRole('tab', { name: /入户任务/ }).click();
  await page.getByRole('button', { name: '安排入户' }).click();
  await page.getByRole('combobox', { name: '人员' }).selectOption({ label: 'zhang' });
  await page.getByLabel('截止').fill('2030-01-05');
  await page.getByLabel('交办事项').fill('补拍存折');
  await desk.look(page, 'record-assign');
  await page.getByRole('button', { name: '派出任务' }).click();
  await page.locator('.case-side').getByText('补拍存折').waitFor();
  await desk.look(page, 'record-tasks');
  together();
  const told = zhang.agent('today', '--json') + wang.agent('list', '--json');
  ok(told.includes('补拍存折') && told.includes('缺存折照片'), 'the task and the note are on the tablets', told.slice(0, 2000));
  await page.getByRole('button', { name: '通过', exact: true }).click();
  await page.getByRole('button', { name: '通过', exact: true }).last().click();
  await page.locator('.tag').getByText('已通过').waitFor();
  ok(true, 'approved');
}

async function photos() {
  const page = pages.zhao;

  await page.goto(`${county.console}/#/records/${visit}`);
  await page.locator('.case').waitFor();
  const img = page.locator('.thumb img');
  await img.first().waitFor();
  ok(await img.first().evaluate((one) => one.decode().then(() => [200, 300].includes(one.naturalWidth))), 'the picture itself is shown');
  await desk.look(page, 'visit');
  wang.agent('sync');
}

// ---- on paper ----

async function paper() {
  const page = pages.zhao;

  await page.goto(`${county.console}/#/records/${made}`);
  await desk.heading(page, '王桂花');
  await page.emulateMedia({ media: 'print' });
  ok(!(await page.locator('.case').isVisible()) && (await page.locator('.sheet').isVisible()), 'only the sheet is printed');
  const foot = await page.locator('.sheet-foot').innerText();
  ok(foot.includes(made) && /[0-9a-f]{8}$/.test(foot), 'with the number and the head at its foot', foot);
  ok(!(await page.locator('.sheet').innerText()).includes('11010519491231002X'), 'what is masked stays masked');
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.screenshot({ path: `${process.env.SCREENS ?? `${process.env.YG_BUILD ?? 'build'}/screens`}/records-sheet.png`, fullPage: true });
  const pdf = await page.pdf({ preferCSSPageSize: true });
  ok(pdf.length > 10000, 'as a file, too');
  await page.emulateMedia({ media: 'screen' });
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [hash, ready] of [['records', '.row-link'], [`records/${made}`, '.version'], ['conflicts', '.listing'], ['home', '.figures'], ['devices', '.row-link']]) {
    await page.goto(`${county.console}/#/${hash}`);
    await page.locator(ready).first().waitFor();
    ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${hash.split('/')[0]} is not wider than a telephone`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${county.console}/#/records/${evil}`);
  await page.locator('.case').waitFor();
  await desk.look(page, 'script');
}

// ---- who only looks ----

async function auditor() {
  const page = await desk.open('qian');

  wang.agent('set', made, 'head/name=甲');
  zhang.agent('set', made, 'head/name=乙');
  together();
  await page.goto(`${county.console}/#/conflicts/${made}`);
  await page.getByText('您的角色只能查看，不能裁定。').waitFor();
  ok(!(await page.getByRole('button', { name: '保留这一份' }).count()), 'an auditor is offered no decision');
  await page.goto(`${county.console}/#/records/${made}`);
  await page.locator('.case').waitFor();
  ok(!(await page.getByRole('button', { name: '退回', exact: true }).count()), 'nor anything else to write');
  await desk.look(page, 'auditor');
}

await desk.run({ decision, list, record, photos, paper, auditor });
await wang.stop();
await zhang.stop();
await desk.end(work);
