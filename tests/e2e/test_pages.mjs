// test_pages.mjs: a caseworker's hour in a real browser: unlock, a new household, an answer that is
// wrong and mended, a member, a reload in the middle, the plug pulled while typing, finishing, the
// household's page, sending, an open question. Every page is looked at by axe. With SCREENS=DIR each
// is also kept as a picture, at the size of a tablet and of a phone; make e2e puts them into
// build/screens.
import fs from 'node:fs';
import path from 'node:path';
import { end, heading, launch, look, next, ok, openBrowser, saved, screens, strangers, troubles,
  unlock, work } from './browser.mjs';
import { County, Tablet } from './web.mjs';

// ---- the hour ----

const county = new County(work);
county.publish('household');
fs.writeFileSync(`${work}/names.csv`, '430626117000,福寿山镇\n430626117205,芦洞村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'list of villages');
await county.start();
const tablet = new Tablet(county, 'wang');
const other = new Tablet(county, 'zhao');
await tablet.start();
let { context, page } = await openBrowser('wang');
let record;

async function arrive() {
  await page.goto(`http://127.0.0.1:${tablet.port}/`);
  await page.getByText('请从图标打开程序').waitFor();
  await look(page, 'no-entry');
  await launch(page, tablet);
  await page.getByLabel('口令').fill('not-the-secret');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await look(page, 'unlock');
  await unlock(page, tablet);
  ok(true, 'the right secret opens');
  await look(page, 'home-empty');
}

// Somebody types faster than a slow tablet draws: the keys reach the page that they were meant for.
async function typeOn() {
  const keys = [['Enter', 13, '\r'], ['Tab', 9, ''], ['x', 88, 'x']];
  const wire = await page.context().newCDPSession(page);

  await page.getByRole('button', { name: '下一页' }).focus();
  await wire.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  // Nothing is waited for between them.
  await Promise.all(keys.flatMap(([key, code, text]) => ['keyDown', 'keyUp'].map((type) =>
    wire.send('Input.dispatchKeyEvent', { type, key, windowsVirtualKeyCode: code,
      text: type === 'keyDown' ? text : undefined }))));
  await heading(page, /住址/);
  await wire.send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.SLOW || 1) });
  await wire.detach();
  ok(await page.getByLabel('村民小组').inputValue() === 'x',
    'keys that are pressed while a page is turned reach the new one');
}

async function begin() {
  await page.getByRole('link', { name: '新户' }).click();
  ok(await page.getByRole('radio', { name: '芦洞村' }).isChecked(), 'villages have names');
  await look(page, 'new');
  await page.getByRole('button', { name: '开始填写' }).click();
  await heading(page, /个人信息告知/);
  ok(await page.getByText('只用于审核').count() > 0, 'the notice is read out first');
  await look(page, 'notice');
  await page.getByRole('checkbox').check();
  await saved(page);
  await next(page);
  await heading(page, /户主/);
  await page.getByLabel('户主姓名').fill('王桂兰');
  await page.getByLabel('户主姓名').press('Enter');
  ok(await page.waitForFunction(() => document.activeElement?.closest('.question')
    ?.textContent.includes('联系电话')).then(() => true, () => false),
  'Enter goes to the next question');
  await page.keyboard.type('123');
  await page.getByText('请填11位手机号').waitFor();
  ok(true, 'what is wrong stands beside the field');
  await saved(page);
  await look(page, 'fill-error');
  await page.getByLabel('联系电话').fill('13800000001');
  await page.getByText('请填11位手机号').waitFor({ state: 'detached' });
  ok(true, 'and goes when it is mended');
  await saved(page);
  await typeOn();
  await heading(page, /住址/);
  await page.getByRole('radio', { name: '农村' }).check();
  await page.getByLabel('村民小组').fill('三组');
  await saved(page);
  await look(page, 'fill');
}

async function reload() {
  const before = page.url();

  await page.reload();
  await heading(page, /住址/);
  ok(page.url() === before && (await page.getByLabel('村民小组').inputValue()) === '三组',
    'a reload goes on where one was', page.url());
  ok(!decodeURIComponent(page.url()).includes('王') && !(await page.title()).includes('王'),
    'neither address nor title has a name');
}

async function member() {
  await page.goto(page.url().replace(/#.*/, `${new URL(page.url()).hash.split('/')
    .slice(0, 3).join('/')}/overview`));
  await page.getByRole('button', { name: /^家庭成员/ }).waitFor();
  await look(page, 'overview');
  await page.getByRole('button', { name: /^家庭成员/ }).click();
  await page.getByRole('button', { name: '添加家庭成员' }).click();
  await heading(page, /家庭成员 1/);
  await page.getByLabel('姓名', { exact: false }).first().fill('王桂兰');
  const relation = page.getByRole('combobox', { name: /与户主关系/ });
  await relation.click();
  await relation.pressSequentially('户主');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel('出生日期').fill('1949-03-02');
  await saved(page);
  await look(page, 'member');
}

async function undo() {
  const hash = new URL(page.url()).hash;

  await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/%2Fdata%2Fmember'));
  await page.getByRole('button', { name: '添加家庭成员' }).click();
  await heading(page, /家庭成员 2/);
  await page.getByLabel('姓名').first().fill('王小明');
  await saved(page);
  await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/%2Fdata%2Fmember'));
  await page.getByText('王小明').waitFor();
  await look(page, 'members');
  await page.getByRole('button', { name: '删除家庭成员 2' }).click();
  await page.getByText('王小明').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '撤销' }).click();
  await page.getByText('王小明').waitFor();
  ok(true, 'what was removed comes back');
  await saved(page);
  await page.getByRole('button', { name: '删除家庭成员 2' }).click();
  await page.getByText('王小明').waitFor({ state: 'detached' });
  await saved(page);
  await page.goto(page.url().replace(/#.*/, hash));
  await heading(page, /家庭成员 1/);
}

// The same draft in two tabs: each shows what the other one has answered.
async function twoTabs() {
  const second = await page.context().newPage();

  await second.goto(page.url());
  const there = second.locator('.question', { hasText: '重大疾病' }).getByRole('textbox');
  const here = page.locator('.question', { hasText: '重大疾病' }).getByRole('textbox');
  await there.fill('风湿');
  await saved(second);
  await second.close();
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  ok(await page.waitForFunction(() => [...document.querySelectorAll('.question')].some((one) =>
    one.textContent.includes('重大疾病') && one.querySelector('input, textarea')?.value === '风湿'))
    .then(() => true, () => false), 'what another tab has answered is here when one comes back',
  await here.inputValue());
  await here.fill('');
  await saved(page);
}

async function compose() {
  const illness = page.locator('.question', { hasText: '重大疾病' }).getByRole('textbox');
  const input = await page.context().newCDPSession(page);
  const hash = new URL(page.url()).hash;

  await illness.click();
  await input.send('Input.imeSetComposition', { text: 'gao', selectionStart: 3, selectionEnd: 3 });
  ok((await illness.inputValue()) === 'gao', 'pinyin stands in the field while it is typed');
  await input.send('Input.insertText', { text: '高' });
  await saved(page);
  ok((await illness.inputValue()) === '高' && new URL(page.url()).hash === hash,
    'and becomes characters', await illness.inputValue());
  await illness.fill('');
  await saved(page);
}

async function lockedOut() {
  const illness = page.locator('.question', { hasText: '重大疾病' }).getByRole('textbox');

  await illness.click();
  await page.keyboard.type('肺');
  await saved(page);
  // The second letter is on its way when the tablet is locked: not before it was typed, nor after it was saved.
  let goOn;
  await page.route('**/answers', async (route) => {
    await new Promise((done) => { goOn = done; });
    await route.continue();
  }, { times: 1 });
  await page.keyboard.type('炎');
  while (!goOn) await new Promise((done) => setTimeout(done, 10));
  tablet.agent('lock');
  goOn();
  await page.getByLabel('口令').waitFor();
  ok((await page.getByText('王桂兰').count()) === 0, 'a lock in the middle clears the screen');
  await page.getByLabel('口令').fill('secret-of-wang');
  await page.keyboard.press('Enter');
  await illness.waitFor();
  await saved(page);
  ok((await illness.inputValue()) === '肺炎', 'and the letters typed meanwhile are there after it',
    await illness.inputValue());
  await illness.fill('');
  await saved(page);
}

async function pullThePlug() {
  const hash = new URL(page.url()).hash;

  await page.locator('.question', { hasText: '重大疾病' }).getByRole('textbox').click();
  await page.keyboard.type('高血');
  await saved(page);
  await tablet.kill();
  await page.keyboard.type('压');
  await page.getByText('还没有存上').waitFor();
  ok(true, 'what is not saved is said to be not saved');
  await look(page, 'not-saved');
  // A browser that is gone, too; only the letters of the field being typed may be lost.
  await context.close();
  await tablet.start();
  ({ context, page } = await openBrowser('wang'));
  await launch(page, tablet);
  await unlock(page, tablet);
  await look(page, 'home-draft');
  await page.goto(`http://127.0.0.1:${tablet.port}/${hash}`);
  const field = page.locator('.question', { hasText: '重大疾病' }).getByRole('textbox');
  await field.waitFor();
  ok((await field.inputValue()).startsWith('高血'), 'after kill -9 all that was saved is there',
    await field.inputValue());
}

async function finish() {
  await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/overview'));
  await page.getByText('没有缺项').waitFor();
  await page.getByRole('button', { name: '完成并保存' }).click();
  await page.waitForURL(/#\/record\//);
  await heading(page, '王桂兰');
  record = decodeURIComponent(page.url().split('#/record/')[1]);
  ok((await page.getByText('仅在本机').count()) > 0, 'the record says that it is on this tablet only');
  await look(page, 'household');
  await page.getByRole('tab', { name: /家庭成员/ }).click();
  await look(page, 'household-members');
  await page.getByRole('button', { name: /历史/ }).first().click();
  await page.getByRole('dialog').getByText('现行').waitFor();
  await look(page, 'history');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

async function send() {
  await page.goto(page.url().replace(/#.*/, '#/sync'));
  await page.getByRole('button', { name: '立即同步' }).click();
  await page.getByText('能上报的都已上报').waitFor();
  ok(county.syncd('records', '--json').includes(record), 'the record is in the county');
  await look(page, 'sync');
  const [download] = await Promise.all([page.waitForEvent('download'),
    page.getByRole('button', { name: '写出文件' }).click()]);
  const bundle = path.join(work, 'from-page.ygb');
  await download.saveAs(bundle);
  ok(fs.statSync(bundle).size > 0, 'a file for a stick is written');
  await page.locator('input[type=file]').setInputFiles(bundle);
  await page.getByRole('alert').or(page.getByText('文件已读入').first()).first().waitFor();
  ok(true, 'and one is read, or it is told why not');
}

async function disagree() {
  other.agent('sync');
  other.agent('set', record, 'head/name=王桂蓝');
  other.agent('sync');
  await page.goto(page.url().replace(/#.*/, `#/record/${encodeURIComponent(record)}`));
  await page.getByRole('button', { name: '修改' }).click();
  await page.waitForURL(/#\/draft\/\d+\/./);
  await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/%2Fdata%2Fhead'));
  await page.getByLabel('户主姓名').fill('王桂南');
  await page.getByText('原来：王桂兰').waitFor();
  ok(true, 'what stood there before is shown in grey');
  await page.getByRole('button', { name: '同上次' }).click();
  ok((await page.getByLabel('户主姓名').inputValue()) === '王桂兰', 'and copied by a tap');
  await page.getByLabel('户主姓名').fill('王桂南');
  await saved(page);
  await look(page, 'edit');
  await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/overview'));
  await page.getByRole('button', { name: '完成并保存' }).click();
  await page.waitForURL(/#\/record\//);
  await page.goto(page.url().replace(/#.*/, '#/sync'));
  await page.getByRole('button', { name: '立即同步' }).click();
  await page.getByText('能上报的都已上报').waitFor();
  await page.goto(page.url().replace(/#.*/, '#/'));
  await page.getByRole('heading', { name: '待答问题' }).waitFor();
  await look(page, 'home');
  await page.goto(page.url().replace(/#.*/, `#/record/${encodeURIComponent(record)}`));
  await page.locator('.side').nth(1).waitFor();
  const sides = await page.locator('.side').allInnerTexts();
  ok(sides.some((side) => side.includes('王桂蓝')) && sides.some((side) =>
    side.includes('王桂南')), 'both sides of the question are there', sides.join(' | '));
  const boxes = await page.locator('.side').evaluateAll((list) => list.map((one) => {
    const { width, height } = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    return `${Math.round(width)} ${Math.round(height)} ${style.backgroundColor} ${style.border}`;
  }));
  ok(new Set(boxes).size === 1, 'and look alike', boxes.join(' | '));
  await look(page, 'conflict');
}

async function rest() {
  await page.goto(page.url().replace(/#.*/, '#/'));
  await page.getByLabel(/搜索/).fill('王桂');
  await page.getByRole('heading', { name: /找到1条/ }).waitFor();
  await look(page, 'search');
  await page.goto(page.url().replace(/#.*/, '#/settings'));
  await page.getByRole('radio', { name: /户外/ }).check();
  await look(page, 'outdoors');
  await page.getByRole('link', { name: '本机可用到' }).click();
  await page.locator('[data-what]').first().waitFor();
  const items = await page.locator('[data-what]').evaluateAll((list) =>
    list.map((one) => `${one.dataset.what} ${one.dataset.state}`));
  for (const what of ['synced good', 'forms good', 'file good', 'areas good', 'keys good', 'clock good'])
    ok(items.includes(what), `ready: ${what}`, items.join(', '));
  ok((await page.getByText('TS-2024').count()) === 1, 'with the standard by name');
  await look(page, 'ready');
  await page.keyboard.press('Escape');
  await page.getByRole('radio', { name: 'English' }).waitFor();
  await page.getByRole('radio', { name: 'English' }).check();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await look(page, 'english');
  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByLabel('Secret').waitFor();
  ok(true, 'locked');
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage },
    { ...sessionStorage }, document.cookie]));
  ok(!/王|wang|secret/.test(kept), 'the browser keeps nothing of anybody', kept);
}

// ---- every kind of question ----

const KINDS = `type,name,label,appearance,parameters,relevant,required
note,hello,"**Hello** and _welcome_",,,,
text,t1,Text,,,,
text,t2,Lines,multiline,,,
text,t3,Digits,numbers,,,
integer,n1,Whole,,,,
decimal,n2,Part,,,,
date,d1,Day,,,,
date,d2,Month,month-year,,,
date,d3,Year,year,,,
time,d4,Clock,,,,
dateTime,d5,Moment,,,,
select_one few,s1,Few,,,,
select_one few,s2,Row,horizontal,,,
select_one few,s3,Likert,likert,,,
select_one few,s4,Drop,minimal,,,
select_one few,s5,Find,autocomplete,,,
select_one few,s6,Quick,quick,,,
select_one many,s7,Long,,,,
select_multiple few,m1,Several,,,,
select_multiple many,m2,Several of many,,,,
rank few,r1,Order,,,,
range,g1,Slider,,start=0 end=10 step=2,,
range,g2,Stars,rating,start=1 end=5 step=1,,
geopoint,p1,Place,,,,
geotrace,p2,Way,,,,
acknowledge,a1,Read this,,,,
barcode,b1,Bar,,,,
image,i1,Photo,,,,
image,i2,Name below,signature,,,
begin group,tab,Table,table-list,,,
select_one few,k1,First,,,,
select_one few,k2,Second,,,,
end group,,,,,,
text,late,Only for b,,,\${s1} = 'b',yes
`;
const CHOICES = `list_name,name,label
few,a,Alpha
few,b,Beta
few,c,Gamma
${Array.from({ length: 40 }, (_, index) => `many,x${index},Choice ${index}`).join('\n')}
`;

async function kinds() {
  const sheets = path.join(work, 'kinds');

  fs.mkdirSync(sheets);
  fs.writeFileSync(path.join(sheets, 'survey.csv'), KINDS);
  fs.writeFileSync(path.join(sheets, 'choices.csv'), CHOICES);
  fs.writeFileSync(path.join(sheets, 'settings.csv'), 'form_id,form_title,version\nkinds,Kinds,1\n');
  county.syncd('form', 'publish', sheets);
  await page.goto(page.url().replace(/#.*/, '#/sync'));
  await page.getByRole('button', { name: '立即同步' }).click();
  await page.getByText('能上报的都已上报').waitFor();
  await page.goto(page.url().replace(/#.*/, '#/new'));
  await page.getByRole('radio', { name: 'Kinds' }).check();
  await page.getByRole('button', { name: '开始填写' }).click();
  await page.getByLabel('Text', { exact: true }).fill('a <b>word</b>');
  await look(page, 'kinds');
  for (const [label, value] of [['Lines', 'one\ntwo'], ['Digits', '0012'], ['Whole', '7'],
    ['Part', '2.5'], ['Day', '2026-11-23'], ['Month', '2026-11'], ['Year', '1999'],
    ['Clock', '08:30'], ['Moment', '2026-11-23T08:30'], ['Bar', '6901234567892']])
    await page.getByLabel(label, { exact: true }).fill(value);
  for (const name of ['Few', 'Row', 'Likert', 'Quick'])
    await page.getByRole('group', { name, exact: true }).getByRole('radio', { name: 'Beta' }).check();
  await page.getByLabel('Drop').selectOption('Beta');
  for (const [name, choice] of [['Find', 'Beta'], ['Long', 'Choice 33'], ['Several of many',
    'Choice 21']]) {
    const box = page.getByRole('combobox', { name, exact: true });
    await box.click();
    await box.pressSequentially(choice);
    await page.getByRole('listbox', { name, exact: true }).getByRole('option', { name: choice })
      .click();
    if (name === 'Several of many') await page.keyboard.press('Escape');
  }
  await page.getByRole('checkbox', { name: 'Alpha' }).check();
  await page.getByRole('checkbox', { name: 'Gamma' }).check();
  await page.getByRole('button', { name: 'Gamma：上移' }).click();
  await page.getByLabel('Slider').focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('group', { name: 'Stars' }).getByRole('radio', { name: '4' }).check();
  await page.getByRole('button', { name: '定位' }).click();
  await page.getByText('28.7130000, 113.6320000').waitFor();
  await page.getByRole('button', { name: '加上当前位置' }).click();
  await page.getByRole('button', { name: '加上当前位置' }).click();
  await page.getByText('2个点').waitFor();
  await page.getByRole('checkbox', { name: '已阅知' }).check();
  await saved(page);
  await look(page, 'kinds-answered');
  await page.getByLabel('Whole').fill('seven');
  await page.getByText('标红的答案没有存上').waitFor();
  ok(true, 'an answer of the wrong kind stays in its field, and is told');
  await page.getByLabel('Whole').fill('7');
  await page.getByText('标红的答案没有存上').waitFor({ state: 'detached' });
  await saved(page);
  await next(page);
  for (const name of ['First', 'Second'])
    await page.getByRole('radio', { name: `${name}: Beta`, exact: true }).check();
  await look(page, 'kinds-table');
  await next(page);
  await page.getByLabel('Only for b').fill('because');
  ok(true, 'a question comes when it applies');
  await saved(page);
  const draft = /draft\/(\d+)/.exec(page.url())[1];
  const questions = await page.evaluate(async (number) =>
    (await (await fetch(`/api/drafts/${number}`)).json()).questions, draft);
  const values = Object.fromEntries(questions.map((one) => [one.ref.split('/').at(-1), one.value]));
  const wanted = { t1: 'a <b>word</b>', t2: 'one\ntwo', t3: '0012', n1: '7', n2: '2.5',
    d1: '2026-11-23', d2: '2026-11-01', d3: '1999-01-01', s1: 'b', s2: 'b', s3: 'b', s4: 'b',
    s5: 'b', s6: 'b', s7: 'x33', m1: 'a c', m2: 'x21', r1: 'a c b', g2: '4', a1: 'OK',
    b1: '6901234567892', k1: 'b', k2: 'b', late: 'because' };
  for (const [name, value] of Object.entries(wanted))
    if (values[name] !== value) ok(false, `${name} is as answered`, `${values[name]}`);
  for (const name of ['d4', 'd5', 'g1', 'p1', 'p2'])
    if (!values[name]) ok(false, `${name} has an answer`);
  ok(true, 'all answers are on disk');
}

for (const part of [arrive, begin, reload, member, undo, twoTabs, compose, lockedOut, pullThePlug, finish, send, disagree, kinds, rest]) {
  try {
    await part();
  } catch (error) {
    ok(false, `${part.name} goes through`, `${error.message}\n${await page.locator('body')
      .innerText().catch(() => '')}`);
    await page.screenshot({ path: path.join(screens, `failed-${part.name}.png`) }).catch(() => {});
    break;
  }
}
ok(strangers.length === 0, 'nobody else was asked for anything', strangers.join('\n'));
ok(troubles.length === 0, 'the pages had nothing to complain of', troubles.join('\n'));
await context.close();
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
