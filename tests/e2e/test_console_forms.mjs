// test_console_forms.mjs: a form comes to the county: a broken workbook is told cell by cell, mended,
// tried out and published; the next version shows what is different; a tablet syncs, and the page
// says that it has it. Hostile files and names get nowhere.
import fs from 'node:fs';
import zlib from 'node:zlib';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Tablet, area, folder } from './web.mjs';

const work = folder('console-forms');
const county = new ConsoleCounty(work);
county.add('admin', 'sun');
county.add('county', 'zhao');
county.add('admin', 'small', '430626101');
county.publish('household');
await county.start();
const wang = new Tablet(county, 'wang', area);
const zhang = new Tablet(county, 'zhang', area);
wang.agent('sync');

// ---- workbooks ----

const SETTINGS = (version) => `form_id,form_title::中文 (zh),version,default_language,yg:audience\nclinic,门诊登记,${version},zh,field\n`;
const CHOICES = ['list_name,name,label::中文 (zh)', 'kind,1,门诊', 'kind,2,住院', `kind,3,"${SCRIPT.replaceAll('"', '""')}"`];
const HEAD = 'type,name,label::中文 (zh),required,constraint,constraint_message::中文 (zh),bind::yg:merge';

function workbook(name, version, survey, choices = CHOICES) {
  const at = `${work}/${name}`;
  fs.mkdirSync(at);
  fs.writeFileSync(`${at}/survey.csv`, `${[HEAD, ...survey].join('\n')}\n`);
  fs.writeFileSync(`${at}/choices.csv`, `${choices.join('\n')}\n`);
  fs.writeFileSync(`${at}/settings.csv`, SETTINGS(version));
  county.syncd('form', 'convert', at, '--to', 'xlsx', `${at}.xlsx`);
  return `${at}.xlsx`;
}
const broken = workbook('broken', '1', ['text,name,姓名,yes,,,', 'integr,age,年龄,,,,', 'select_one nothing,kind,类别,,,,', `text,bad name,"${SCRIPT.replaceAll('"', '""')}",,,,`]);
const first = workbook('first', '1', ['text,name,姓名,yes,,,', 'integer,age,年龄,,. < 150,年龄应小于150,', 'select_one kind,kind,类别,,,,', 'text,note,备注,,,,']);
const second = workbook('second', '2', ['text,name,姓名,yes,,,', 'integer,age,年龄（周岁）,,. < 130,年龄应小于130,latest',
  'select_one kind,kind,类别,,,,', 'decimal,cost,费用,yes,,,'], CHOICES.slice(0, 3));

// An archive as .xlsx is one, of what packs to next to nothing.
function archive(name, size) {
  const packed = zlib.deflateRawSync(Buffer.alloc(size), { level: 9 });
  const title = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(size, 18);
  common.writeUInt16LE(title.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, title, packed]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, Buffer.alloc(14), title]);
  const tail = Buffer.alloc(18);
  tail.writeUInt16LE(1, 4);
  tail.writeUInt16LE(1, 6);
  tail.writeUInt32LE(central.length, 8);
  tail.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), tail]);
}

const desk = new DeskPages(county, 'forms');
await desk.start();
const choose = async (page, button, file) => {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByText(button, { exact: true }).click()]);
  await chooser.setFiles(file);
};

async function bringing() {
  const page = await desk.open('sun');

  await desk.place(page, '表单');
  await page.getByRole('link', { name: /household/ }).waitFor();
  await desk.look(page, 'list');
  await page.getByRole('button', { name: '上传表单' }).click();
  await choose(page, '选择工作簿', broken);
  await page.getByRole('cell', { name: 'A3', exact: true }).waitFor();
  const told = await page.locator('.findings').innerText();
  ok(/survey\s+A3/.test(told) && /survey\s+A4/.test(told) && /survey\s+B5/.test(told), 'what is wrong stands with sheet and cell', told);
  ok(!(await page.getByRole('button', { name: /发布为/ }).count()), 'and is not offered for publication');
  await desk.look(page, 'broken');
  await choose(page, '上传改好的工作簿', first);
  await page.getByText('可以发布').waitFor();
  await page.getByText('这是该表单的第一版').waitFor();
  await desk.look(page, 'mended');
  await page.getByRole('button', { name: '试填' }).click();
  await page.getByLabel('年龄').fill('200');
  await page.getByLabel('年龄').press('Tab');
  await page.getByText('年龄应小于150').waitFor();
  await page.getByLabel('年龄').fill('83');
  await page.getByText('年龄应小于150').waitFor({ state: 'detached' });
  await page.getByRole('radio', { name: '门诊' }).check();
  await desk.look(page, 'preview');
  await page.getByRole('button', { name: '试着完成' }).click();
  await page.getByText('还不能完成').waitFor();
  await page.getByRole('textbox', { name: /姓名/ }).fill('王桂兰');
  await page.getByRole('textbox', { name: /姓名/ }).press('Tab');
  await page.getByText('还不能完成').waitFor({ state: 'detached' }); // the page has moved by then
  await page.getByRole('button', { name: '试着完成' }).click();
  await page.getByText('可以完成').waitFor();
  ok(true, 'it is tried out as a tablet asks it');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /发布为第 1 版/ }).click();
  await page.getByText('请说明').first().waitFor();
  await page.getByLabel('理由').fill('卫健委要求');
  await page.getByRole('button', { name: /发布为第 1 版/ }).click();
  await desk.heading(page, '门诊登记 (clinic)');
  await page.getByRole('cell', { name: '卫健委要求' }).waitFor();
  ok((await page.getByRole('row', { name: /卫健委要求/ }).innerText()).includes('sun'), 'the page says who published it and why');
  ok((await page.getByRole('row', { name: /tablet-zhang/ }).innerText()).includes('发布后未同步'), 'and that a tablet does not have it',
    await page.locator('main').innerText());
  await desk.look(page, 'form');
  return page;
}

async function next(page) {
  await page.getByRole('button', { name: '上传新版本' }).click();
  await choose(page, '选择工作簿', second);
  await page.getByText('与第 1 版相比').waitFor();
  const main = await page.locator('main').innerText();
  for (const [what, pattern] of [['a new question', /新增\s*cost/], ['one that is gone', /删除\s*note/], ['a choice that is gone', /删除\s*kind: 3/],
    ['a rule', /年龄应小于130/], ['a policy', /人工裁定[\s\S]*取最新/], ['what it does to answers', /已填内容仍在档案中/]])
    ok(pattern.test(main), `the difference shows ${what}`, main);
  await desk.look(page, 'difference');
  await page.getByLabel('理由').fill('按新规');
  await page.getByRole('button', { name: /发布为第 2 版/ }).click();
  await page.getByRole('cell', { name: '按新规' }).waitFor();
  wang.agent('sync');
  wang.agent('new', 'clinic', '--area', area, '--draft', '--file', (fs.writeFileSync(`${work}/one.json`, '{"name":"李国强"}'), `${work}/one.json`));
  wang.agent('sync');
  await page.reload();
  await page.getByRole('row', { name: /tablet-wang/ }).getByText('已有').waitFor();
  ok((await page.getByRole('row', { name: /tablet-wang/ }).innerText()).includes('2'), 'a tablet that has synced is said to have it');
  await page.getByRole('combobox', { name: /^原版本/ }).selectOption({ index: 0 });
  await page.getByText('这是同一个版本').waitFor();
  await page.getByRole('combobox', { name: /^新版本/ }).selectOption({ index: 1 });
  await page.locator('.difference', { hasText: 'note' }).first().waitFor();
  ok(true, 'any two versions are compared');
  await desk.look(page, 'second');
  await page.close();
}

async function reader() {
  const page = await desk.open('zhao');

  await desk.place(page, '表单');
  await page.getByRole('link', { name: /clinic/ }).click();
  await desk.heading(page, '门诊登记 (clinic)');
  ok(!(await page.getByRole('button', { name: '上传新版本' }).count()), 'who manages nothing is offered nothing to publish');
  await page.close();
}

async function hostile() {
  const sun = await county.browser('sun');
  const send = (target, bytes) => sun.post(target, bytes, { 'content-type': 'application/octet-stream' });
  const quick = async (what, promise, wanted) => {
    const { status, json, text } = await promise;
    ok(wanted.includes(status) && json?.message, what, `${status} ${text}`);
  };

  await quick('a bomb is refused', send('/api/forms/uploaded', archive('_rels/.rels', 300 << 20)), [400, 413]);
  await quick('a bomb in the list of parts, too', send('/api/forms/uploaded', archive('[Content_Types].xml', 300 << 20)), [400, 413]);
  await quick('no workbook', send('/api/forms/uploaded', Buffer.from('hello')), [400]);
  await quick('nothing at all', send('/api/forms/uploaded', Buffer.alloc(0)), [400]);
  await quick('half a workbook', send('/api/forms/uploaded', fs.readFileSync(first).subarray(0, 900)), [400]);
  const cut = { status: 413, json: { message: 'cut off while it was sent' } };
  await quick('more than a form may be', send('/api/forms/uploaded', Buffer.alloc((16 << 20) + 1)).catch(() => cut), [413]);
  await quick('a table without a form', send('/api/forms/uploaded/files/a.csv', Buffer.from('a\n')), [404]);
  ok((await send(`/api/forms/uploaded?name=${encodeURIComponent(`../../${SCRIPT}.xlsx`)}`, fs.readFileSync(first))).status === 200,
    'a bent name of a workbook is only a text');
  for (const name of ['..%2f..%2fetc%2fpasswd.csv', '.csv', 'a%00.csv', 'a.exe', '%2e%2e.csv', 'a%5cb.csv', `${'a'.repeat(400)}.csv`, 'con%0a.csv'])
    await quick(`a bent name of a table: ${name.slice(0, 40)}`, send(`/api/forms/uploaded/files/${name}`, Buffer.from('a\n')), [400, 404, 414]);
  const kept = await send('/api/forms/uploaded/files/areas.csv', Buffer.from('id,name\n1,华容\n'));
  ok(kept.json?.files?.[0]?.name === 'areas.csv' && kept.json.files[0].kept === false, 'a table comes with the form', kept.text);
  ok((await sun.post('/api/forms/uploaded/leave', { file: 'areas.csv' })).json?.files?.length === 0, 'and is left out again');
  ok((await sun.post('/api/forms/uploaded/publish', { form: '00000000000000ff', reason: 'x' })).json?.error === 'moved',
    'nothing is published that was not shown');
  const other = await county.browser('sun');
  ok((await other.get('/api/forms/uploaded')).status === 404, 'what was brought is for that login only');
  const small = await county.browser('small');
  ok((await small.post('/api/forms/uploaded', fs.readFileSync(first), { 'content-type': 'application/octet-stream' })).status === 403,
    'who manages a part of the county publishes no forms');
  const clinic = (await sun.get('/api/forms')).json.items.find((one) => one.name === 'clinic').form;
  for (const state of ['<', '<a/>', `<data${' a="1"'.repeat(9)}`, '<!DOCTYPE a [<!ENTITY b "c">]><data>&b;</data>', 'x'.repeat(1 << 20)])
    await quick(`a bent draft: ${state.slice(0, 30)}`, sun.post('/api/forms/preview', { form: clinic, state }), [400, 413]);
  const preview = (await sun.post('/api/forms/preview', { form: clinic, set: [{ ref: '/data/age', value: 'old' }, { ref: '/nothing', value: '1' }] })).json;
  ok(preview.refused.length === 2 && preview.questions.length > 0, 'answers that do not fit are refused one by one', JSON.stringify(preview).slice(0, 500));
  await sun.post('/api/forms/uploaded/leave');
  ok((await sun.get('/api/forms/uploaded')).status === 404, 'what is left is forgotten');
  ok(county.syncd('records', '--form', 'clinic', '--json').match(/"id"/g)?.length === 1, 'a preview has left no record');
}

let page;
await desk.run({ bringing: async () => { page = await bringing(); }, next: () => next(page), reader, hostile });
await desk.end(work);
